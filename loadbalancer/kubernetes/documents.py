"""Kubernetes objects in text: JSON or YAML, lists, several documents, and state files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..dumps.decoding import UndecodableError, decoded
from ..dumps.json_text.values import NOT_A_CHARACTER, has_surrogates, is_array, is_object
from ..dumps.yaml_text import YamlError, YamlMissingError, load_yaml
from ..errors import LoadBalancerError

__all__ = ["DocumentError", "KubernetesObject", "iter_objects", "objects_of", "read_documents"]

KubernetesObject = dict[str, Any]

# A list as kubectl and `cilium sysdump` print it, which is read an item at a time.
_ITEMS = re.compile(r"^items:[ \t]*\r?\n(?=- )", re.MULTILINE)
_ITEM = re.compile(r"^- ", re.MULTILINE)
_BEHIND = re.compile(r"^[^\s#-]", re.MULTILINE)
_SEPARATOR = re.compile(r"^---", re.MULTILINE)
_SEPARATED = re.compile(r"^---.*$", re.MULTILINE)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
_GROUPS = {"EndpointSlice": "discovery.k8s.io/v1"}
# Objects of a state file need not name their kind.
_STATE_FILE = (
    ("services", "Service", "v1"),
    ("endpoints", "EndpointSlice", "discovery.k8s.io/v1"),
)


class DocumentError(LoadBalancerError):
    """A text is neither JSON nor YAML, or has something else than objects."""


def read_documents(text: str) -> Iterator[Any]:
    """Yield the documents of a text: JSON values one after another, or YAML (extra `cli`).

    Raises:
        DocumentError: the text is neither, or PyYAML is not installed.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        yield from _json(text)
        return
    try:
        yield from (each for each in load_yaml(text) if each is not None)
    except YamlMissingError as error:
        raise DocumentError(str(error)) from None
    except YamlError as error:
        raise DocumentError(f"not YAML: {error}") from None


def iter_objects(
    data: bytes | str, mention: re.Pattern[str] | None = None
) -> Iterator[KubernetesObject]:
    """Yield the objects of a text, those in lists and state files one by one, with their kinds.

    A list in YAML as kubectl prints it is read an item at a time: of a large cluster no more
    than one object is held. `mention` spares reading items in whose text it is not found.

    Raises:
        DocumentError: the text is not JSON or YAML, or something in it is not an object.
    """
    try:
        content = decoded(data) if isinstance(data, bytes) else data
        text = content.decode() if isinstance(content, bytes) else content
    except (UndecodableError, UnicodeDecodeError) as error:
        raise DocumentError(str(error)) from None
    begin = None if text.lstrip()[:1] in ("{", "[") else _ITEMS.search(text)
    if begin is None:
        yield from _of_documents(text)
    elif _SEPARATOR.search(text, 4):
        for each in _SEPARATED.split(text):
            yield from iter_objects(each, mention)
    else:
        yield from _of_list(text, begin, mention)


def _of_documents(text: str) -> Iterator[KubernetesObject]:
    for document in read_documents(text):
        yield from _unlisted(document)


def _of_list(
    text: str, begin: re.Match[str], mention: re.Pattern[str] | None
) -> Iterator[KubernetesObject]:
    behind = _BEHIND.search(text, begin.end())
    end = behind.start() if behind else len(text)
    head_text = text[: begin.start()] + (text[end:] if behind else "")
    head: Any = next(read_documents(head_text), None) or {}
    if not is_object(head):
        raise DocumentError("what stands around the items is not an object")
    item = _ITEM.search(text, begin.end(), end)
    while item:
        following = _ITEM.search(text, item.end(), end)
        part = text[item.start() : following.start() if following else end]
        if mention is None or mention.search(part):
            yield from _unlisted({**head, "items": next(read_documents(part))})
        item = following


def _json(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    at = len(text) - len(text.lstrip())
    may_have_surrogates = _SURROGATE.search(text) is not None
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise DocumentError(
                f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
            ) from None
        except RecursionError:
            raise DocumentError("not JSON: nested too deeply") from None
        except ValueError as error:
            # A number of more digits than Python reads.
            raise DocumentError(f"not JSON: {error}") from None
        if may_have_surrogates and has_surrogates(value):
            raise DocumentError(f"not JSON: {NOT_A_CHARACTER}")
        yield value
        at = end
        while at < len(text) and text[at].isspace():
            at += 1


def objects_of(document: Any) -> Iterator[KubernetesObject]:
    """Yield the objects of a document that has been read: those of lists and state files, too.

    Raises:
        DocumentError: something in it is not an object.
    """
    return _unlisted(document)


def _unlisted(value: Any) -> Iterator[KubernetesObject]:
    """Yield the objects of an object, a list, an array of either, or a state file."""
    if value is None:
        return
    if is_array(value):
        for each in value:
            yield from _unlisted(each)
        return
    if not is_object(value):
        raise DocumentError("something in it is not an object")
    if "kind" not in value and any(key in value for key, _, _ in _STATE_FILE):
        yield from _of_state_file(value)
        return
    kind, items = value.get("kind"), value.get("items")
    if not (isinstance(kind, str) and kind.endswith("List")) or items is None:
        yield {**value}
        return
    if not is_array(items):
        raise DocumentError(f"the items of the {kind} are not an array")
    # The items of a typed list (`PodList`) need not say what they are.
    inherited: KubernetesObject = {}
    if own := kind.removesuffix("List"):
        inherited = {"apiVersion": value.get("apiVersion", _GROUPS.get(own, "v1")), "kind": own}
    for each in items:
        if not is_object(each):
            raise DocumentError(f"an item of the {kind} is not an object")
        yield from _unlisted({**inherited, **each})


def _of_state_file(value: Any) -> Iterator[KubernetesObject]:
    for key, kind, version in _STATE_FILE:
        items = value.get(key)
        if items is not None and not is_array(items):
            raise DocumentError(f"not a state file: /{key} is not an array")
        for index, each in enumerate(items or ()):
            if not is_object(each):
                raise DocumentError(f"not a state file: /{key}/{index} is not an object")
            yield {**each, "kind": kind, "apiVersion": version}
