"""Valid values written anew: as normalised wire JSON or as the JSON of domain objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from loadbalancer import SVC, Backend, dump_service
from loadbalancer.wire.model import WireModel

from ..payloads.checking import Item
from ..payloads.kinds import Kind

__all__ = ["domain_json", "wire_json", "write_array_or_value", "write_lines"]


def wire_json(item: Item, *, include_protocol: bool = True) -> str:
    """A value as the API writes it, of the kind it was."""
    domain = item.domain
    if item.kind is Kind.SERVICE and isinstance(domain, SVC):
        return dump_service(domain, include_protocol=include_protocol).decode()
    model: WireModel | None
    if isinstance(domain, SVC):
        model = domain.get_model(include_protocol=include_protocol).spec
        assert model is not None
    elif isinstance(domain, Backend):
        model = domain.get_backend_model()
    else:
        model = domain.get_model(include_protocol=include_protocol)
    return model.model_dump_json()


def domain_json(item: Item) -> str:
    """The domain object of a value."""
    return item.domain.model_dump_json()


def write_lines(texts: Iterable[str], stream: TextIO) -> None:
    """Write newline-delimited JSON."""
    stream.writelines(f"{text}\n" for text in texts)


def write_array_or_value(values: Iterable[tuple[Item, str]], stream: TextIO) -> None:
    """Write a JSON array, or the value itself if there is but one that was in no array.

    Only as much is held back as it takes to know which.
    """
    each = iter(values)
    first = next(each, None)
    second = next(each, None)
    if first and not second and not first[0].is_listed:
        stream.write(f"{first[1]}\n")
        return
    stream.write("[")
    separator = ""
    for value in _chained(first, second, each):
        stream.write(separator + value[1])
        separator = ",\n "
    stream.write("]\n")


def _chained(
    first: tuple[Item, str] | None,
    second: tuple[Item, str] | None,
    rest: Iterator[tuple[Item, str]],
) -> Iterator[tuple[Item, str]]:
    yield from (each for each in (first, second) if each)
    yield from rest
