"""YAML of unknown origin: loaded without aliases, and with errors that name the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from ..errors import LoadBalancerError

__all__ = ["YamlError", "YamlMissingError", "compose_yaml", "dump_yaml", "load_yaml"]

_MAY_BE_ANCHOR = re.compile(r"(?:^|[\s\[{,:-])&[^\s,\[\]{}]")
# What the constructors of PyYAML raise for `!!bool x`, `!!int ""`, dates that are not and the
# like.
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
    name = "BaseLoader" if scalars_as_text else "SafeLoader"
    # The parser in C is ten times as fast, where PyYAML was built with it.
    loader = getattr(yaml, f"C{name}", getattr(yaml, name))
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
        return yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
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


def _pyyaml() -> Any:
    try:
        return import_module("yaml")
    except ModuleNotFoundError:
        raise YamlMissingError from None
