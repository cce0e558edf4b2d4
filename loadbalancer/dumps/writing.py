"""`write_dump`: services as an agent of a release and its client print them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from ..domain.backend import Backend
from ..domain.backend_state import BackendState
from ..domain.l3n4 import L3n4Addr
from ..domain.l4 import L4Type
from ..domain.service import SVC
from ..domain.service_type import SVCNatPolicy, SVCType
from ..errors import LoadBalancerError
from ..releases import Release, ReleaseError
from ..wire.words import SCOPE_WORDS
from .notes import Note
from .reading import read_dump
from .table import write_table
from .vocabulary import (
    BACKEND_KEYS,
    FLAG_KEYS,
    FRONTEND_KEYS,
    ONLY_SELECTED_SINCE,
    PROTOCOL_SINCE,
    TYPES_SINCE,
    YAML_SINCE,
    no_protocol_word,
    written_state,
)
from .yaml_dump import write_yaml

__all__ = [
    "LossyError",
    "UnsaidError",
    "WrittenFormat",
    "lossy_facts",
    "unsaid_facts",
    "write_dump",
]

WrittenFormat = Literal["json", "yaml", "text"]
_FORMATS = ("json", "yaml", "text")
_by_id = attrgetter("id")
_SHOWN = 3


class LossyError(LoadBalancerError):
    """A release or format cannot represent a fact of the services; `facts` has them all."""

    def __init__(self, facts: list[Note]) -> None:
        shown = "; ".join(f"{each.pointer}: {each.message}" for each in facts[:_SHOWN])
        more = f" (and {len(facts) - _SHOWN} more)" if len(facts) > _SHOWN else ""
        super().__init__(shown + more)
        self.facts = facts


def write_dump(
    services: Iterable[SVC], *, release: str = "1.13", format: str = "json", strict: bool = False
) -> bytes:
    """Return services as `cilium service list` of a release prints them: `json`, `yaml` or `text`.

    What the release and format cannot represent is left out: `lossy_facts` returns it, and
    `strict=True` refuses.

    Raises:
        ReleaseError: the text is not a release, or the release does not have the format.
        LossyError: `strict`, and something is not representable.
        YamlMissingError: YAML is wanted, and PyYAML is not installed.
    """
    services = list(services)
    written = _written(services, release, format)
    if strict and (facts := list(_lossy(services, written, release, format))):
        raise LossyError(facts)
    return written


def lossy_facts(
    services: Iterable[SVC], *, release: str = "1.13", format: str = "json"
) -> list[Note]:
    """Return what `write_dump` leaves out, since the release or format cannot represent it.

    The pointers lead into the JSON of the list of domain objects: `/3/backends/0/zone`.

    Raises:
        ReleaseError: as by `write_dump`.
        YamlMissingError: likewise.
    """
    services = list(services)
    return list(_lossy(services, _written(services, release, format), release, format))


def _written(services: list[SVC], release: str, format: str) -> bytes:
    parsed = Release.parse(release)
    if format == "text":
        return write_table(services, parsed)
    if format == "yaml":
        if not parsed.since(YAML_SINCE):
            raise ReleaseError(f"there is no YAML in {parsed}, it came with 1.{YAML_SINCE}")
        return write_yaml([_Writer(parsed, writes_empty=True).service(each) for each in services])
    if format != "json":
        raise ReleaseError(f"unknown format {format!r}, expected one of {', '.join(_FORMATS)}")
    values = [_Writer(parsed).service(each) for each in services]
    return f"{json.dumps(values, indent=2, ensure_ascii=False)}\n".encode()


@dataclass(frozen=True, slots=True)
class _Writer:
    """Services as the JSON values of a release, keys in the order of the alphabet."""

    release: Release
    writes_empty: bool = False
    """Whether keys without a value are written, as YAML has them."""

    def service(self, svc: SVC) -> dict[str, Any]:
        """A Service."""
        spec = self._spec(svc)
        # What is realized is what was asked for; each in its own right, since YAML would
        # otherwise write the second as a reference to the first.
        return {"spec": spec, "status": {"realized": self._spec(svc)}}

    def _spec(self, svc: SVC) -> dict[str, Any]:
        backends = [self._backend(each) for each in sorted(svc.backends, key=_by_id)]
        is_null = not backends and self.release.since(ONLY_SELECTED_SINCE) and not self.writes_empty
        spec: dict[str, Any] = {
            "backend-addresses": None if is_null else backends,
            "flags": self._flags(svc),
            "frontend-address": self._frontend(svc.frontend),
        }
        if svc.frontend.id or self.writes_empty:
            spec["id"] = svc.frontend.id
        if self.writes_empty:
            spec["updateServices"] = False
        return spec

    def _flags(self, svc: SVC) -> dict[str, Any]:
        if not self.release.since(FLAG_KEYS["type"]):
            return {"node-port": True} if svc.type is SVCType.NodePort else {}
        has_type = svc.type in TYPES_SINCE and self.release.since(TYPES_SINCE[svc.type])
        ext, int_ = _word(svc.ext_traffic_policy), _word(svc.int_traffic_policy)
        nat = "" if svc.nat_policy is SVCNatPolicy.NONE else svc.nat_policy.value
        values = {
            "cluster": svc.name.cluster,
            "extTrafficPolicy": ext,
            "healthCheckNodePort": svc.health_check_node_port,
            "intTrafficPolicy": int_,
            "name": svc.name.name,
            "namespace": svc.name.namespace,
            "natPolicy": nat,
            "trafficPolicy": ext,
            "type": svc.type.value if has_type else "",
        }
        return self._known(values, FLAG_KEYS)

    def _frontend(self, addr: L3n4Addr) -> dict[str, Any]:
        values = {
            "ip": str(addr.addr_cluster),
            "port": addr.port,
            "protocol": self._protocol(addr),
            "scope": SCOPE_WORDS[addr.scope],
        }
        return self._known(values, FRONTEND_KEYS)

    def _backend(self, backend: Backend) -> dict[str, Any]:
        is_valid = backend.state is not BackendState.INVALID
        values = {
            "ip": str(backend.addr_cluster),
            "nodeName": backend.node_name,
            "port": backend.port,
            "preferred": backend.preferred,
            "protocol": self._protocol(backend),
            "state": written_state(backend, self.release) if is_valid else "",
            "weight": backend.weight,
            "zone": backend.zone,
        }
        return self._known(values, BACKEND_KEYS)

    def _protocol(self, addr: L3n4Addr) -> str:
        if not self.release.since(PROTOCOL_SINCE):
            return ""
        if addr.protocol is L4Type.NONE:
            return no_protocol_word(self.release)
        return addr.protocol.value

    def _known(self, values: Mapping[str, Any], known: Mapping[str, int]) -> dict[str, Any]:
        """What the release knows of values, without empty ones; a weight is never empty."""
        return {
            key: value
            for key, value in values.items()
            if self.release.since(known[key]) and (value or key == "weight" or self.writes_empty)
        }


def _word(policy: str) -> str:
    return "" if policy == "NONE" else str(policy)


def _lossy(services: list[SVC], written: bytes, release: str, format: str) -> Iterator[Note]:
    """What is otherwise when the written text is read again."""
    target = f"{format} of {release}"
    positions: list[int] = list(range(len(services)))
    if format == "text":
        # The table is sorted by id.
        positions.sort(key=lambda index: services[index].frontend.id)
    read = read_dump(written, release=release)
    why = f": {read.problems[0]}" if read.problems else ""
    if len(read.services) != len(services):
        yield Note("", "not-representable", f"{target} cannot represent all services{why}")
        return
    for position, back in zip(positions, read.services, strict=True):
        svc = services[position]
        if len(back.backends) != len(svc.backends):
            # A zone with blanks, say, which the table has between its words.
            all_of_them = f"{target} cannot represent all backends{why}"
            yield Note(f"/{position}/backends", "not-representable", all_of_them)
            continue
        is_sorted = format == "text" or all(not each.id for each in svc.backends)
        order = range(len(svc.backends))
        by_id = list(order) if is_sorted else sorted(order, key=lambda i: svc.backends[i].id)
        pairs = [
            *((f"/{position}/frontend", svc.frontend, back.frontend),),
            *(
                (f"/{position}/backends/{index}", svc.backends[index], again)
                for index, again in zip(by_id, back.backends, strict=True)
            ),
            *((f"/{position}/name", svc.name, back.name), (f"/{position}", svc, back)),
        ]
        for pointer, fact, again in pairs:
            if fact == again:
                continue
            for name in type(fact).model_fields:
                if name in ("frontend", "backends") or (fact is svc and name == "name"):
                    continue
                value = getattr(fact, name)
                if value != getattr(again, name):
                    message = f"{target} cannot represent {value!s}"
                    yield Note(f"{pointer}/{name}", "not-representable", message)


# The names that these had before.
UnsaidError = LossyError
unsaid_facts = lossy_facts
