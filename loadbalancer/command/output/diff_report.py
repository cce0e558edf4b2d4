"""The comparison of two dumps, as people and as programs read it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from loadbalancer import SVC, Backend, ServiceName

from ...audit.comparison import BackendChange, Comparison, FieldChange, ServiceChange
from ...domain.identity import name_of
from .printing import Part, Printer, visible
from .reporting import counted

__all__ = ["print_comparison", "write_json"]

_ADDED, _REMOVED, _CHANGED = "green", "red", "yellow"


def print_comparison(printer: Printer, comparison: Comparison) -> bool:
    """Print a line for each service and each thing that changed in it, and how many there are.

    Returns whether there is any difference.
    """
    counts: Counter[str] = Counter()
    for service in comparison.removed():
        counts["removed"] += 1
        printer.line((f"- {_service(service)}", _REMOVED))
    for service in comparison.added():
        counts["added"] += 1
        printer.line((f"+ {_service(service)}", _ADDED))
    for change in comparison.changed():
        counts["changed"] += 1
        printer.line((f"~ {_head(change.old)}", _CHANGED))
        for each in change.fields:
            printer.line("    ", *_field(each))
        for backend in change.backends:
            printer.line("    ", *_backend(backend))
    printer.line(
        f"{counted(counts['added'], 'service')} added, {counts['removed']:,} removed, "
        f"{counts['changed']:,} changed, {comparison.unchanged:,} unchanged"
    )
    return bool(counts)


def write_json(stream: TextIO, comparison: Comparison) -> bool:
    """The same as a JSON document, whole services in the form of the API."""
    stream.write("{")
    differs = _write_array(stream, "added", map(_wire, comparison.added()))
    differs |= _write_array(stream, "removed", map(_wire, comparison.removed()))
    differs |= _write_array(stream, "changed", map(_change_json, comparison.changed()))
    stream.write(f'\n"unchanged": {comparison.unchanged}}}\n')
    return differs


def _write_array(stream: TextIO, name: str, values: Iterable[Any]) -> bool:
    """Write a member of the document, one value a line; return whether there are any."""
    stream.write(f'\n"{name}": [')
    separator = "\n  "
    for value in values:
        stream.write(separator + json.dumps(value, ensure_ascii=False))
        separator = ",\n  "
    stream.write("],")
    return separator.startswith(",")


def _change_json(change: ServiceChange) -> dict[str, Any]:
    return {
        "frontend": name_of(change.old.frontend),
        "id": change.new.frontend.id,
        "fields": [_field_json(each) for each in change.fields],
        "backends": [_backend_json(each) for each in change.backends],
    }


def _head(service: SVC) -> str:
    """How a service is identified, and what people call it."""
    words = [name_of(service.frontend), str(service.type)]
    if service.name != ServiceName():
        words.append(str(service.name))
    return visible("  ".join(words))


def _service(service: SVC) -> str:
    return f"{_head(service)}  {counted(len(service.backends), 'backend')}"


def _field(change: FieldChange) -> Iterator[Part]:
    yield f"{change.name} "
    yield visible(change.old), _REMOVED
    yield " -> "
    yield visible(change.new), _ADDED


def _backend(change: BackendChange) -> Iterator[Part]:
    address = visible(change.address)
    if change.old is None and change.new is not None:
        yield f"+ backend {address} ({_facts(change.new)})", _ADDED
    elif change.new is None and change.old is not None:
        yield f"- backend {address} ({_facts(change.old)})", _REMOVED
    else:
        yield f"~ backend {address} ", _CHANGED
        for index, each in enumerate(change.fields):
            yield ", " if index else ""
            yield from _field(each)


def _facts(backend: Backend) -> str:
    return f"{backend.state}, weight {backend.weight}"


def _wire(service: SVC) -> Any:
    return service.get_model().model_dump(mode="json")["spec"]


def _field_json(change: FieldChange) -> dict[str, str]:
    return {"name": change.name, "old": change.old, "new": change.new}


def _backend_json(change: BackendChange) -> dict[str, Any]:
    kind = "added" if change.old is None else "removed" if change.new is None else "changed"
    backend = change.new or change.old
    assert backend is not None
    return {
        "change": kind,
        "address": change.address,
        "state": str(backend.state),
        "weight": backend.weight,
        "fields": [_field_json(each) for each in change.fields],
    }
