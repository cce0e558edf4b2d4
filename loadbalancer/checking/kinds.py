"""Which of the API's objects a JSON object is, told by its keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator, KeysView, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from ..dumps.json_text.positions import Path
from ..dumps.json_text.values import is_array, is_object
from .suggestions import nearest

if TYPE_CHECKING:
    from loadbalancer.wire.model import WireModel

__all__ = [
    "Kind",
    "UnknownKey",
    "as_read_by_agent",
    "has_unknown_keys",
    "keys_of",
    "kubernetes_kind",
    "model_of",
    "recognise",
    "unknown_keys",
]


class UnknownKey(NamedTuple):
    """A key of an object, with its place and the keys that the object may have."""

    path: Path
    key: str
    known: Collection[str]


class Kind(StrEnum):
    """What can be validated. A value that could be several is the one that comes first."""

    SERVICE = "service"
    SPEC = "service spec"
    BACKEND = "backend"
    FRONTEND = "frontend"
    STATE_UPDATE = "update of backend states"


@cache
def model_of(kind: Kind) -> type[WireModel]:
    """The wire model of a kind."""
    from loadbalancer import models

    found: dict[Kind, type[WireModel]] = {
        Kind.SERVICE: models.Service,
        Kind.SPEC: models.ServiceSpec,
        Kind.BACKEND: models.BackendAddress,
        Kind.FRONTEND: models.FrontendAddress,
        Kind.STATE_UPDATE: models.ServiceSpec,
    }
    return found[kind]


@cache
def keys_of(model: type[WireModel]) -> Mapping[str, type[WireModel] | None]:
    """The keys of a wire model, each with the model of the objects it leads to."""
    return {
        field.alias or name: _model_in(field.annotation)
        for name, field in model.model_fields.items()
    }


def _model_in(annotation: Any) -> type[WireModel] | None:
    """The wire model in the type of a field: `Model`, `Model | None`, `list[Model] | None`."""
    from typing import get_args

    todo = [annotation]
    while todo:
        each = todo.pop()
        if _is_wire_model(each):
            return each
        todo.extend(get_args(each))
    return None


def _is_wire_model(annotation: Any) -> TypeGuard[type[WireModel]]:
    from loadbalancer.wire.model import WireModel

    return isinstance(annotation, type) and issubclass(annotation, WireModel)


def recognise(value: Any) -> Kind | None:
    """The kind with most of its keys in a value; None if it has no key of any kind."""
    if not is_object(value) or kubernetes_kind(value):
        return None
    if "spec" in value or "status" in value:
        return Kind.SERVICE
    kind = _kind_of(tuple(value))
    return as_read_by_agent(kind, value) if kind else None


def as_read_by_agent(kind: Kind, value: Any) -> Kind:
    """The kind, but for a spec that is an update of backend states (`updates_states`)."""
    if kind is not Kind.SPEC or not is_object(value):
        return kind
    from loadbalancer.models import ServiceSpec
    from loadbalancer.wire.refusals import updates_states

    id, update = value.get("id"), value.get("updateServices")
    if update is not True or not (id is None or type(id) is int):
        return kind
    spec = ServiceSpec.model_construct(id=id, update_services=update)
    return Kind.STATE_UPDATE if updates_states(spec) else kind


def kubernetes_kind(value: Any) -> str:
    """The `kind` of an object of Kubernetes' API; empty for all other values."""
    if not is_object(value) or "apiVersion" not in value:
        return ""
    kind = value.get("kind")
    return kind if isinstance(kind, str) and isinstance(value["apiVersion"], str) else ""


@lru_cache(maxsize=256)
def _kind_of(keys: tuple[str, ...]) -> Kind | None:
    scores = {kind: _score(keys, kind) for kind in Kind}
    best = max(scores, key=lambda kind: scores[kind])
    return best if scores[best] else None


def _score(keys: tuple[str, ...], kind: Kind) -> float:
    known = keys_of(model_of(kind))
    hits = sum(key in known for key in keys)
    near = sum(key not in known and nearest(key, known) is not None for key in keys)
    return hits + near / 2


def unknown_keys(value: Any, kind: Kind) -> Iterator[UnknownKey]:
    """The keys that the API does not know, of all objects it knows.

    Not recursive, since values of unknown keys may be nested deep.
    """
    todo: list[tuple[Path, Any, type[WireModel]]] = [((), value, model_of(kind))]
    while todo:
        path, each, model = todo.pop()
        if is_array(each):
            todo.extend(((*path, index), item, model) for index, item in enumerate(each))
        elif is_object(each):
            known = keys_of(model)
            for key, member in each.items():
                if key not in known:
                    yield UnknownKey((*path, key), key, known)
                elif (below := known[key]) is not None:
                    todo.append(((*path, key), member, below))


def has_unknown_keys(value: Any, kind: Kind) -> bool:
    """Whether there are any `unknown_keys`; of good payloads that is all one wants to know."""
    todo: list[tuple[Any, type[WireModel]]] = [(value, model_of(kind))]
    while todo:
        each, model = todo.pop()
        known, leading = _shape_of(model)
        for item in each if is_array(each) else (each,):
            if not is_object(item):
                continue
            if not item.keys() <= known:
                return True
            for key, below in leading:
                if key in item:
                    todo.append((item[key], below))
    return False


@cache
def _shape_of(
    model: type[WireModel],
) -> tuple[KeysView[str], list[tuple[str, type[WireModel]]]]:
    """The keys of a wire model, and those of them that lead to objects."""
    keys = keys_of(model)
    return keys.keys(), [(key, below) for key, below in keys.items() if below is not None]
