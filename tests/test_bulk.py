"""The bulk functions accept, refuse and return what the wire models and converters do.

`load_services` takes a shorter way when the two specs of a service are equal texts. Hence the
many lists in which they are, nearly are, or look as if they were.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from loadbalancer import (
    SVC,
    AddrCluster,
    AddressError,
    Backend,
    ConversionError,
    L3n4AddrID,
    Scope,
    SVCTrafficPolicy,
    SVCType,
    dump_services,
    load_service,
    load_service_spec,
    load_services,
    read_dump,
)
from loadbalancer.wire.recalled import Recalled

from .service_lists import (
    EVERY_FIELD,
    LISTS,
    NO_FRONTEND,
    NO_SCOPE,
    SPACED,
    SPEC,
    listed,
    service,
    spaced_service,
)
from .support import (
    NONE_FOUND,
    Text,
    few,
    outcome,
    plain_service,
    plain_service_spec,
    plain_services,
    vector,
)

Load = Callable[[Text], Any]


def outcomes_differ(plain: Load, load: Load, data: Text) -> bool:
    return outcome(lambda: load(data)) != outcome(lambda: plain(data))


def differences(texts: Iterable[str], plain: Load, load: Load) -> list[Text]:
    """The texts, as they are and as bytes, of which the two ways come to different outcomes."""
    inputs = [data for text in texts for data in (text, text.encode())]
    assert inputs
    return [data for data in inputs if outcomes_differ(plain, load, data)]


def payloads(name: str) -> list[str]:
    return [row["payload"] for row in vector(name)]


def spec_texts() -> Iterator[str]:
    """All payloads of the vectors as specs, or as parts of specs that are otherwise fine."""
    yield from payloads("service_spec")
    for text in payloads("backend"):
        frontend = '{"ip":"::1","scope":"internal"}'
        yield f'{{"frontend-address":{frontend},"backend-addresses":[{text}]}}'
    for text in payloads("frontend"):
        yield f'{{"backend-addresses":[{{"ip":"10.0.0.1"}}],"frontend-address":{text}}}'


class TestVectors:
    def test_load_service_spec(self) -> None:
        texts = list(spec_texts())
        assert few(differences(texts, plain_service_spec, load_service_spec)) == NONE_FOUND

    def test_load_service_of_both_specs(self) -> None:
        texts = [service(text) for text in spec_texts()]
        assert few(differences(texts, plain_service, load_service)) == NONE_FOUND

    @pytest.mark.parametrize(
        "form",
        [
            '{"spec":%s}',
            '{"spec":%s,"status":null}',
            '{"spec":%s,"status":{}}',
            '{"spec":%s,"status":{"realized":null}}',
            '{"status":{"realized":%s}}',
            '{"spec":null,"status":{"realized":%s}}',
            '{"status":{"realized":%s},"spec":{"id":7,"frontend-address":{}}}',
            '{"status":{"realized":{"id":7,"frontend-address":{}}},"spec":%s}',
        ],
    )
    def test_load_service_of_any_form(self, form: str) -> None:
        texts = [form % text for text in payloads("service_spec")]
        assert few(differences(texts, plain_service, load_service)) == NONE_FOUND

    def test_load_services_of_equal_specs(self) -> None:
        texts = [listed(service(text)) for text in spec_texts()]
        assert few(differences(texts, plain_services, load_services)) == NONE_FOUND

    def test_load_services_of_equal_specs_with_space_between(self) -> None:
        texts = [listed(spaced_service(text)) for text in spec_texts()]
        assert few(differences(texts, plain_services, load_services)) == NONE_FOUND

    def test_load_services_of_every_good_service_and_a_bad_one_among_them(self) -> None:
        stages = [(row["stage"], row["payload"]) for row in vector("service_spec")]
        good = [service(text) for stage, text in stages if stage == "ok"][:60]
        bad = [service(text) for stage, text in stages if stage != "ok"][::25]
        lists = [[*good[:place], each, *good[place:]] for place, each in enumerate(bad)]
        texts = [listed(*services) for services in [good, *lists]]
        assert len(texts) > 30
        assert few(differences(texts, plain_services, load_services)) == NONE_FOUND


@pytest.mark.parametrize("text", LISTS.values(), ids=list(LISTS))
def test_load_services_does_not_take_the_short_way_by_mistake(text: str) -> None:
    assert differences([text], plain_services, load_services) == []


def test_the_cases_hold_lists_that_go_either_way() -> None:
    """Else the comparison above would compare the plain way with itself."""
    outcomes = [outcome(partial(load_services, text))[0] for text in LISTS.values()]
    assert {kind: outcomes.count(kind) > 10 for kind in set(outcomes)} == {
        "result": True,
        "ConversionError": False,
        "ValidationError": True,
    }


@pytest.mark.parametrize("text", [SPEC, NO_SCOPE, NO_FRONTEND])
def test_one_flipped_byte_anywhere_makes_no_difference_between_the_ways(text: str) -> None:
    whole = listed(service(text)).encode()
    changed = [
        whole[:place] + bytes([byte]) + whole[place + 1 :]
        for place in range(len(whole))
        for byte in b' "x}'
    ]
    found = [data for data in changed if outcomes_differ(plain_services, load_services, data)]
    assert few(found) == NONE_FOUND


@pytest.mark.parametrize("text", [SPEC, NO_SCOPE])
def test_one_dropped_byte_anywhere_makes_no_difference_between_the_ways(text: str) -> None:
    whole = listed(service(text)).encode()
    changed = [whole[:place] + whole[place + 1 :] for place in range(len(whole))]
    found = [data for data in changed if outcomes_differ(plain_services, load_services, data)]
    assert few(found) == NONE_FOUND


@pytest.mark.parametrize("form", [service, spaced_service])
def test_the_parser_s_limit_of_depth_is_where_it_was(form: Any) -> None:
    def nested(depth: int) -> str:
        key = '"x":' + "[" * depth + "]" * depth
        return listed(form(f"{SPEC[:-1]},{key}}}"))

    found = {depth: outcome(partial(load_services, nested(depth)))[0] for depth in range(180, 210)}
    assert set(found.values()) == {"result", "ValidationError"}
    assert [
        depth for depth in found if outcomes_differ(plain_services, load_services, nested(depth))
    ] == []


@pytest.mark.parametrize(
    "data",
    [
        listed(service(SPEC)).encode("utf-16"),
        listed(service(SPEC)).encode("utf-8-sig"),
        listed(service(SPEC.replace("web", "ÿ"))).encode("latin-1"),
        listed(service(SPEC)).encode() + b"\xff",
        b"\xff",
    ],
)
def test_bytes_that_are_no_utf_8_are_refused_alike(data: bytes) -> None:
    found = outcome(lambda: load_services(data))
    assert found[0] == "ValidationError"
    assert found == outcome(lambda: plain_services(data))


LOADERS: list[tuple[Load, Load, str]] = [
    (load_service_spec, plain_service_spec, SPEC),
    (load_service, plain_service, service(SPEC)),
    (load_services, plain_services, listed(service(SPEC))),
]


@pytest.mark.parametrize(("load", "plain", "text"), LOADERS)
class TestTexts:
    """A text, other than bytes, is handed to the parser as it is."""

    def test_a_text_that_cannot_be_encoded(self, load: Load, plain: Load, text: str) -> None:
        broken = text.replace("web", "\ud800")
        assert outcome(lambda: load(broken)) == outcome(lambda: plain(broken))

    def test_an_error_shows_the_text(self, load: Load, plain: Load, text: str) -> None:
        cut = text[:-1]
        with pytest.raises(ValidationError) as caught:
            load(cut)
        assert [error["input"] for error in caught.value.errors()] == [cut]
        assert outcome(lambda: load(cut)) == outcome(lambda: plain(cut))


class TestErrors:
    """Asserted as they are, not only against the plain way."""

    def test_a_conversion_error_starts_with_the_index(self) -> None:
        good, bad = service(SPEC), service(SPEC.replace("fd00::2", "fd00::x"))
        with pytest.raises(ConversionError) as caught:
            load_services(listed(good, good, bad, good))
        error = caught.value
        assert (error.reason, error.side, error.pointer) == (
            'ParseAddr("fd00::x"): each colon-separated field must have at least one digit '
            '(at "x")',
            "backend",
            "/2/status/realized/backend-addresses/1/ip",
        )

    def test_of_an_unrealized_service_it_is_in_the_spec(self) -> None:
        with pytest.raises(ConversionError) as caught:
            load_services(f'[{{"spec":{NO_SCOPE}}}]')
        error = caught.value
        assert (error.reason, error.side, error.pointer) == (
            'invalid scope ""',
            "frontend",
            "/0/spec/frontend-address/scope",
        )

    def test_neither_spec_nor_status(self) -> None:
        with pytest.raises(ConversionError) as in_list:
            load_services(listed(service(SPEC), "{}"))
        with pytest.raises(ConversionError) as alone:
            load_service("{}")
        found = [(e.reason, e.side, e.pointer) for e in (in_list.value, alone.value)]
        reason = "neither spec nor realized status"
        assert found == [(reason, "service", "/1"), (reason, "service", "")]

    def test_a_spec_beside_what_is_realized_is_validated(self) -> None:
        with pytest.raises(ValidationError) as caught:
            load_services(listed(service(NO_FRONTEND, SPEC)))
        assert caught.value.errors(include_url=False, include_input=False) == [
            {"type": "missing", "loc": (0, "spec", "frontend-address"), "msg": "Field required"}
        ]

    def test_a_spec_beside_what_is_realized_need_not_convert(self) -> None:
        assert load_services(listed(service(NO_SCOPE, SPEC))) == [load_service_spec(SPEC)]

    def test_a_service_may_be_realized_otherwise_than_wanted(self) -> None:
        realized = SPEC.replace("8080", "8081")
        assert load_service(service(SPEC, realized)) == load_service_spec(realized)


# Nothing but what has to be there: everything else is as the conversion has it.
BARE_SPEC = (
    '{"frontend-address":{"ip":"::1","scope":"internal"},"backend-addresses":[{"ip":"::2"}]}'
)
BARE = SVC(
    frontend=L3n4AddrID(addr_cluster=AddrCluster("::1"), scope=Scope.INTERNAL),
    backends=[Backend(addr_cluster=AddrCluster("::2"))],
    type=SVCType.ClusterIP,
    ext_traffic_policy=SVCTrafficPolicy.Cluster,
    int_traffic_policy=SVCTrafficPolicy.Cluster,
)


class TestValues:
    @pytest.mark.parametrize("text", [SPEC, SPACED])
    def test_load_service_spec(self, text: str) -> None:
        assert load_service_spec(text) == EVERY_FIELD

    @pytest.mark.parametrize("text", [service(SPEC), spaced_service(SPEC), f'{{"spec":{SPEC}}}'])
    def test_load_service(self, text: str) -> None:
        assert load_service(text) == EVERY_FIELD

    @pytest.mark.parametrize("count", [0, 1, 2, 50])
    def test_load_services(self, count: int) -> None:
        services = load_services(listed(*[service(SPEC)] * count))
        assert services == [EVERY_FIELD] * count

    @pytest.mark.parametrize("text", [SPEC, BARE_SPEC])
    def test_the_loaded_objects_share_nothing_that_can_be_changed(self, text: str) -> None:
        first, second, third = load_services(listed(*[service(text)] * 3))
        as_loaded = third.deep_copy()
        for backend in first.backends:
            backend.weight = 7
        for values in (
            first.backends,
            first.l7lb_frontend_ports,
            first.load_balancer_source_ranges,
        ):
            values[:] = []
            values.append(None)  # type: ignore[arg-type] # pyright: ignore
        assert second == third == as_loaded

    @pytest.mark.parametrize("load", [load_service_spec, plain_service_spec])
    @pytest.mark.parametrize(("text", "svc"), [(SPEC, EVERY_FIELD), (BARE_SPEC, BARE)])
    def test_the_loaded_objects_look_like_constructed_ones(
        self, load: Load, text: str, svc: SVC
    ) -> None:
        loaded = load(text)
        assert repr(loaded) == repr(svc)
        assert loaded.model_dump_json() == svc.model_dump_json()
        objects: list[BaseModel] = [loaded, loaded.frontend, loaded.name, *loaded.backends]
        for each in objects:
            assert [*each.__dict__] == [*type(each).model_fields]
            assert each.model_fields_set == {*type(each).model_fields}
            assert type(each).model_validate(each.model_dump()) == each

    def test_nobody_gets_hold_of_what_loaded_objects_share(self) -> None:
        (svc,) = load_services(listed(service(SPEC)))
        parts: list[BaseModel] = [svc, svc.frontend, svc.name, *svc.backends]
        for each in parts:
            each.model_fields_set.clear()
        for other in (svc, *load_services(listed(service(SPEC)))):
            parts = [other, other.frontend, other.name, *other.backends]
            for each in parts:
                assert each.model_fields_set == {*type(each).model_fields}
                assert each.model_dump(exclude_unset=True) == each.model_dump()

    def test_what_was_loaded_is_validated_on_assignment(self) -> None:
        (svc,) = load_services(listed(service(SPEC)))
        with pytest.raises(ValidationError):
            svc.backends[0].weight = 65536
        with pytest.raises(ValidationError):
            svc.health_check_node_port = -1
        assert svc == EVERY_FIELD


class TestGarbageCollector:
    """Paused while a list is loaded, and afterwards as it was."""

    @pytest.mark.parametrize("enabled", [True, False])
    @pytest.mark.parametrize("text", [listed(service(SPEC)), "[{}]", "x"])
    def test_is_left_as_it_was(self, enabled: bool, text: str) -> None:
        states: list[bool] = []
        before = gc.isenabled()
        (gc.enable if enabled else gc.disable)()
        outcome(lambda: load_services(text))
        states.append(gc.isenabled())
        outcome(lambda: load_services(text, pause_gc=False))
        states.append(gc.isenabled())
        dump_services([EVERY_FIELD])
        states.append(gc.isenabled())
        (gc.enable if before else gc.disable)()
        assert states == [enabled] * 3


def test_some_addresses_are_recalled_and_none_that_are_long() -> None:
    recalled = Recalled(AddrCluster.parse, most=3)
    texts = [f"10.0.0.{n}" for n in range(8)] + ["fd00::1%" + "z" * 100, "10.0.0.7"]
    assert [recalled[text] for text in texts] == [AddrCluster.parse(text) for text in texts]
    assert recalled["10.0.0.7"] is recalled["10.0.0.7"]
    assert set(recalled) == {"10.0.0.6", "10.0.0.7"}
    with pytest.raises(AddressError):
        recalled["10.0.0.256"]
    assert set(recalled) == {"10.0.0.6", "10.0.0.7"}


def read_as_dump(text: Text) -> list[SVC]:
    return read_dump(text).services


@pytest.mark.parametrize("read", [load_services, plain_services, read_as_dump])
def test_backends_that_are_read_share_their_keys(read: Callable[[Text], list[SVC]]) -> None:
    """Each with a table of keys of its own, a dump would take a fifth more memory."""
    fields = read(listed(service(SPEC)))[0].backends[0].__dict__
    with_keys_of_its_own = dict(fields)
    assert sys.getsizeof(fields) < sys.getsizeof(with_keys_of_its_own)


def test_an_unvalidated_number_is_not_recalled_for_others() -> None:
    backend = Backend(addr_cluster=AddrCluster("10.1.0.1"), port=80, id=1, weight=50)
    odd, good = (
        EVERY_FIELD.model_copy(update={"backends": [each]})
        for each in (backend.model_copy(update={"weight": 50 * 1.0}), backend)
    )
    dump_services([odd])
    assert b'"weight":50}' in dump_services([good])


def test_custard_is_no_archive() -> None:
    text = listed(service(SPEC.replace('"web"', '"custard"', 1)))
    shifted = " " * (257 - text.index("ustard")) + text
    assert len(read_dump(shifted).services) == 1
