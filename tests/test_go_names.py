"""Every identifier of the Go package's documentation index, and what stands for it.

The index is written out here, beside where in `loadbalancer` each identifier is to be found.
"""

from __future__ import annotations

import re
from operator import attrgetter
from types import FunctionType, MappingProxyType

import pytest

import loadbalancer
from loadbalancer import go_names

CONSTANTS = {
    "SVCTypeNone": "SVCType.NONE",
    "SVCTypeHostPort": "SVCType.HostPort",
    "SVCTypeClusterIP": "SVCType.ClusterIP",
    "SVCTypeNodePort": "SVCType.NodePort",
    "SVCTypeExternalIPs": "SVCType.ExternalIPs",
    "SVCTypeLoadBalancer": "SVCType.LoadBalancer",
    "SVCTypeLocalRedirect": "SVCType.LocalRedirect",
    "SVCTrafficPolicyNone": "SVCTrafficPolicy.NONE",
    "SVCTrafficPolicyCluster": "SVCTrafficPolicy.Cluster",
    "SVCTrafficPolicyLocal": "SVCTrafficPolicy.Local",
    "SVCNatPolicyNone": "SVCNatPolicy.NONE",
    "SVCNatPolicyNat46": "SVCNatPolicy.Nat46",
    "SVCNatPolicyNat64": "SVCNatPolicy.Nat64",
    "NONE": "L4Type.NONE",
    "TCP": "L4Type.TCP",
    "UDP": "L4Type.UDP",
    "SCTP": "L4Type.SCTP",
    "ScopeExternal": "Scope.EXTERNAL",
    "ScopeInternal": "Scope.INTERNAL",
    "BackendStateActive": "BackendState.ACTIVE",
    "BackendStateTerminating": "BackendState.TERMINATING",
    "BackendStateQuarantined": "BackendState.QUARANTINED",
    "BackendStateMaintenance": "BackendState.MAINTENANCE",
    "BackendStateInvalid": "BackendState.INVALID",
    "BackendStateActiveFlag": "BackendStateFlags.ACTIVE",
    "BackendStateTerminatingFlag": "BackendStateFlags.TERMINATING",
    "BackendStateQuarantinedFlag": "BackendStateFlags.QUARANTINED",
    "BackendStateMaintenanceFlag": "BackendStateFlags.MAINTENANCE",
    "DefaultBackendWeight": "DEFAULT_BACKEND_WEIGHT",
    "AllProtocols": "ALL_PROTOCOLS",
}
FUNCTIONS = {
    "IsValidBackendState": "is_valid_backend_state",
    "IsValidStateTransition": "is_valid_state_transition",
    "NewBackend": "new_backend",
    "NewBackendFromBackendModel": "new_backend_from_backend_model",
    "NewBackendWithState": "new_backend_with_state",
    "GetBackendState": "get_backend_state",
    "GetBackendStateFromFlags": "get_backend_state_from_flags",
    "NewBackendFlags": "new_backend_flags",
    "NewL3n4Addr": "new_l3n4_addr",
    "NewL3n4AddrFromBackendModel": "new_l3n4_addr_from_backend_model",
    "NewL3n4AddrFromModel": "new_l3n4_addr_from_model",
    "NewL3n4AddrID": "new_l3n4_addr_id",
    "NewL4Addr": "new_l4_addr",
    "NewL4Type": "new_l4_type",
    "NewSvcFlag": "new_svc_flag",
}
TYPES = [
    "Backend",
    "BackendID",
    "BackendState",
    "BackendStateFlags",
    "FEPortName",
    "ID",
    "L3n4Addr",
    "L3n4AddrID",
    "L4Addr",
    "L4Type",
    "Preferred",
    "SVC",
    "SVCNatPolicy",
    "SVCTrafficPolicy",
    "SVCType",
    "ServiceFlags",
    "ServiceID",
    "ServiceName",
    "SvcFlagParam",
]
# Go's `String`, `DeepEqual` and the conversions; `DeepCopy` and `copy.deepcopy` are the same.
METHODS = {
    "Backend.DeepCopy": "Backend.deep_copy",
    "Backend.DeepCopyInto": "Backend.deep_copy_into",
    "Backend.GetBackendModel": "Backend.get_backend_model",
    "Backend.String": "Backend.__str__",
    # This one returns an error in Go: `str()` never raises.
    "BackendState.String": "BackendState.string",
    "L3n4Addr.DeepCopy": "L3n4Addr.deep_copy",
    "L3n4Addr.DeepCopyInto": "L3n4Addr.deep_copy_into",
    "L3n4Addr.DeepEqual": "L3n4Addr.__eq__",
    "L3n4Addr.GetModel": "L3n4Addr.get_model",
    "L3n4Addr.Hash": "L3n4Addr.hash",
    "L3n4Addr.String": "L3n4Addr.__str__",
    "L3n4Addr.StringID": "L3n4Addr.string_id",
    "L3n4Addr.StringWithProtocol": "L3n4Addr.string_with_protocol",
    "L3n4AddrID.DeepCopy": "L3n4AddrID.deep_copy",
    "L3n4AddrID.DeepCopyInto": "L3n4AddrID.deep_copy_into",
    "L3n4AddrID.DeepEqual": "L3n4AddrID.__eq__",
    "L4Addr.DeepCopy": "L4Addr.deep_copy",
    "L4Addr.DeepCopyInto": "L4Addr.deep_copy_into",
    "L4Addr.DeepEqual": "L4Addr.__eq__",
    "SVC.DeepCopy": "SVC.deep_copy",
    "SVC.DeepCopyInto": "SVC.deep_copy_into",
    "SVC.GetModel": "SVC.get_model",
    # It takes an argument, the frontend.
    "ServiceFlags.SVCNatPolicy": "ServiceFlags.svc_nat_policy",
    "ServiceFlags.String": "ServiceFlags.__str__",
    "ServiceFlags.UInt16": "ServiceFlags.uint16",
    "ServiceName.DeepCopy": "ServiceName.deep_copy",
    "ServiceName.DeepCopyInto": "ServiceName.deep_copy_into",
    "ServiceName.String": "ServiceName.__str__",
    "SvcFlagParam.DeepCopy": "SvcFlagParam.deep_copy",
    "SvcFlagParam.DeepCopyInto": "SvcFlagParam.deep_copy_into",
}
# Go accessors without arguments that only read.
PROPERTIES = {
    "L3n4Addr.IsIPv6": "L3n4Addr.is_ipv6",
    "L3n4AddrID.IsIPv6": "L3n4AddrID.is_ipv6",
    "ServiceFlags.IsL7LB": "ServiceFlags.is_l7lb",
    "ServiceFlags.SVCExtTrafficPolicy": "ServiceFlags.svc_ext_traffic_policy",
    "ServiceFlags.SVCIntTrafficPolicy": "ServiceFlags.svc_int_traffic_policy",
    "ServiceFlags.SVCType": "ServiceFlags.svc_type",
}
INDEX = {**CONSTANTS, **FUNCTIONS, **{name: name for name in TYPES}, **METHODS, **PROPERTIES}


