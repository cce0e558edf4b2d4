"""Texts that are nearly addresses, and short names for the strategies of the types."""

from __future__ import annotations

from hypothesis import strategies as st

from loadbalancer import SVC, Backend, L3n4Addr, L3n4AddrID, models
from loadbalancer.testing.strategies import addr_clusters, from_annotation, ip_addresses
from loadbalancer.wire.model import WireModel

backends = from_annotation(Backend)
l3n4_addrs = from_annotation(L3n4Addr)
l3n4_addr_ids = from_annotation(L3n4AddrID)
services = from_annotation(SVC)
service_specs = from_annotation(models.ServiceSpec)
wire_model_services = from_annotation(models.Service)

WIRE_MODELS: tuple[type[WireModel], ...] = (
    models.BackendAddress,
    models.FrontendAddress,
    models.FrontendMapping,
    models.LRPBackend,
    models.LRPSpec,
    models.Service,
    models.ServiceSpec,
    models.ServiceSpecFlags,
    models.ServiceStatus,
)
wire_models: st.SearchStrategy[WireModel] = st.one_of(*map(from_annotation, WIRE_MODELS))

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
    ip_addresses().map(str),
    ip_addresses().map(lambda address: address.exploded),
    ip_addresses().map(lambda address: str(address).upper()),
)
