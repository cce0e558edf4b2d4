"""Cilium's load-balancer types in Python: domain types, wire models, and the ways between.

The names are those of Go's `pkg/loadbalancer`; `go_names` lists them side by side.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import models as models
    from . import schemas as schemas
    from .domain.addr_cluster import AddrCluster
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
    from .domain.cidr import CIDR, parse_cidr
    from .domain.identity import address_order, identity
    from .domain.l3n4 import L3n4Addr, L3n4AddrID, Scope, new_l3n4_addr, new_l3n4_addr_id
    from .domain.l4 import ALL_PROTOCOLS, L4Addr, L4Type, new_l4_addr, new_l4_type
    from .domain.scalars import ID, BackendID, FEPortName, Preferred, ServiceID
    from .domain.service import SVC, ServiceName
    from .domain.service_flags import ServiceFlagBit, ServiceFlags, SvcFlagParam, new_svc_flag
    from .domain.service_type import SVCNatPolicy, SVCTrafficPolicy, SVCType
    from .domain.text_forms import in_words
    from .dumps.dump import Dump
    from .dumps.json_text.streaming import iter_services
    from .dumps.notes import DumpProblem, Note
    from .dumps.reading import read_dump, read_dumps
    from .dumps.writing import LossyError, UnsaidError, lossy_facts, unsaid_facts, write_dump
    from .dumps.yaml_text import YamlMissingError
    from .errors import (
        AddressError,
        BackendStateError,
        ConversionError,
        L4ProtocolError,
        LoadBalancerError,
    )
    from .go_index import go_names
    from .releases import Release, ReleaseError
    from .wire.converters import (
        new_backend_from_backend_model,
        new_l3n4_addr_from_backend_model,
        new_l3n4_addr_from_model,
        new_svc_from_model,
        new_svc_from_service,
    )
    from .wire.refusals import conversion_errors
    from .wire.services import (
        dump_service,
        dump_services,
        load_service,
        load_service_spec,
        load_services,
    )

__version__ = "0.1.0"

# Where each name is defined. A module is loaded when one of its names is first asked for:
# Pydantic takes its time to build a class, and few programs need them all.
_NAMES_OF_MODULES = {
    "domain.addr_cluster": "AddrCluster",
    "domain.backend": "Backend DEFAULT_BACKEND_WEIGHT new_backend new_backend_with_state",
    "domain.backend_state": (
        "BackendState BackendStateFlags get_backend_state get_backend_state_from_flags "
        "is_valid_backend_state is_valid_state_transition new_backend_flags"
    ),
    "wire.services": "dump_service dump_services load_service load_service_spec load_services",
    "domain.cidr": "CIDR parse_cidr",
    "wire.refusals": "conversion_errors",
    "wire.converters": (
        "new_backend_from_backend_model new_l3n4_addr_from_backend_model "
        "new_l3n4_addr_from_model new_svc_from_model new_svc_from_service"
    ),
    "errors": "AddressError BackendStateError ConversionError L4ProtocolError LoadBalancerError",
    "go_index": "go_names",
    "domain.identity": "address_order identity",
    "domain.l3n4": "L3n4Addr L3n4AddrID Scope new_l3n4_addr new_l3n4_addr_id",
    "domain.l4": "ALL_PROTOCOLS L4Addr L4Type new_l4_addr new_l4_type",
    "domain.scalars": "BackendID FEPortName ID Preferred ServiceID",
    "domain.service": "SVC ServiceName",
    "domain.service_flags": "ServiceFlagBit ServiceFlags SvcFlagParam new_svc_flag",
    "domain.text_forms": "in_words",
    "dumps.dump": "Dump",
    "dumps.notes": "DumpProblem Note",
    "dumps.reading": "read_dump read_dumps",
    "releases": "Release ReleaseError",
    "dumps.writing": "LossyError UnsaidError lossy_facts unsaid_facts write_dump",
    "dumps.yaml_text": "YamlMissingError",
    "dumps.json_text.streaming": "iter_services",
    "domain.service_type": "SVCNatPolicy SVCTrafficPolicy SVCType",
}
_MODULE_OF_NAME = {
    name: module for module, names in _NAMES_OF_MODULES.items() for name in names.split()
}
_SUBPACKAGES = ("models", "schemas")

__all__ = [
    "ALL_PROTOCOLS",
    "CIDR",
    "DEFAULT_BACKEND_WEIGHT",
    "ID",
    "SVC",
    "AddrCluster",
    "AddressError",
    "Backend",
    "BackendID",
    "BackendState",
    "BackendStateError",
    "BackendStateFlags",
    "ConversionError",
    "Dump",
    "DumpProblem",
    "FEPortName",
    "L3n4Addr",
    "L3n4AddrID",
    "L4Addr",
    "L4ProtocolError",
    "L4Type",
    "LoadBalancerError",
    "LossyError",
    "Note",
    "Preferred",
    "Release",
    "ReleaseError",
    "SVCNatPolicy",
    "SVCTrafficPolicy",
    "SVCType",
    "Scope",
    "ServiceFlagBit",
    "ServiceFlags",
    "ServiceID",
    "ServiceName",
    "SvcFlagParam",
    "UnsaidError",
    "YamlMissingError",
    "address_order",
    "conversion_errors",
    "dump_service",
    "dump_services",
    "get_backend_state",
    "get_backend_state_from_flags",
    "go_names",
    "identity",
    "in_words",
    "is_valid_backend_state",
    "is_valid_state_transition",
    "iter_services",
    "load_service",
    "load_service_spec",
    "load_services",
    "lossy_facts",
    "models",
    "new_backend",
    "new_backend_flags",
    "new_backend_from_backend_model",
    "new_backend_with_state",
    "new_l3n4_addr",
    "new_l3n4_addr_from_backend_model",
    "new_l3n4_addr_from_model",
    "new_l3n4_addr_id",
    "new_l4_addr",
    "new_l4_type",
    "new_svc_flag",
    "new_svc_from_model",
    "new_svc_from_service",
    "parse_cidr",
    "read_dump",
    "read_dumps",
    "schemas",
    "unsaid_facts",
    "write_dump",
]


def _python_name(name: str) -> str:
    """The hint for a function by its Go name: `IsValidStateTransition`."""
    if not name[:1].isupper():
        return ""
    found: Any = import_module(".go_index", __name__).go_names.get(name)
    python = getattr(found, "__name__", "")
    return f": the Go function {name} is {python} here" if python in __all__ else ""


# Out of sight of type checkers, to which every name would be one otherwise.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _SUBPACKAGES:
            return import_module(f".{name}", __name__)
        try:
            module = _MODULE_OF_NAME[name]
        except KeyError:
            raise AttributeError(
                f"module {__name__!r} has no attribute {name!r}{_python_name(name)}"
            ) from None
        value = getattr(import_module(f".{module}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