def test_the_table_is_the_index() -> None:
    assert set(go_names) == set(INDEX)
    assert len(INDEX) == 30 + 15 + 19 + 30 + 6


def test_the_table_cannot_be_changed() -> None:
    assert type(go_names) is MappingProxyType


@pytest.mark.parametrize("name", INDEX)
def test_the_object_beside_a_name_is_where_the_name_leads(name: str) -> None:
    assert go_names[name] == attrgetter(INDEX[name])(loadbalancer)


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_functions_and_conversions_are_called(name: str) -> None:
    assert isinstance(go_names[name], FunctionType)


@pytest.mark.parametrize("name", PROPERTIES)
def test_accessors_are_properties(name: str) -> None:
    assert type(go_names[name]) is property


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS, *PROPERTIES])
def test_the_name_is_the_go_name_in_snake_case(name: str) -> None:
    special = {"String": "__str__", "DeepEqual": "__eq__"}
    last = name.rpartition(".")[2]
    expected = special.get(last, snake_case(last))
    found = INDEX[name].rpartition(".")[2]
    assert found == ("string" if name == "BackendState.String" else expected)


def snake_case(name: str) -> str:
    """`NewL3n4AddrID` → `new_l3n4_addr_id`: abbreviations are one word each."""
    words = re.findall("SVC|ID|IPv6|L7LB|UInt16|L3n4|L4|[A-Z][a-z]+", name)
    assert "".join(words) == name
    return "_".join(words).lower()


def test_every_constant_of_a_family_is_in_the_index() -> None:
    families = {path.rpartition(".")[0] for path in CONSTANTS.values()} - {""}
    assert len(families) == 7
    for family in families:
        members = {str(member.name) for member in getattr(loadbalancer, family)}
        named = {path for path in CONSTANTS.values() if path.startswith(f"{family}.")}
        assert named == {f"{family}.{member}" for member in members}
