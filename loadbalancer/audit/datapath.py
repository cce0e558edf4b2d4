"""What the kernel has against what the agent lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from ..domain.identity import name_of
from ..domain.l3n4 import L3n4Addr, L3n4AddrID
from ..domain.service import SVC
from ..domain.service_flags import ServiceFlags
from ..domain.service_type import SVCType
from .findings import MEANINGS, Finding, FindingKind, in_order
from .matching import match
from .services import is_proxied

__all__ = ["Entry", "audit_datapath"]


class Entry(Protocol):
    """A frontend as the kernel has it: what `loadbalancer.datapath.read_bpf` returns."""

    @property
    def frontend(self) -> L3n4AddrID:
        """Its address; the id is that of the service, 0 if it is not known."""
        ...

    @property
    def flags(self) -> ServiceFlags | None:
        """Its flags, None if the kernel cannot find the frontend."""
        ...

    @property
    def backends(self) -> Sequence[L3n4Addr | int]:
        """Where it leads; a number is the id of a backend that the backend map lacks."""
        ...

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for all other ports of an address."""
        ...


def audit_datapath(services: Iterable[SVC], entries: Iterable[Entry]) -> list[Finding]:
    """What differs between the services an agent lists and what the kernel has.

    A missing or extra frontend is one finding, without its backends. Wildcard entries, protocols
    that one side does not have, ids that the agent does not say, and the backends of services
    behind a proxy are not compared.

    Returns:
        The findings, sorted by frontend, kind and backend; `expected` is what the agent lists.
    """
    real = [each for each in entries if not each.is_wildcard]
    frontends = match(services, real, lambda each: each.frontend, lambda each: each.frontend)
    findings = [
        _finding("bpf-missing-frontend", each.frontend, f"{_named(each)} is not in the kernel")
        for each in frontends.missing
    ]
    for entry in frontends.extra:
        message = f"the kernel has {name_of(entry.frontend)}, which the agent does not list"
        findings.append(_finding("bpf-extra-frontend", entry.frontend, message))
    for service, entry in frontends.pairs:
        findings += _entry_findings(service, entry)
    return in_order(findings)


def _entry_findings(service: SVC, entry: Entry) -> Iterator[Finding]:
    frontend, flags = service.frontend, entry.flags
    if flags is None:
        message = f"{_named(service)} has backends in the kernel, but no slot 0"
        yield _finding("bpf-missing-frontend", frontend, message)
        return
    listed, actual = frontend.id, entry.frontend.id
    if listed and actual != listed:
        message = f"{_named(service)} has the id {actual} in the kernel and should have {listed}"
        yield _finding("bpf-wrong-id", frontend, message, listed, actual)
    if flags.svc_type is not service.type is not SVCType.NONE:
        types = str(service.type), str(flags.svc_type)
        message = f"{_named(service)} is {types[1]} in the kernel and should be {types[0]}"
        yield _finding("bpf-wrong-type", frontend, message, *types)
    if not (flags.is_l7lb or is_proxied(service)):
        yield from _backend_findings(service, entry)


def _backend_findings(service: SVC, entry: Entry) -> Iterator[Finding]:
    frontend = service.frontend
    lost = [each for each in entry.backends if isinstance(each, int)]
    there = [each for each in entry.backends if not isinstance(each, int)]
    for number in lost:
        message = f"a slot of {_named(service)} names the backend with the id {number}, which the "
        message += "backend map does not have"
        yield _finding("bpf-backend-not-found", frontend, message, found=number)
    backends = match(service.backends, there, lambda each: each, lambda each: each)
    # A slot whose backend is not found belonged to one of those that are missing.
    if len(backends.missing) > len(lost):
        for each in backends.missing:
            message = f"{_named(service)} lacks the backend {each} in the kernel"
            yield _finding("bpf-missing-backend", frontend, message, backend=each)
    for address in backends.extra:
        message = f"{_named(service)} has the backend {address} in the kernel, which is not listed"
        yield _finding("bpf-stale-backend", frontend, message, backend=address)


def _named(service: SVC) -> str:
    return f"{service.name} at {name_of(service.frontend)}"


def _finding(
    kind: FindingKind,
    frontend: L3n4Addr,
    message: str,
    expected: str | int | None = None,
    found: str | int | None = None,
    *,
    backend: L3n4Addr | None = None,
) -> Finding:
    address = None if backend is None else str(backend)
    severity = MEANINGS[kind].severity
    return Finding(kind, str(frontend), address, expected, found, severity, message)
