"""Texts with Kubernetes objects: JSON or YAML, one document or several."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..errors import LoadBalancerError

__all__ = ["DocumentError", "read_documents"]


class DocumentError(LoadBalancerError):
    """A text is neither JSON nor YAML; the message says where."""


def read_documents(text: str) -> Iterator[Any]:
    """The documents of a text: JSON values one after another, or YAML (extra `cli`).

    Raises:
        DocumentError: the text is neither, or PyYAML is not installed.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        yield from _json(text)
    else:
        yield from _yaml(text)


def _json(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    at = len(text) - len(text.lstrip())
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise DocumentError(
                f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
            ) from None
        except RecursionError:
            raise DocumentError("not JSON: nested too deeply") from None
        yield value
        at = end + len(text[end:]) - len(text[end:].lstrip())


def _yaml(text: str) -> Iterator[Any]:
    try:
        import yaml
    except ModuleNotFoundError:
        raise DocumentError(
            "reading YAML needs PyYAML: pip install 'cilium-loadbalancer[cli]'"
        ) from None
    # The parser in C is ten times as fast, where PyYAML was built with it.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for document in yaml.load_all(text, loader):
            if document is not None:
                yield document
    except yaml.YAMLError as error:
        raise DocumentError(f"not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise DocumentError("not YAML: nested too deeply") from None
