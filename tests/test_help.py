"""`help()` of a type shows its fields: meaning, units, ranges."""

from __future__ import annotations

import inspect
import pydoc

import pytest
from pydantic import BaseModel, Field

import loadbalancer
from loadbalancer import SVC, Backend, schemas

MODELS = [
    item
    for name in loadbalancer.__all__
    if inspect.isclass(item := getattr(loadbalancer, name)) and issubclass(item, BaseModel)
]


def test_a_field_is_shown_with_type_default_unit_and_range() -> None:
    shown = pydoc.plain(pydoc.render_doc(SVC))
    expected = """
 |  Fields:
 |      frontend: L3n4AddrID
 |          Where clients reach the service, with the identifier of the service.
"""
    assert expected in shown
    assert (
        """
 |      session_affinity_timeout_sec: UInt32 = 0
 |          How long a client keeps its backend, in seconds, 0 … 2³²-1.
"""
        in shown
    )
    assert SVC.__doc__ == inspect.getdoc(SVC) == SVC(frontend="10.0.0.1:80").__doc__  # type: ignore[arg-type]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_has_a_meaning(model: type[BaseModel]) -> None:
    lines = (model.__doc__ or "").partition("\n\nFields:\n")[2].splitlines()
    names = [line.split(":")[0].strip() for line in lines if line[4:5].strip()]
    assert names == [*model.model_fields]
    assert [line for line in lines if len(line) > 100 or "Annotated[" in line] == []


def test_so_has_a_type_of_somebody_else() -> None:
    class Marked(Backend):
        """A backend with a mark."""

        mark: int = 0
        """What it is marked with."""
        twice: int = Field(default_factory=lambda data: 2 * data["mark"])

    text = Marked.__doc__ or ""
    assert text.startswith(
        "A backend with a mark.\n\nFields:\n    protocol: L4Type = L4Type.NONE\n"
    )
    assert text.endswith(
        "\n    mark: int = 0\n        What it is marked with.\n    twice: int = <factory>"
    )

    class Bare(Backend): ...

    assert Bare.__doc__ is None


def test_a_schema_has_the_docstring_alone() -> None:
    assert len(MODELS) > 5
    for model in MODELS:
        about = schemas.schema(model.__name__)["description"]
        assert model.model_json_schema().get("description", about) == about
        assert (model.__doc__ or "").startswith(f"{about}\n\nFields:\n")
