"""The comparison of two dumps, as people and as programs read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from loadbalancer import SVC, Backend, ServiceName

from .comparison import BackendChange, Comparison, FieldChange, name_of
from .printing import Part, Printer, visible
from .reporting import counted

__all__ = ["as_json", "print_comparison"]

_ADDED, _REMOVED, _CHANGED = "green", "red", "yellow"


def print_comparison(printer: Printer, comparison: Comparison) -> None:
    """Print a line for each service and each thing that changed in it, and how many there are."""
    for service in comparison.removed:
        printer.line((f"- {_service(service)}", _REMOVED))
    for service in comparison.added:
        printer.line((f"+ {_service(service)}", _ADDED))
    for change in comparison.changed:
        printer.line((f"~ {_head(change.old)}", _CHANGED))
        for each in change.fields:
            printer.line("    ", *_field(each))
        for backend in change.backends:
            printer.line("    ", *_backend(backend))
    printer.line(
        f"{counted(len(comparison.added), 'service')} added, {len(comparison.removed):,} removed, "
        f"{len(comparison.changed):,} changed, {comparison.unchanged:,} unchanged"
    )


def as_json(comparison: Comparison) -> str:
    """The same as a JSON document, whole services in the form of the API."""
    document = {
        "added": [_wire(service) for service in comparison.added],
        "removed": [_wire(service) for service in comparison.removed],
        "changed": [
            {
                "frontend": name_of(change.old),
                "id": change.new.frontend.id,
                "fields": [_field_json(each) for each in change.fields],
                "backends": [_backend_json(each) for each in change.backends],
            }
            for change in comparison.changed
        ],
        "unchanged": comparison.unchanged,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _head(service: SVC) -> str:
    """What a service is known by, and what people call it."""
    words = [name_of(service), str(service.type)]
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
