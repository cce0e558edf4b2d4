"""What the kernel has against what the agent lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from ..domain.backend_state import BackendState
from ..domain.identity import name_of
from ..domain.l3n4 import L3n4Addr, L3n4AddrID, Scope
from ..domain.l4 import L4Type
from ..domain.service import SVC
from ..domain.service_flags import ServiceFlags
from ..domain.service_type import SVCType
from ..dumps.bpf.entry import DatapathEntry
from ..releases import Release
from .findings import Finding, FindingKind, in_order
from .matching import match
from .meanings import MEANINGS
from .services import is_proxied

__all__ = ["Entry", "audit_datapath", "kernel_findings", "leftover_findings"]


class Entry(Protocol):
    """A frontend as the kernel has it: what `loadbalancer.datapath.read_bpf` returns."""

    @property
    def frontend(self) -> L3n4AddrID:
        """Its address; the id is that of the service, 0 if it is not known."""
        ...

    @property
    def flags(self) -> ServiceFlags | None:
        """Its flags, None if they are not known."""
        ...

    @property
    def has_slot_0(self) -> bool:
        """Whether the kernel can find it."""
        ...

    @property
    def backends(self) -> Sequence[L3n4Addr | int]:
        """Where it leads; a number is the id of a backend that the backend map lacks."""
        ...

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for all other ports of an address."""
        ...


def audit_datapath(
    services: Iterable[SVC], entries: Iterable[Entry], *, release: str | Release = "1.13"
) -> list[Finding]:
    """Return what differs between the services an agent lists and what the kernel has.

    A missing or extra frontend is one finding, without its backends. Wildcard entries, protocols
    that one side does not have, ids that the agent does not say, and the backends of services
    behind a proxy are not compared. Backends in maintenance need no slot. From 1.18 on a NodePort
    or HostPort frontend at `0.0.0.0` or `::` is in the kernel at the addresses of the node as
    well, and a frontend without an id is never put there.

    Raises:
        ReleaseError: the release is not one.

    Returns:
        The findings, sorted by frontend, kind and backend; `expected` is what the agent lists.
    """
    services = [*services]
    parsed = Release.parse(release)
    everywhere = _served_everywhere(services) if parsed.since(18) else {}
    real = [each for each in entries if not each.is_wildcard]
    frontends = match(services, real, lambda each: each.frontend, lambda each: each.frontend)
    findings = [
        _finding(
            "bpf-missing-frontend",
            each.frontend,
            f"{_named(each)} is not in the kernel",
            service=each,
        )
        for each in frontends.missing
        if each.frontend.id or not parsed.since(18)
    ]
    for entry in frontends.extra:
        service = everywhere.get(_place(entry.frontend))
        if service is not None:
            findings += _backend_findings(service, entry)
            continue
        message = f"the kernel has {name_of(entry.frontend)}, which the agent does not list"
        findings.append(_finding("bpf-extra-frontend", entry.frontend, message))
    for service, entry in frontends.pairs:
        other = everywhere.get(_place(entry.frontend))
        # Up to 1.19 either of the two frontends has the entry, by time.
        is_other = (
            other is not None and not parsed.since(20) and not any(_backend_findings(other, entry))
        )
        if not is_other:
            findings += _entry_findings(service, entry)
    return in_order(findings)


_Place = tuple[bool, int, L4Type, Scope]


def _served_everywhere(services: Iterable[SVC]) -> dict[_Place, SVC]:
    """Return the NodePort and HostPort services that every address of the node serves."""
    return {
        _place(each.frontend): each
        for each in services
        if each.type in (SVCType.NodePort, SVCType.HostPort)
        and each.frontend.addr_cluster.is_unspecified
    }


def _place(frontend: L3n4Addr) -> _Place:
    return frontend.is_ipv6, frontend.port, frontend.protocol, frontend.scope


