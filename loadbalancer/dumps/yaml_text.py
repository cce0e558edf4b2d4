"""YAML of unknown origin: loaded without aliases, and with errors that name the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from ..errors import LoadBalancerError

__all__ = ["YamlError", "YamlMissingError", "compose_yaml", "dump_yaml", "load_yaml"]

_MAY_BE_ANCHOR = re.compile(r"(?:^|[\s\[{,:-])&[^\s,\[\]{}]")
_JSON_TYPES = ("null", "bool", "int", "float", "str", "seq", "map", "merge")
# As Python reads in JSON. In base 60, which YAML has, longer ones take time without bounds.
_MOST_DIGITS = 4300
_TOO_LARGE = 10**_MOST_DIGITS
_TOO_LONG = "a number of more than 4,300 digits"
# What the constructors of PyYAML raise for `!!bool x`, `!!int ""` and the like.
_CONSTRUCTION = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class YamlError(LoadBalancerError):
    """A text is not YAML, or not such as is read; `line` is None if it is unknown."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason, line)
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


class YamlMissingError(LoadBalancerError, ImportError):
    """PyYAML is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "YAML needs PyYAML, which is not installed: pip install 'cilium-loadbalancer[cli]'"
        )


def load_yaml(text: str, *, scalars_as_text: bool = False) -> Iterator[Any]:
    """Yield the documents of a text.

    Aliases are refused: a small text with them can stand for an unbounded value.

    Args:
        text: one document or several.
        scalars_as_text: leave numbers, booleans, null and the like as the text they are.

    Raises:
        YamlError: the text is not YAML, is nested too deeply, or has aliases.
        YamlMissingError: PyYAML is not installed.
    """
    yaml = _pyyaml()
    loader = _c_or_python(yaml, "BaseLoader") if scalars_as_text else _json_loader()
    try:
        if _MAY_BE_ANCHOR.search(text):
            for event in yaml.parse(text, loader):
                if isinstance(event, yaml.AliasEvent):
                    line = event.start_mark.line + 1
                    raise YamlError("aliases are not read, they can grow without bounds", line)
        yield from yaml.load_all(text, loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        raise YamlError(f"broken YAML: {reason}", mark.line + 1 if mark else None) from None
    except YamlError:
        raise
    except _CONSTRUCTION as error:
        raise YamlError(f"broken YAML: a value cannot be read: {error}") from None
    except RecursionError:
        raise YamlError("nested too deeply") from None


def compose_yaml(text: str) -> Any:
    """Return the nodes of a document, with their places.

    Raises:
        YamlError: the text is not YAML.
        YamlMissingError: PyYAML is not installed.
    """
    yaml = _pyyaml()
    try:
        return yaml.compose(text, _c_or_python(yaml, "SafeLoader"))
    except yaml.YAMLError as error:
        raise YamlError(f"broken YAML: {error}") from None


def dump_yaml(value: Any, *, sort_keys: bool = True) -> str:
    """Return a value as YAML.

    Raises:
        YamlMissingError: PyYAML is not installed.
    """
    yaml = _pyyaml()
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, allow_unicode=True, sort_keys=sort_keys)
    return text


def _c_or_python(yaml: Any, name: str) -> Any:
    """Return a loader: the parser in C is ten times as fast, where PyYAML was built with it."""
    return getattr(yaml, f"C{name}", getattr(yaml, name))


@cache
def _json_loader() -> Any:
    """Return a loader of what JSON can hold: a date is text, a set or binary data an error."""
    safe = _c_or_python(_pyyaml(), "SafeLoader")
    tags = {f"tag:yaml.org,2002:{name}" for name in _JSON_TYPES}
    resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag in tags]
        for first, found in safe.yaml_implicit_resolvers.items()
    }
    constructors = {
        tag: make for tag, make in safe.yaml_constructors.items() if tag is None or tag in tags
    }
    make_integer = constructors["tag:yaml.org,2002:int"]

    def integer(loader: Any, node: Any) -> int:
        if len(node.value) > _MOST_DIGITS:
            raise ValueError(_TOO_LONG)
        value: int = make_integer(loader, node)
        if abs(value) >= _TOO_LARGE:
            raise ValueError(_TOO_LONG)
        return value

    constructors["tag:yaml.org,2002:int"] = integer
    fields = {"yaml_implicit_resolvers": resolvers, "yaml_constructors": constructors}
    return type("JSONLoader", (safe,), fields)


def _pyyaml() -> Any:
    try:
        return import_module("yaml")
    except ModuleNotFoundError:
        raise YamlMissingError from None
