"""What all domain models share: how they are copied, and that they validate."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from .help_text import with_fields, without_fields

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


class DomainModel(BaseModel):
    """A domain struct that can be changed; every assignment is validated."""

    model_config = ConfigDict(
        validate_assignment=True,
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
        json_schema_extra=without_fields,
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__doc__:
            cls.__doc__ = with_fields(cls.__doc__, cls)

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that were given, as a set of the caller's own.

        Objects share the set that Pydantic keeps (see `all_fields_set`): nobody gets hold of it.
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
    from ..wire.pydantic_inside import maker

    return maker(cls), all_fields_set(cls)


@cache
def to_models() -> Any:
    """The module that makes wire models, for the methods that return them.

    Imported when it is first needed, since the domain is there without the wire, and looked up
    just once, since an import in a function is not free.
    """
    from ..wire import to_models as module

    return module
