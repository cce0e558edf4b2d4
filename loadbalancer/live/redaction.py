"""Names and addresses replaced by stable pseudonyms of the same kind and family."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..dumps.json_text.values import is_object

__all__ = ["Redaction"]

_V4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_V6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_KEPT = {"0.0.0.0", "::", "127.0.0.1", "::1", "192.192.192.192", "255.255.255.255"}
_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
# Words of Kubernetes and Cilium: a name that is one of them is no secret, and to replace it would
# change what texts mean.
_PUBLIC = {
    *("default", "kubernetes", "kube-system", "cilium", "cilium-agent", "cilium-config"),
    *("active", "terminating", "quarantined", "maintenance", "external", "internal", "any"),
    *("tcp", "udp", "sctp", "http", "https", "dns", "metrics", "true", "false", "null", "linux"),
    *("amd64", "arm64", "spec", "status", "realized", "flags", "id", "ip", "port", "name"),
    *("namespace", "protocol", "scope", "state", "weight", "zone", "type", "kind", "items"),
    *("metadata", "labels", "node", "pod", "pods", "service", "services", "backend", "frontend"),
    *("local", "cluster", "ready", "running", "list", "ports", "addresses", "containers", "v1"),
}
_KEPT_KEYS = re.compile(r"(?:[\w.-]+\.)?(?:cilium\.io|kubernetes\.io)/.*")
_V4_NETWORK = int(ipaddress.IPv4Address("100.64.0.0"))
_V6_NETWORK = int(ipaddress.IPv6Address("fd00:ffff::"))


@dataclass
class Redaction:
    """The pseudonyms of one collection; the same name has the same one in all files."""

    _names: dict[str, str] = field(default_factory=dict[str, str])
    _addresses: dict[str, str] = field(default_factory=dict[str, str])

    def learn(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Learn the names of objects: what is replaced in every text."""
        for each in objects:
            metadata = each.get("metadata")
            if not is_object(metadata):
                continue
            kind = str(each.get("kind", "object")).lower()
            self._add(metadata.get("name"), kind)
            self._add(metadata.get("namespace"), "namespace")
            self._add(metadata.get("uid"), "uid")
            labels = metadata.get("labels")
            for value in labels.values() if is_object(labels) else ():
                self._add(value, "label")

    def _add(self, name: object, kind: str) -> None:
        if not isinstance(name, str) or not name or name.isdecimal():
            return
        if name.lower() not in _PUBLIC:
            self._names.setdefault(name, f"{kind}-{len(self._names) + 1}")

    def name(self, name: str) -> str:
        """Return the pseudonym of a name."""
        return self._names.get(name, name)

    def text(self, text: str) -> str:
        """Return a text with pseudonyms in place of names and addresses."""
        text = _V4.sub(lambda match: self._address(match[0]), text)
        text = _V6.sub(lambda match: self._address(match[0]), text)
        return _WORD.sub(lambda match: self._word(match[0]), text)

    def objects(self, objects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return objects with pseudonyms, without labels and annotations of other programs."""
        return [json.loads(self.text(json.dumps(_without_others(each)))) for each in objects]

    def _word(self, word: str) -> str:
        return self._names.get(word, word)

    def _address(self, text: str) -> str:
        if text in _KEPT:
            return text
        try:
            found = ipaddress.ip_address(text)
        except ValueError:
            return text
        key = str(found)
        if key not in self._addresses:
            number = len(self._addresses) + 1
            base = _V4_NETWORK if found.version == 4 else _V6_NETWORK
            made = type(found)(base + number)
            self._addresses[key] = str(made)
        return self._addresses[key]


def _without_others(found: Mapping[str, Any]) -> dict[str, Any]:
    metadata = found.get("metadata")
    if not is_object(metadata) or found.get("kind") == "Pod":
        return dict(found)
    kept = dict(metadata)
    for key in ("labels", "annotations"):
        values = metadata.get(key)
        if is_object(values):
            kept[key] = {k: v for k, v in values.items() if _KEPT_KEYS.fullmatch(str(k))}
    spec = found.get("spec")
    if found.get("kind") == "Service" and is_object(spec):
        own = {k: v for k, v in spec.items() if k != "selector"}
        return {**found, "metadata": kept, "spec": own}
    return {**found, "metadata": kept}