def _entry_findings(service: SVC, entry: Entry) -> Iterator[Finding]:
    frontend, flags = service.frontend, entry.flags
    if not entry.has_slot_0:
        message = f"{_named(service)} has backends in the kernel, but no slot 0"
        yield _finding("bpf-missing-frontend", frontend, message, service=service)
        return
    listed, actual = frontend.id, entry.frontend.id
    if listed and actual != listed:
        message = f"{_named(service)} has the id {actual} in the kernel and should have {listed}"
        yield _finding("bpf-wrong-id", frontend, message, listed, actual, service=service)
    if flags is not None and flags.svc_type is not service.type is not SVCType.NONE:
        types = str(service.type), str(flags.svc_type)
        message = f"{_named(service)} is {types[1]} in the kernel and should be {types[0]}"
        yield _finding("bpf-wrong-type", frontend, message, *types, service=service)
    is_behind_proxy = flags is not None and flags.is_l7lb
    if not (is_behind_proxy or is_proxied(service)):
        yield from _backend_findings(service, entry)


def _backend_findings(service: SVC, entry: Entry) -> Iterator[Finding]:
    frontend = entry.frontend
    lost = [each for each in entry.backends if isinstance(each, int)]
    there = [each for each in entry.backends if not isinstance(each, int)]
    for number in lost:
        message = f"a slot of {_named(service)} names the backend with the id {number}, which the "
        message += "backend map does not have"
        yield _finding("bpf-backend-not-found", frontend, message, found=number, service=service)
    backends = match(service.backends, there, lambda each: each, lambda each: each)
    # A slot whose backend is not found belonged to one of those that are missing.
    missing = [x for x in backends.missing if x.state is not BackendState.MAINTENANCE]
    if len(missing) > len(lost):
        for each in missing:
            message = f"{_named(service)} lacks the backend {each} in the kernel"
            yield _finding("bpf-missing-backend", frontend, message, backend=each, service=service)
    for address in backends.extra:
        message = f"{_named(service)} has the backend {address} in the kernel, which is not listed"
        yield _finding("bpf-stale-backend", frontend, message, backend=address, service=service)


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
    service: SVC | None = None,
) -> Finding:
    return Finding(
        kind,
        str(frontend),
        None if backend is None else str(backend),
        expected,
        found,
        MEANINGS[kind].severity,
        message,
        service="" if service is None else str(service.name),
        type="" if service is None else str(service.type),
        protocol="" if frontend.protocol is L4Type.NONE else str(frontend.protocol),
        layer="write",
    )


def leftover_findings(leftovers: Mapping[tuple[str, int], int]) -> Iterator[Finding]:
    """Yield a finding if maps have rows of ids that no service has, see `NodeView.leftovers`."""
    if not leftovers:
        return
    maps = ", ".join(sorted({name for name, _ in leftovers}))
    ids = sorted({id for _, id in leftovers})
    shown = ", ".join(map(str, ids[:_SHOWN])) + (", …" if len(ids) > _SHOWN else "")
    rows = sum(leftovers.values())
    noun = "row" if rows == 1 else "rows"
    message = f"the kernel has {rows:,} {noun} ({maps}) of ids that no service has: {shown}"
    yield Finding("bpf-leftover", "", None, 0, rows, "warning", message, layer="write")


_SHOWN = 10
_NEARLY_FULL = 0.9
_SIZES = ("bpf-lb-service-map-max", "bpf-lb-map-max")


def kernel_findings(
    entries: Iterable[DatapathEntry], config: Mapping[str, str], node_addresses: Collection[str]
) -> Iterator[Finding]:
    """Yield what is wrong with the kernel's maps whatever the agent lists.

    These are wildcard entries on addresses of nodes, and a service map above nine tenths of its
    size, if the options say the size.
    """
    slots = 0
    for entry in entries:
        slots += 1 + len(entry.backends)
        address = str(entry.frontend.addr_cluster)
        if entry.is_wildcard and address in node_addresses:
            message = f"the kernel has a wildcard entry on {address}, which a node owns"
            yield _finding("wildcard-on-node-address", entry.frontend, message)
    texts = [config.get(each, "") for each in _SIZES]
    sizes = [int(each) for each in texts if each.isdecimal() and int(each)]
    if sizes and slots > _NEARLY_FULL * sizes[0]:
        message = f"the service map has {slots:,} of {sizes[0]:,} entries"
        yield Finding(
            "map-nearly-full", "", None, sizes[0], slots, "warning", message, layer="write"
        )
