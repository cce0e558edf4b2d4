"""`iter_services` gives what `load_services` returns, in whatever pieces the input comes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

import pytest
from pydantic import ValidationError

from loadbalancer import SVC, ConversionError, iter_services, load_service_spec, load_services

from .service_lists import LISTS, NO_FRONTEND, NO_SCOPE, SPEC, listed, service, spaced_service
from .support import outcome, payload, vector

E = TypeVar("E", bound=Exception)
SVC_OF_SPEC = load_service_spec(SPEC)
OUTCOMES = {name: outcome(partial(load_services, text)) for name, text in LISTS.items()}
# No list, but input all the same: nothing at all, and one service.
SEQUENCES = {"nothing", "an object"}
# Python's own parser takes no integer of so many digits.
LONG_NUMBER = "a number of many digits"


def names(kind: str) -> list[str]:
    found = [name for name, each in OUTCOMES.items() if each[0] == kind]
    return [name for name in found if name not in {*SEQUENCES, LONG_NUMBER}]


def streamed(source: Any) -> list[SVC]:
    return list(iter_services(source))


def pieces(data: Any, size: int) -> Iterator[Any]:
    return (data[start : start + size] for start in range(0, len(data), size))


WAYS: dict[str, Callable[[str], Any]] = {
    "text whole": lambda text: [text],
    "text by 1": lambda text: pieces(text, 1),
    "text by 7": lambda text: pieces(text, 7),
    "bytes by 1": lambda text: pieces(text.encode(), 1),
    "bytes by 50": lambda text: pieces(text.encode(), 50),
    "with empty pieces": lambda text: [b"", *pieces(text.encode(), 100), b""],
    "text file": io.StringIO,
    "binary file": lambda text: io.BytesIO(text.encode()),
}


@pytest.mark.parametrize("way", WAYS)
class TestLists:
    def test_accepted(self, way: str) -> None:
        accepted = names("result")
        assert len(accepted) > 30
        different = [
            name
            for name in accepted
            if streamed(WAYS[way](LISTS[name])) != load_services(LISTS[name])
        ]
        assert different == []

    def test_refused(self, way: str) -> None:
        refused = names("ValidationError")
        # A byte order mark is none of a text, which has been decoded.
        refused.remove("byte order mark")
        assert len(refused) > 40
        found = {name: outcome(partial(streamed, WAYS[way](LISTS[name])))[0] for name in refused}
        assert [name for name, kind in found.items() if kind == "result"] == []

    def test_conversion_errors_are_the_same(self, way: str) -> None:
        refused = names("ConversionError")
        assert len(refused) > 5
        found = {name: outcome(partial(streamed, WAYS[way](LISTS[name]))) for name in refused}
        assert found == {name: OUTCOMES[name] for name in refused}

    def test_a_number_of_many_digits(self, way: str) -> None:
        found = outcome(partial(streamed, WAYS[way](LISTS[LONG_NUMBER])))
        assert found[0] == "ValidationError"


def test_a_byte_order_mark_of_bytes_is_skipped() -> None:
    data = ("\ufeff" + listed(service(SPEC))).encode()
    assert streamed([data]) == streamed(pieces(data, 1)) == [SVC_OF_SPEC]
    with pytest.raises(ValidationError):
        streamed([data.decode()])


class TestSequences:
    @pytest.mark.parametrize("between", ["\n", "", " ", "\r\n", "\n\n\t"])
    @pytest.mark.parametrize("size", [1, 64, 10_000])
    def test_one_service_after_the_other(self, between: str, size: int) -> None:
        text = between.join([service(SPEC), spaced_service(SPEC), f'{{"spec":{SPEC}}}']) + between
        assert list(iter_services(pieces(text, size))) == [SVC_OF_SPEC] * 3

    @pytest.mark.parametrize("text", ["", " ", "\n", "[]", " [ ] "])
    def test_none_at_all(self, text: str) -> None:
        assert list(iter_services([text])) == []
        assert list(iter_services([text.encode()])) == []
        assert list(iter_services([])) == []

    def test_every_service_of_the_vectors(self) -> None:
        rows = [row["payload"] for row in vector("service_spec") if row["stage"] == "ok"]
        text = "\n".join(f'{{"spec":{each}}}' for each in rows)
        expected = [load_service_spec(each) for each in rows]
        assert list(iter_services(io.BytesIO(text.encode()))) == expected

    def test_what_a_real_agent_answered(self) -> None:
        for name in ("service_list.json", "service_list_wire.json"):
            found = list(iter_services(io.StringIO(payload(name))))
            assert found == load_services(payload(name))


class TestLargePieces:
    """Pieces of which the last service is kept back are read as the others are."""

    SIZES = (70_000, 1 << 20)
    COUNT = 400

    def text(self, *services: str, between: str = ",") -> str:
        many = [service(SPEC)] * self.COUNT
        return f"[{between.join([*many, *services, *many])}]"

    @pytest.mark.parametrize("size", SIZES)
    def test_services_of_every_style(self, size: int) -> None:
        for text in (
            self.text(),
            self.text(between=", "),
            self.text(spaced_service(SPEC)),
            self.text(f'{{"spec":{SPEC}}}', between="\n,\t"),
            f" [ {', '.join([spaced_service(SPEC)] * self.COUNT)} ] ",
            "\n".join([service(SPEC)] * self.COUNT),
        ):
            assert len(text) > 4 * 70_000
            count = text.count('{"spec"')
            assert count >= self.COUNT
            assert list(iter_services(pieces(text, size))) == [SVC_OF_SPEC] * count

    @pytest.mark.parametrize("size", SIZES)
    def test_a_name_that_looks_like_what_is_between_two(self, size: int) -> None:
        name = r"}},{\"spec\":"
        named = SPEC.replace('"web"', f'"{name}"')
        text = listed(*[service(named)] * self.COUNT)
        found = list(iter_services(pieces(text, size)))
        assert found == [load_service_spec(named)] * self.COUNT

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("bad", [service(NO_SCOPE), f'{{"spec":{NO_FRONTEND}}}', "{", "null]["])
    def test_all_before_a_bad_one_come_out(self, bad: str, size: int) -> None:
        source = pieces(self.text(bad), size)
        found, error = taken_before(ValueError, source)
        assert found == [SVC_OF_SPEC] * self.COUNT
        if isinstance(error, ConversionError):
            place = f"/{self.COUNT}/status/realized/frontend-address/scope"
            assert error.pointer == place
        else:
            assert isinstance(error, ValidationError)
            assert error.errors()[0]["loc"][:1] == (self.COUNT,)

    @pytest.mark.parametrize("behind", ["]", " [", service(SPEC), ",", "x"])
    def test_what_is_behind_the_list(self, behind: str) -> None:
        found, error = taken_before(ValueError, pieces(self.text() + behind, 70_000))
        assert found == [SVC_OF_SPEC] * 2 * self.COUNT
        if isinstance(error, ConversionError):
            assert (error.reason, error.pointer) == ("trailing characters", f"/{2 * self.COUNT}")
        else:
            assert isinstance(error, ValidationError)
            assert error.errors()[0]["loc"] == (2 * self.COUNT,)


def taken_before(error: type[E], source: Iterable[str | bytes]) -> tuple[list[SVC], E]:
    """The services that come out before the error, and the error."""
    found: list[SVC] = []
    services = iter_services(source)
    with pytest.raises(error) as caught:
        found.extend(_one_by_one(services, found))
    return found, caught.value


def _one_by_one(services: Iterator[SVC], found: list[SVC]) -> Iterator[SVC]:
    for each in services:
        found.append(each)
    yield from ()


def lines(*services: str) -> str:
    return "\n".join(services)


class TestErrors:
    @pytest.mark.parametrize("form", [listed, lines])
    def test_a_service_that_does_not_convert(self, form: Callable[..., str]) -> None:
        text = form(service(SPEC), service(SPEC), service(NO_SCOPE), service(SPEC))
        found, error = taken_before(ConversionError, [text])
        assert found == [SVC_OF_SPEC] * 2
        assert (error.reason, error.side, error.pointer) == (
            'invalid scope ""',
            "frontend",
            "/2/status/realized/frontend-address/scope",
        )

    @pytest.mark.parametrize("form", [listed, lines])
    def test_a_service_that_is_invalid(self, form: Callable[..., str]) -> None:
        text = form(service(SPEC), f'{{"spec":{NO_FRONTEND}}}', service(SPEC))
        found, error = taken_before(ValidationError, [text])
        assert found == [SVC_OF_SPEC]
        assert error.errors(include_url=False) == [
            {
                "type": "missing",
                "loc": (1, "spec", "frontend-address"),
                "msg": "Field required",
                "input": {"id": 1},
            }
        ]

    def test_the_index_counts_from_the_start_of_long_input(self) -> None:
        # More than is read and converted at a time.
        count = 2500
        text = listed(*[service(SPEC)] * count, service(NO_SCOPE), service(SPEC))
        assert len(text) > 2 * 2**20
        found, error = taken_before(ConversionError, io.StringIO(text))
        assert found == [SVC_OF_SPEC] * count
        assert error.pointer == f"/{count}/status/realized/frontend-address/scope"

    def test_bytes_that_are_no_utf_8(self) -> None:
        with pytest.raises(UnicodeDecodeError):
            list(iter_services([service(SPEC).encode(), b"\xff"]))

    def test_bytes_that_end_inside_of_a_character(self) -> None:
        with pytest.raises(UnicodeDecodeError):
            list(iter_services([service(SPEC).encode(), "ü".encode()[:1]]))

    def test_nothing_is_read_before_it_is_asked_for(self) -> None:
        def source() -> Iterator[str]:
            asked.append(True)
            yield service(SPEC)

        asked: list[bool] = []
        services = iter_services(source())
        assert asked == []
        assert next(services) == SVC_OF_SPEC
        assert asked == [True]
