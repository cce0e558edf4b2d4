"""What all domain models share: how they are copied, that they validate, what help() shows."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from inspect import cleandoc, formatannotation
from textwrap import indent
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict

__all__ = [
    "DomainModel",
    "DomainValue",
    "OrderedValue",
    "all_fields_set",
    "changed_copy",
    "same_or_changed",
    "to_models",
]

_Model = TypeVar("_Model", bound="DomainModel")
_FIELDS = "\n\nFields:\n"


def _with_fields(text: str, model: type[BaseModel]) -> str:
    """Return a docstring with the fields of its model: type, default, meaning.

    Each class is given it when it is made, since `help()` takes nothing but a text: no more is
    done here than can be done at every import.
    """
    kinds: dict[str, Any] = {}
    for each in reversed(model.__mro__):
        kinds |= getattr(each, "__annotations__", {})
    lines: list[str] = []
    for name, field in model.model_fields.items():
        # As it stands in the source; ranges and units are in the text.
        kind = kinds.get(name, field.annotation)
        kind = kind if isinstance(kind, str) else formatannotation(kind)
        # A factory may want the other fields, of which there are none yet.
        value = "<factory>" if field.default_factory else repr(field.default)
        default = "" if field.is_required() else f" = {value}"
        lines.append(f"    {name}: {kind}{default}")
        if field.description:
            lines.append(indent(field.description, " " * 8))
    return cleandoc(text) + _FIELDS + "\n".join(lines) if lines else text


def _without_fields(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Leave the fields out of the description in a JSON Schema, which has them anyway."""
    if "description" in schema:
        schema["description"] = schema["description"].partition(_FIELDS)[0]


class DomainModel(BaseModel):
    """A domain struct that can be changed; every assignment is validated."""

    model_config = ConfigDict(
        validate_assignment=True,
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
        json_schema_extra=_without_fields,
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__doc__:
            cls.__doc__ = _with_fields(cls.__doc__, cls)

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that were given, as a set of the caller's own.

        Objects share the set that Pydantic keeps (see `all_fields_set`): callers never get it.
        """
        return set(self.__pydantic_fields_set__)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def deep_copy(self) -> Self:
        """An independent copy (Go: `DeepCopy`)."""
        return copy.deepcopy(self)

    def deep_copy_into(self, out: Self) -> None:
        """Make `out` an independent copy of this object (Go: `DeepCopyInto`).

        Raises:
            TypeError: `out` is of another type, or immutable.
        """
        if type(out) is not type(self):
            raise TypeError(f"cannot copy {type(self).__name__} into {type(out).__name__}")
        if self.model_config.get("frozen"):
            raise TypeError(f"{type(self).__name__} is immutable: use deep_copy()")
        out.__setstate__(copy.deepcopy(self).__getstate__())


class DomainValue(DomainModel):
    """A domain struct that is a value: immutable, hashable, equal by its fields."""

    model_config = ConfigDict(frozen=True)


class OrderedValue(DomainValue):
    """A value that is ordered among values of its own type, as it is equal to those alone."""

    def _order(self) -> tuple[Any, ...]:
        """Return the key that values of the type are compared by."""
        raise NotImplementedError

    def __lt__(self, other: Self) -> bool:
        return self._order() < other._order() if type(other) is type(self) else NotImplemented

    def __le__(self, other: Self) -> bool:
        return self._order() <= other._order() if type(other) is type(self) else NotImplemented

    def __gt__(self, other: Self) -> bool:
        return self._order() > other._order() if type(other) is type(self) else NotImplemented

    def __ge__(self, other: Self) -> bool:
        return self._order() >= other._order() if type(other) is type(self) else NotImplemented


@cache
def all_fields_set(cls: type[DomainModel]) -> set[str]:
    """What Pydantic keeps beside an instance all of whose fields are given.

    Instances can share it: all that Pydantic ever does to such a set is to add a field, copies
    get one of their own, and `model_fields_set` hands out copies alone.
    """
    return set(cls.model_fields)


def changed_copy(model: _Model, **update: Any) -> _Model:
    """A shallow copy with other values, which are not validated: a quick `model_copy`."""
    make, fields_set = _maker(type(model))
    made: _Model = make((model.__dict__ | update, None, fields_set))
    return made


def same_or_changed(present: _Model, model: _Model, **update: Any) -> _Model:
    """`present` if such a copy of the model would equal it, else the copy."""
    fields = model.__dict__ | update
    old: Any = present.__dict__
    return present if fields == old else changed_copy(model, **update)


@cache
def _maker(cls: type[DomainModel]) -> tuple[Callable[[Any], Any], set[str]]:
    """What makes an instance of its fields, as the conversions do, and looks at none of them."""
    from .pydantic_inside import maker

    return maker(cls), all_fields_set(cls)


@cache
def to_models() -> Any:
    """The module that makes wire models, for the methods that return them.

    Imported when it is first needed, since the domain is there without the wire, and looked up
    just once, since an import in a function is not free.
    """
    from ..wire import to_models as module

    return module
