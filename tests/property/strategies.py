"""Strategies for the domain types, the wire models and texts that are nearly addresses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

from hypothesis import strategies as st

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    L3n4Addr,
    L3n4AddrID,
    L4Addr,
    L4Type,
    Scope,
    ServiceFlags,
    ServiceName,
    SvcFlagParam,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
    models,
)
from loadbalancer.wire.model import WireModel

uint16s = st.one_of(st.sampled_from([0, 1, 80, 65535]), st.integers(0, 2**16 - 1))
uint32s = st.one_of(st.sampled_from([0, 1, 255, 256, 2**32 - 1]), st.integers(0, 2**32 - 1))
# JSON cannot hold half a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# No `@`: with one, a zone at the end of a text may look like a cluster id.
zones = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@"), max_size=8)

ipv4s = st.one_of(
    st.ip_addresses(v=4),
    st.integers(0, 2).map(IPv4Address),
    st.just(IPv4Address("255.255.255.255")),
)
# Runs of zeros, the 4-in-6 prefix and small groups are rare among all addresses.
_groups = st.lists(
    st.sampled_from([0, 0, 0, 1, 0xFF, 0x102, 0xFFFF, 0xFD00]), min_size=8, max_size=8
)
ipv6s = st.one_of(
    st.ip_addresses(v=6),
    _groups.map(lambda groups: IPv6Address(b"".join(each.to_bytes(2, "big") for each in groups))),
    st.integers(0, 2**32 - 1).map(lambda tail: IPv6Address((0xFFFF << 32) + tail)),
)


@st.composite
def addr_clusters(draw: st.DrawFn) -> AddrCluster:
    """An address of either family, some with zone or cluster id."""
    cluster_id = draw(st.one_of(st.just(0), uint32s))
    if draw(st.booleans()):
        return AddrCluster(f"{draw(ipv4s)}@{cluster_id}")
    zone = draw(st.one_of(st.just(""), zones))
    return AddrCluster(f"{draw(ipv6s)}{'%' + zone if zone else ''}@{cluster_id}")


l4_types = st.sampled_from(L4Type)
scopes = st.sampled_from(Scope)
l4_addrs = st.builds(L4Addr, protocol=l4_types, port=uint16s)
l3n4_addrs = st.builds(
    L3n4Addr, protocol=l4_types, port=uint16s, addr_cluster=addr_clusters(), scope=scopes
)
l3n4_addr_ids = st.builds(
    L3n4AddrID,
    protocol=l4_types,
    port=uint16s,
    addr_cluster=addr_clusters(),
    scope=scopes,
    id=uint32s,
)
backends = st.builds(
    Backend,
    protocol=l4_types,
    port=uint16s,
    addr_cluster=addr_clusters(),
    scope=scopes,
    fe_port_name=texts,
    id=uint32s,
    weight=uint16s,
    node_name=texts,
    zone=texts,
    state=st.sampled_from(BackendState),
    serving=st.booleans(),
    preferred=st.booleans(),
)
cidrs = st.one_of(
    st.tuples(ipv4s, st.integers(0, 32)).map(lambda pair: ip_network(pair, strict=False)),
    st.tuples(ipv6s, st.integers(0, 128)).map(lambda pair: ip_network(pair, strict=False)),
)
service_names = st.builds(ServiceName, namespace=texts, name=texts, cluster=texts)
services = st.builds(
    SVC,
    frontend=l3n4_addr_ids,
    backends=st.lists(backends, max_size=4),
    type=st.sampled_from(SVCType),
    ext_traffic_policy=st.sampled_from(SVCTrafficPolicy),
    int_traffic_policy=st.sampled_from(SVCTrafficPolicy),
    nat_policy=st.sampled_from(SVCNatPolicy),
    session_affinity=st.booleans(),
    session_affinity_timeout_sec=uint32s,
    health_check_node_port=uint16s,
    name=service_names,
    load_balancer_source_ranges=st.lists(cidrs, max_size=3),
    l7lb_proxy_port=uint16s,
    l7lb_frontend_ports=st.lists(texts, max_size=3),
    loopback_hostport=st.booleans(),
)
svc_flag_params = st.builds(
    SvcFlagParam,
    svc_type=st.sampled_from(SVCType),
    svc_nat_policy=st.sampled_from(SVCNatPolicy),
    svc_ext_local=st.booleans(),
    svc_int_local=st.booleans(),
    session_affinity=st.booleans(),
    is_routable=st.booleans(),
    check_source_range=st.booleans(),
    l7_load_balancer=st.booleans(),
    loopback_hostport=st.booleans(),
)
service_flags = st.integers(0, 2**16 - 1).map(ServiceFlags)

# What the wire can carry: backends are external, of no protocol, no id and no port name, a
# weight of 0 is maintenance, and there is no INVALID state, no SCTP and no policy NONE.
wire_backends = st.one_of(
    st.builds(
        Backend,
        port=uint16s,
        addr_cluster=addr_clusters(),
        weight=st.integers(1, 2**16 - 1),
        node_name=texts,
        state=st.sampled_from([state for state in BackendState if state != BackendState.INVALID]),
        preferred=st.booleans(),
    ),
    st.builds(
        Backend,
        port=uint16s,
        addr_cluster=addr_clusters(),
        weight=st.just(0),
        node_name=texts,
        state=st.just(BackendState.MAINTENANCE),
        preferred=st.booleans(),
    ),
)
_wire_l4_types = st.sampled_from([L4Type.NONE, L4Type.TCP, L4Type.UDP])
wire_frontends = st.builds(
    L3n4Addr, protocol=_wire_l4_types, port=uint16s, addr_cluster=addr_clusters(), scope=scopes
)
_wire_policies = st.sampled_from([SVCTrafficPolicy.Cluster, SVCTrafficPolicy.Local])
wire_services = st.builds(
    SVC,
    frontend=st.builds(
        L3n4AddrID,
        protocol=_wire_l4_types,
        port=uint16s,
        addr_cluster=addr_clusters(),
        scope=scopes,
        id=uint32s,
    ),
    backends=st.lists(wire_backends, max_size=4),
    type=st.sampled_from([svc_type for svc_type in SVCType if svc_type is not SVCType.NONE]),
    ext_traffic_policy=_wire_policies,
    int_traffic_policy=_wire_policies,
    nat_policy=st.sampled_from(SVCNatPolicy),
    health_check_node_port=uint16s,
    name=st.builds(ServiceName, namespace=texts, name=texts),
)


def _optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


ip_texts = st.one_of(addr_clusters().map(str), texts, st.just(""))
frontend_addresses = st.builds(
    models.FrontendAddress,
    ip=_optional(ip_texts),
    port=_optional(uint16s),
    protocol=_optional(st.sampled_from(["tcp", "udp", "any"])),
    scope=_optional(st.sampled_from(["external", "internal"])),
)
backend_addresses = st.builds(
    models.BackendAddress,
    ip=ip_texts,
    node_name=_optional(texts),
    port=_optional(uint16s),
    preferred=_optional(st.booleans()),
    state=_optional(st.sampled_from(["active", "terminating", "quarantined", "maintenance"])),
    weight=_optional(uint16s),
)
service_spec_flags = st.builds(
    models.ServiceSpecFlags,
    ext_traffic_policy=_optional(st.sampled_from(["Cluster", "Local"])),
    health_check_node_port=_optional(uint16s),
    int_traffic_policy=_optional(st.sampled_from(["Cluster", "Local"])),
    name=_optional(texts),
    namespace=_optional(texts),
    nat_policy=_optional(st.sampled_from(["None", "Nat46", "Nat64"])),
    traffic_policy=_optional(st.sampled_from(["Cluster", "Local"])),
    type=_optional(st.sampled_from([each.value for each in SVCType if each is not SVCType.NONE])),
)
service_specs = st.builds(
    models.ServiceSpec,
    backend_addresses=_optional(st.lists(backend_addresses, max_size=3)),
    flags=_optional(service_spec_flags),
    frontend_address=frontend_addresses,
    id=_optional(st.one_of(uint32s, st.integers(-(2**63), 2**63 - 1))),
    update_services=_optional(st.booleans()),
)
service_statuses = st.builds(models.ServiceStatus, realized=_optional(service_specs))
wire_model_services = st.builds(
    models.Service, spec=_optional(service_specs), status=_optional(service_statuses)
)
lrp_backends = st.builds(
    models.LRPBackend, backend_address=_optional(backend_addresses), pod_id=_optional(texts)
)
frontend_mappings = st.builds(
    models.FrontendMapping,
    backends=_optional(st.lists(lrp_backends, max_size=3)),
    frontend_address=_optional(frontend_addresses),
)
lrp_specs = st.builds(
    models.LRPSpec,
    frontend_mappings=_optional(st.lists(frontend_mappings, max_size=3)),
    frontend_type=_optional(texts),
    lrp_type=_optional(texts),
    name=_optional(texts),
    namespace=_optional(texts),
    service_id=_optional(texts),
    uid=_optional(texts),
)
wire_models: st.SearchStrategy[WireModel] = st.one_of(
    frontend_addresses,
    backend_addresses,
    service_spec_flags,
    service_specs,
    service_statuses,
    wire_model_services,
    lrp_backends,
    frontend_mappings,
    lrp_specs,
)

# One example in a few is an address; the others go wrong in one place or many.
_pieces = st.sampled_from(
    [
        *"0123456789abcdefABCDEFg:.%@-/[] ",
        *("::", "00", "01", "255", "256", "ffff", "0ffff", "1.2.3.4", "fd00", "%eth0", "@1"),
        "\N{ARABIC-INDIC DIGIT ONE}",
    ]
)
near_addresses = st.one_of(
    st.lists(_pieces, max_size=12).map("".join),
    st.lists(st.sampled_from(["0", "1", "255", "256", "00", "01", ""]), min_size=3, max_size=5).map(
        ".".join
    ),
    st.lists(
        st.sampled_from(["0", "1", "ff", "FFFF", "0001", "00001", "", "1.2.3.4", "g"]),
        min_size=1,
        max_size=9,
    ).map(":".join),
    addr_clusters().map(str),
    ipv4s.map(str),
    ipv6s.map(str),
    ipv6s.map(lambda address: address.exploded),
    ipv6s.map(lambda address: str(address).upper()),
)
