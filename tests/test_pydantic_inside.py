"""What leans on Pydantic's inside does what it is there for, in every version that is allowed."""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from pydantic_core import SchemaValidator, core_schema

from loadbalancer import Backend, models
from loadbalancer.domain.pydantic_inside import validator, wire_fields
from loadbalancer.domain.texts.ip_text import is_canonical_ipv6, is_ipv4
from loadbalancer.wire.model import WireModel

ADDRESS = models.BackendAddress(ip="10.0.0.1", node_name="n")


def test_a_validator_is_of_its_schema_alone() -> None:
    """And not the class's own, which would refuse the values."""
    parts = core_schema.no_info_plain_validator_function(lambda _: ({"port": 7}, None, {"port"}))
    made = validator(core_schema.model_schema(Backend, parts)).validate_json("null")
    assert isinstance(made, Backend)
    assert (made.__dict__, made.model_fields_set) == ({"port": 7}, {"port"})


def test_errors_have_the_title() -> None:
    with pytest.raises(ValueError, match="1 validation error for a weight"):
        validator(core_schema.int_schema(), "a weight").validate_python("x")


def test_json_is_read_past_the_constructor() -> None:
    """Which takes Python names, as JSON does not."""
    read = models.BackendAddress.model_validate_json('{"ip":"::","node_name":"n"}')
    assert read == models.BackendAddress(ip="::")
    assert models.BackendAddress(ip="::", node_name="n").node_name == "n"


def test_what_is_none_is_left_out_wherever_the_model_is() -> None:
    class Holder(BaseModel):
        each: list[models.BackendAddress]

    text = '{"ip":"10.0.0.1","nodeName":"n"}'
    assert ADDRESS.model_dump_json() == text
    assert Holder(each=[ADDRESS]).model_dump_json(by_alias=True) == f'{{"each":[{text}]}}'


def test_fields_of_a_model_are_found() -> None:
    def classes(base: type[WireModel]) -> list[type[WireModel]]:
        return [each for each in base.__subclasses__() if each.__module__ == models.__name__]

    found = classes(WireModel)
    assert models.Service in found
    for model in found:
        assert wire_fields(model).keys() == model.model_fields.keys()


@pytest.mark.parametrize("text", ["10.0.0.1\n", "\n10.0.0.1", "10.0.0.1\n\n", "fd00::1\n"])
def test_a_pattern_matches_a_text_as_a_whole(text: str) -> None:
    assert not is_ipv4(text)
    assert not is_canonical_ipv6(text)
    by_re = core_schema.CoreConfig(regex_engine="python-re")
    schema = core_schema.str_schema(pattern="^(?:10.0.0.1|fd00::1)$")
    assert SchemaValidator(schema, by_re).isinstance_python(text) is (
        text.endswith("1\n") and not text.startswith("\n")
    )
