"""Kubernetes objects out of YAML and JSON, one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from .limits import SysdumpError

__all__ = ["KubernetesObject", "is_list", "is_object", "iter_objects", "read_yaml"]

KubernetesObject = dict[str, Any]

_ITEMS = re.compile(rb"^items:[ \t]*\r?\n(?=- )", re.MULTILINE)
_ITEM = re.compile(rb"^- ", re.MULTILINE)
_BEHIND = re.compile(rb"^[^\s#-]", re.MULTILINE)
_GROUPS = {"EndpointSlice": "discovery.k8s.io/v1"}


def iter_objects(
    data: bytes, mention: re.Pattern[bytes] | None = None
) -> Iterator[KubernetesObject]:
    """The objects of a file, those of lists one by one, each with its kind.

    A list as `kubectl` and `cilium sysdump` print it is read an item at a time: of a large
    cluster no more than one object is held. `mention` spares reading items in whose text it is
    not found. Raises `SysdumpError` where the text is not YAML or JSON.
    """
    if data.lstrip()[:1] in (b"{", b"["):
        try:
            yield from _unlisted(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise SysdumpError(f"it is not JSON ({error})") from None
        return
    if (begin := _ITEMS.search(data)) is None or re.search(rb"^---", data[4:], re.MULTILINE):
        for document in _documents(data):
            yield from _unlisted(document)
        return
    behind = _BEHIND.search(data, begin.end())
    end = behind.start() if behind else len(data)
    head = read_yaml(data[: begin.start()] + (data[end:] if behind else b""))
    item = _ITEM.search(data, begin.end(), end)
    while item:
        following = _ITEM.search(data, item.end(), end)
        text = data[item.start() : following.start() if following else end]
        if mention is None or mention.search(text):
            yield from _unlisted({**head, "items": read_yaml(text)})
        item = following


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a value of JSON or YAML is a list."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[KubernetesObject]:
    """Whether a value of JSON or YAML is an object."""
    return isinstance(value, dict)


def _unlisted(value: Any) -> Iterator[KubernetesObject]:
    """The objects of an object, a list object or an array of objects."""
    for each in value if is_list(value) else [value]:
        if is_object(each):
            yield from _items(each)
        elif each is not None:
            raise SysdumpError("something in it is not an object")


def _items(found: KubernetesObject) -> Iterator[KubernetesObject]:
    kind = found.get("kind")
    items = found.get("items")
    if not (isinstance(kind, str) and kind.endswith("List")) or not is_list(items):
        yield found
        return
    # The items of a typed list (`PodList`) need not say what they are.
    inherited: KubernetesObject = {}
    if own := kind.removesuffix("List"):
        inherited = {"apiVersion": found.get("apiVersion", _GROUPS.get(own, "v1")), "kind": own}
    for each in items:
        if not is_object(each):
            raise SysdumpError(f"an item of the {kind} is not an object")
        yield {**inherited, **each}


def _documents(data: bytes) -> Iterator[Any]:
    for text in re.split(rb"^---.*$", data, flags=re.MULTILINE):
        if text.strip():
            yield read_yaml(text)


def read_yaml(data: bytes) -> Any:
    """One YAML document. Aliases are refused: small texts grow beyond all bounds by them."""
    try:
        import yaml
    except ImportError:
        raise SysdumpError("to read YAML install cilium-loadbalancer[cli]") from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        value: Any = yaml.load(data, loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = " ".join(str(error).split())
        raise SysdumpError(f"it is not YAML ({first})") from None
    _refuse_aliases(value)
    return value


def _refuse_aliases(value: Any) -> None:
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if not is_object(each) and not is_list(each):
            continue
        if id(each) in seen:
            raise SysdumpError("it is YAML with aliases, which Kubernetes does not write")
        seen.add(id(each))
        waiting += each.values() if is_object(each) else each
