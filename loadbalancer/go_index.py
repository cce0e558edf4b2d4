"""The documentation index of Go's `pkg/loadbalancer` (Cilium 1.13), identifier by identifier."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from .domain.backend import DEFAULT_BACKEND_WEIGHT, Backend, new_backend, new_backend_with_state
from .domain.backend_state import (
    BackendState,
    BackendStateFlags,
    get_backend_state,
    get_backend_state_from_flags,
    is_valid_backend_state,
    is_valid_state_transition,
    new_backend_flags,
)
from .domain.l3n4 import L3n4Addr, L3n4AddrID, Scope, new_l3n4_addr, new_l3n4_addr_id
from .domain.l4 import ALL_PROTOCOLS, L4Addr, L4Type, new_l4_addr, new_l4_type
from .domain.scalars import ID, BackendID, FEPortName, Preferred, ServiceID
from .domain.service import SVC, ServiceName
from .domain.service_flags import ServiceFlags, SvcFlagParam, new_svc_flag
from .domain.service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType
from .wire import converters as conv

__all__ = ["go_names"]


def _constants() -> dict[str, Any]:
    families: dict[str, Any] = {
        "SVCType": SVCType,
        "SVCTrafficPolicy": SVCTrafficPolicy,
        "SVCNatPolicy": SVCNatPolicy,
    }
    names = {
        prefix + ("None" if member.name == "NONE" else member.name): member
        for prefix, family in families.items()
        for member in family
    }
    names |= {protocol.name: protocol for protocol in L4Type}
    names |= {f"Scope{scope.name.title()}": scope for scope in Scope}
    names |= {f"BackendState{state.name.title()}": state for state in BackendState}
    names |= {f"BackendState{flag.name.title()}Flag": flag for flag in BackendStateFlags}
    return names


go_names: MappingProxyType[str, Any] = MappingProxyType(
    {
        **_constants(),
        "DefaultBackendWeight": DEFAULT_BACKEND_WEIGHT,
        "AllProtocols": ALL_PROTOCOLS,
        "IsValidBackendState": is_valid_backend_state,
        "IsValidStateTransition": is_valid_state_transition,
        "Backend": Backend,
        "NewBackend": new_backend,
        "NewBackendFromBackendModel": conv.new_backend_from_backend_model,
        "NewBackendWithState": new_backend_with_state,
        "Backend.DeepCopy": Backend.deep_copy,
        "Backend.DeepCopyInto": Backend.deep_copy_into,
        "Backend.GetBackendModel": Backend.get_backend_model,
        "Backend.String": Backend.__str__,
        "BackendID": BackendID,
        "BackendState": BackendState,
        "GetBackendState": get_backend_state,
        "GetBackendStateFromFlags": get_backend_state_from_flags,
        "BackendState.String": BackendState.string,
        "BackendStateFlags": BackendStateFlags,
        "NewBackendFlags": new_backend_flags,
        "FEPortName": FEPortName,
        "ID": ID,
        "L3n4Addr": L3n4Addr,
        "NewL3n4Addr": new_l3n4_addr,
        "NewL3n4AddrFromBackendModel": conv.new_l3n4_addr_from_backend_model,
        "NewL3n4AddrFromModel": conv.new_l3n4_addr_from_model,
        "L3n4Addr.DeepCopy": L3n4Addr.deep_copy,
        "L3n4Addr.DeepCopyInto": L3n4Addr.deep_copy_into,
        "L3n4Addr.DeepEqual": L3n4Addr.__eq__,
        "L3n4Addr.GetModel": L3n4Addr.get_model,
        "L3n4Addr.Hash": L3n4Addr.hash,
        "L3n4Addr.IsIPv6": L3n4Addr.is_ipv6,
        "L3n4Addr.String": L3n4Addr.__str__,
        "L3n4Addr.StringID": L3n4Addr.string_id,
        "L3n4Addr.StringWithProtocol": L3n4Addr.string_with_protocol,
        "L3n4AddrID": L3n4AddrID,
        "NewL3n4AddrID": new_l3n4_addr_id,
        "L3n4AddrID.DeepCopy": L3n4AddrID.deep_copy,
        "L3n4AddrID.DeepCopyInto": L3n4AddrID.deep_copy_into,
        "L3n4AddrID.DeepEqual": L3n4AddrID.__eq__,
        "L3n4AddrID.IsIPv6": L3n4AddrID.is_ipv6,
        "L4Addr": L4Addr,
        "NewL4Addr": new_l4_addr,
        "L4Addr.DeepCopy": L4Addr.deep_copy,
        "L4Addr.DeepCopyInto": L4Addr.deep_copy_into,
        "L4Addr.DeepEqual": L4Addr.__eq__,
        "L4Type": L4Type,
        "NewL4Type": new_l4_type,
        "Preferred": Preferred,
        "SVC": SVC,
        "SVC.DeepCopy": SVC.deep_copy,
        "SVC.DeepCopyInto": SVC.deep_copy_into,
        "SVC.GetModel": SVC.get_model,
        "SVCNatPolicy": SVCNatPolicy,
        "SVCTrafficPolicy": SVCTrafficPolicy,
        "SVCType": SVCType,
        "ServiceFlags": ServiceFlags,
        "NewSvcFlag": new_svc_flag,
        "ServiceFlags.IsL7LB": ServiceFlags.is_l7lb,
        "ServiceFlags.SVCExtTrafficPolicy": ServiceFlags.svc_ext_traffic_policy,
        "ServiceFlags.SVCIntTrafficPolicy": ServiceFlags.svc_int_traffic_policy,
        "ServiceFlags.SVCNatPolicy": ServiceFlags.svc_nat_policy,
        "ServiceFlags.SVCType": ServiceFlags.svc_type,
        "ServiceFlags.String": ServiceFlags.__str__,
        "ServiceFlags.UInt16": ServiceFlags.uint16,
        "ServiceID": ServiceID,
        "ServiceName": ServiceName,
        "ServiceName.DeepCopy": ServiceName.deep_copy,
        "ServiceName.DeepCopyInto": ServiceName.deep_copy_into,
        "ServiceName.String": ServiceName.__str__,
        "SvcFlagParam": SvcFlagParam,
        "SvcFlagParam.DeepCopy": SvcFlagParam.deep_copy,
        "SvcFlagParam.DeepCopyInto": SvcFlagParam.deep_copy_into,
    }
)
"""Every identifier of the index, methods as `Type.Method`, beside what stands for it here."""
