"""What type checkers know of the public names.

mypy and pyright check each `assert_type`, and each `type: ignore` of a wrong use: mypy says so
if there is nothing to ignore. Run, the same lines show that the values are of those types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO, StringIO
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Literal, assert_type

import pytest

from loadbalancer import (
    ALL_PROTOCOLS,
    DEFAULT_BACKEND_WEIGHT,
    ID,
    SVC,
    AddrCluster,
    Backend,
    BackendID,
    BackendState,
    BackendStateFlags,
    ConversionError,
    FEPortName,
    L3n4Addr,
    L3n4AddrID,
    L4Addr,
    L4Type,
    LoadBalancerError,
    Preferred,
    Scope,
    ServiceFlagBit,
    ServiceFlags,
    ServiceID,
    ServiceName,
    SvcFlagParam,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
    dump_service,
    dump_services,
    get_backend_state,
    get_backend_state_from_flags,
    go_names,
    is_valid_backend_state,
    is_valid_state_transition,
    iter_services,
    load_service,
    load_service_spec,
    load_services,
    models,
    new_backend,
    new_backend_flags,
    new_backend_from_backend_model,
    new_backend_with_state,
    new_l3n4_addr,
    new_l3n4_addr_from_backend_model,
    new_l3n4_addr_from_model,
    new_l3n4_addr_id,
    new_l4_addr,
    new_l4_type,
    new_svc_flag,
    new_svc_from_model,
    new_svc_from_service,
    parse_cidr,
    schemas,
    text,
)

ADDR = AddrCluster("10.0.0.1")
SPEC = b'{"frontend-address":{"ip":"10.0.0.1","scope":"external"}}'


def test_addr_cluster() -> None:
    assert_type(ADDR, AddrCluster)
    assert_type(AddrCluster.parse("::"), AddrCluster)
    assert_type(ADDR.addr, IPv4Address | IPv6Address)
    assert_type((ADDR.zone, str(ADDR)), tuple[str, str])
    assert_type(ADDR.cluster_id, int)
    assert_type((ADDR.is4, ADDR.is6, ADDR.is_unspecified), tuple[bool, bool, bool])
    assert_type((ADDR.as20(), hash(ADDR)), tuple[bytes, int])
    assert_type((ADDR < ADDR, ADDR >= ADDR, ADDR == ADDR), tuple[bool, bool, bool])
    assert_type(sorted([ADDR, ADDR]), list[AddrCluster])
    assert_type(parse_cidr("::/0"), IPv4Network | IPv6Network)


def aliased(
    id: ID,
    backend_id: BackendID,
    service_id: ServiceID,
    port_name: FEPortName,
    preferred: Preferred,
) -> tuple[int, int, int, str, bool]:
    """To a type checker an alias is what it stands for; Pydantic sees the range as well."""
    assert_type((id, backend_id, service_id), tuple[int, int, int])
    assert_type((port_name, preferred), tuple[str, bool])
    return id, backend_id, service_id, port_name, preferred


def as_text(
    state: text.BackendState,
    state_flags: text.BackendStateFlags,
    scope: text.Scope,
    flags: text.ServiceFlags,
    frontend: text.L3n4Addr,
    number: text.UInt16,
    preferred: text.Preferred,
) -> tuple[BackendState, BackendStateFlags, Scope, ServiceFlags, L3n4Addr, int, bool]:
    """What is read from text is of the strict type."""
    assert_type((state, state_flags), tuple[BackendState, BackendStateFlags])
    assert_type((scope, flags, frontend), tuple[Scope, ServiceFlags, L3n4Addr])
    assert_type((number, preferred), tuple[int, bool])
    return state, state_flags, scope, flags, frontend, number, preferred


def test_types_of_text() -> None:
    frontend = L3n4Addr(addr_cluster=ADDR)
    given = (BackendState.ACTIVE, BackendStateFlags.ACTIVE, Scope.EXTERNAL, ServiceFlags(1))
    assert as_text(*given, frontend, 1, True) == (*given, frontend, 1, True)


def test_aliases_and_constants() -> None:
    assert aliased(1, 2, 3, "http", True) == (1, 2, 3, "http", True)
    protocols: tuple[L4Type, ...] = ALL_PROTOCOLS
    weight: int = DEFAULT_BACKEND_WEIGHT
    assert (len(protocols), weight) == (3, 100)


def test_addresses() -> None:
    addr = new_l3n4_addr(L4Type.TCP, ADDR, 80, Scope.EXTERNAL)
    assert_type(addr, L3n4Addr)
    assert_type(new_l3n4_addr_id(L4Type.TCP, ADDR, 80, Scope.EXTERNAL, 1), L3n4AddrID)
    assert_type(new_l4_addr(L4Type.TCP, 80), L4Addr)
    assert_type(new_l4_type("tcp"), L4Type)
    assert_type((addr.l4_addr, addr.addr_cluster), tuple[L4Addr, AddrCluster])
    assert_type((addr.protocol, addr.port, addr.scope), tuple[L4Type, int, Scope])
    assert_type((addr.string_id(), addr.string_with_protocol()), tuple[str, str])
    assert_type((addr.hash(), addr.is_ipv6), tuple[bytes, bool])
    assert_type(addr.get_model(include_protocol=False), models.FrontendAddress)
    assert_type(addr.deep_copy(), L3n4Addr)
    addr_id = L3n4AddrID(addr_cluster=ADDR, id=1)
    assert_type((addr_id.id, addr_id.l3n4_addr), tuple[int, L3n4Addr])
    assert_type(addr_id.deep_copy(), L3n4AddrID)


def test_backends() -> None:
    backend = new_backend(1, L4Type.TCP, ADDR, 80)
    assert_type(backend, Backend)
    assert_type(new_backend_with_state(1, L4Type.TCP, ADDR, 80, BackendState.ACTIVE), Backend)
    assert_type((backend.id, backend.weight), tuple[int, int])
    assert_type((backend.fe_port_name, backend.node_name), tuple[str, str])
    assert_type((backend.state, backend.preferred), tuple[BackendState, bool])
    assert_type(backend.l3n4_addr, L3n4Addr)
    assert_type(backend.get_backend_model(), models.BackendAddress)
    assert_type(backend.deep_copy(), Backend)
    backend.deep_copy_into(backend.deep_copy())
    assert_type(backend.state.string(), str)
    assert_type(get_backend_state("active"), BackendState)
    assert_type(get_backend_state_from_flags(0), BackendState)
    assert_type(new_backend_flags(BackendState.ACTIVE), BackendStateFlags)
    assert_type(is_valid_backend_state(""), bool)
    assert_type(is_valid_state_transition(BackendState.ACTIVE, 7), bool)


def test_services() -> None:
    svc = SVC(frontend=L3n4AddrID(addr_cluster=ADDR))
    assert_type((svc.frontend, svc.backends), tuple[L3n4AddrID, list[Backend]])
    assert_type((svc.type, svc.nat_policy), tuple[SVCType, SVCNatPolicy])
    assert_type(svc.ext_traffic_policy, SVCTrafficPolicy)
    assert_type(svc.name, ServiceName)
    assert_type(svc.load_balancer_source_ranges, list[IPv4Network | IPv6Network])
    assert_type(svc.l7lb_frontend_ports, list[str])
    assert_type(svc.get_model(), models.Service)
    assert_type(svc.get_model(include_protocol=False).spec, models.ServiceSpec | None)
    assert_type(svc.deep_copy(), SVC)


def test_flags() -> None:
    flags = new_svc_flag(SvcFlagParam(svc_type=SVCType.HostPort, is_routable=True))
    assert_type(flags, ServiceFlags)
    assert_type((flags.uint16(), flags.is_l7lb), tuple[int, bool])
    assert_type(flags.svc_type, SVCType)
    assert_type(flags.svc_ext_traffic_policy, SVCTrafficPolicy)
    assert_type(flags.svc_int_traffic_policy, SVCTrafficPolicy)
    assert_type(flags.svc_nat_policy(L3n4Addr(addr_cluster=ADDR)), SVCNatPolicy)
    assert_type(flags.bits, tuple[ServiceFlagBit, ...])


def test_wire_models() -> None:
    backend = models.BackendAddress(ip="::", node_name="n", weight=1)
    assert_type((backend.ip, backend.node_name), tuple[str, str | None])
    assert_type(
        backend.state,
        Literal["active", "terminating", "quarantined", "maintenance"] | None,
    )
    spec = models.ServiceSpec.model_validate_json(SPEC)
    assert_type(spec, models.ServiceSpec)
    assert_type(spec.backend_addresses, list[models.BackendAddress] | None)
    assert_type(spec.frontend_address, models.FrontendAddress)
    assert_type(models.Service(spec=spec).status, models.ServiceStatus | None)
    assert_type(models.Error("x").root, str)


def test_conversions() -> None:
    frontend = models.FrontendAddress(ip="::", scope="external")
    backend = models.BackendAddress(ip="::")
    spec = models.ServiceSpec(frontend_address=frontend)
    assert_type(new_l3n4_addr_from_model(frontend), L3n4Addr | None)
    assert_type(new_l3n4_addr_from_backend_model(backend), L3n4Addr)
    assert_type(new_backend_from_backend_model(backend, default_weight=0), Backend)
    assert_type(new_svc_from_model(spec, default_weight=0), SVC)
    assert_type(new_svc_from_service(models.Service(spec=spec)), SVC)
    assert_type(load_service_spec(SPEC), SVC)
    assert_type(load_service(b'{"spec":%b}' % SPEC), SVC)
    assert_type(load_services("[]", pause_gc=False), list[SVC])
    assert_type(iter_services([SPEC]), Iterator[SVC])
    assert_type(iter_services(BytesIO()), Iterator[SVC])
    assert_type(iter_services(StringIO()), Iterator[SVC])
    assert_type(dump_service(new_svc_from_model(spec), include_protocol=False), bytes)
    assert_type(dump_services(iter([new_svc_from_model(spec)])), bytes)


def test_errors_and_tables() -> None:
    error = ConversionError("no", "frontend", "/ip")
    root: LoadBalancerError = error
    value_error: ValueError = root
    assert value_error is error
    assert_type((error.reason, error.pointer), tuple[str, str])
    assert_type(error.side, Literal["frontend", "backend", "service"])
    assert_type(error.below("/spec"), ConversionError)
    names: Mapping[str, Any] = go_names
    assert names["SVC"] is SVC
    assert_type(schemas.names(), list[str])
    assert_type(schemas.schema("SVC", "serialization"), dict[str, Any])
    assert_type(schemas.openapi(), dict[str, Any])


def wrong_uses(backend: Backend, addr: L3n4Addr, flags: ServiceFlags) -> list[Callable[[], object]]:
    """Each is an error to a type checker, and an exception when it is called."""
    return [
        lambda: AddrCluster(1),  # type: ignore[arg-type]
        lambda: new_l4_addr("tcp", 80),  # type: ignore[arg-type]
        lambda: L4Addr(port="80"),  # type: ignore[arg-type]
        lambda: L3n4Addr(port=80),  # type: ignore[call-arg]
        lambda: L3n4Addr(addr_cluster=ADDR, zone="x"),  # type: ignore[call-arg]
        lambda: Backend(addr_cluster=ADDR, state="active"),  # type: ignore[arg-type]
        lambda: SVC(),  # type: ignore[call-arg]
        lambda: ServiceName(name=None),  # type: ignore[arg-type]
        lambda: models.BackendAddress(),  # type: ignore[call-arg]
        lambda: models.BackendAddress(ip="::", state="Active"),  # type: ignore[arg-type]
        lambda: models.FrontendAddress(port="80"),  # type: ignore[arg-type]
        lambda: flags.svc_nat_policy(),  # type: ignore[call-arg]
        lambda: addr.is_ipv6(),  # type: ignore[operator]
        lambda: backend.get_backend_model(True),  # type: ignore[call-arg]
        lambda: addr.get_model(False),  # type: ignore[call-arg]
        lambda: load_services([]),  # type: ignore[arg-type]
        lambda: get_backend_state(0),  # type: ignore[arg-type]
    ]


CALLS = wrong_uses(Backend(addr_cluster=ADDR), L3n4Addr(addr_cluster=ADDR), ServiceFlags(0))


@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_what_is_wrong_to_a_type_checker_is_wrong_at_run_time(call: Callable[[], object]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        call()
    assert str(caught.value)
