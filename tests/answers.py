"""The library's own answers to the cases of the vector files, one function for each file.

Each takes a row, of which it reads the questions alone, and returns the whole row as it ought
to be, questions included.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar, cast

from pydantic import ValidationError

from loadbalancer import (
    AddrCluster,
    AddressError,
    BackendState,
    BackendStateError,
    ConversionError,
    L3n4Addr,
    L4ProtocolError,
    L4Type,
    Scope,
    ServiceFlags,
    SvcFlagParam,
    SVCNatPolicy,
    SVCType,
    get_backend_state,
    get_backend_state_from_flags,
    is_valid_backend_state,
    is_valid_state_transition,
    models,
    new_backend_flags,
    new_backend_from_backend_model,
    new_l3n4_addr,
    new_l3n4_addr_from_model,
    new_l4_type,
    new_svc_flag,
    new_svc_from_model,
)
from loadbalancer.wire.model import WireModel

from .support import Row

W = TypeVar("W", bound=WireModel)


def addr_cluster(row: Row) -> Row:
    text = row["text"]
    try:
        addr = AddrCluster.parse(text)
    except AddressError:
        return {"text": text, "ok": False}
    # The address of the row has the zone with it, that of the library has not.
    without_zone = ip_address(row["addr"].partition("%")[0])
    return {
        "text": text,
        "ok": True,
        "string": str(addr),
        "addr": row["addr"] if addr.addr == without_zone else addr.addr,
        "zone": addr.zone,
        "cluster_id": addr.cluster_id,
        "is4": addr.is4,
        "is6": addr.is6,
        "is_unspecified": addr.is_unspecified,
        "as20": addr.as20().hex(),
    }


def addr_order(row: Row) -> Row:
    a, b = AddrCluster.parse(row["a"]), AddrCluster.parse(row["b"])
    return {"a": row["a"], "b": row["b"], "less": a < b, "equal": a == b}


def l3n4addr(row: Row) -> Row:
    addr = addr_of_row(row)
    return {
        "protocol": addr.protocol.value,
        "addr": row["addr"],
        "port": addr.port,
        "scope": int(addr.scope),
        "string": str(addr),
        "string_id": addr.string_id(),
        "string_with_protocol": addr.string_with_protocol(),
        "is_ipv6": addr.is_ipv6,
        "hash": addr.hash().hex(),
        "model_json": addr.get_model().model_dump_json(),
    }


def addr_of_row(row: Row) -> L3n4Addr:
    addr = AddrCluster.parse(row["addr"])
    return new_l3n4_addr(L4Type(row["protocol"]), addr, row["port"], Scope(row["scope"]))


def service_flags(row: Row) -> Row:
    flags = ServiceFlags(row["flags"])
    return {
        "flags": flags.uint16(),
        "string": str(flags),
        "svc_type": flags.svc_type.value,
        "ext_traffic_policy": flags.svc_ext_traffic_policy.value,
        "int_traffic_policy": flags.svc_int_traffic_policy.value,
        "nat_policy_ipv4": flags.svc_nat_policy(addr_of("10.0.0.1")).value,
        "nat_policy_ipv6": flags.svc_nat_policy(addr_of("fd00::1")).value,
        "is_l7lb": flags.is_l7lb,
    }


def addr_of(text: str) -> L3n4Addr:
    return L3n4Addr(addr_cluster=AddrCluster.parse(text))


def svc_flag_param(row: Row) -> Row:
    inputs = {key: value for key, value in row.items() if key not in ("flags", "string")}
    enums: Row = {
        "svc_type": SVCType(row["svc_type"]),
        "svc_nat_policy": SVCNatPolicy(row["svc_nat_policy"]),
    }
    flags = new_svc_flag(SvcFlagParam(**{**inputs, **enums}))
    return {**inputs, "flags": flags.uint16(), "string": str(flags)}


def states_and_protocols(row: Row) -> Row:
    return {"kind": row["kind"], **KINDS[row["kind"]](row)}


def transition(row: Row) -> Row:
    old, new = row["old"], row["new"]
    return {"old": old, "new": new, "valid": is_valid_state_transition(old, new)}


def parsed_state(row: Row) -> Row:
    text = row["text"]
    valid = is_valid_backend_state(text)
    try:
        state = get_backend_state(text)
    except BackendStateError as error:
        invalid = int(BackendState.INVALID)
        return {"text": text, "ok": False, "state": invalid, "valid": valid, "error": str(error)}
    return {"text": text, "ok": True, "state": int(state), "valid": valid, "error": None}


def state_string(row: Row) -> Row:
    number = row["state"]
    try:
        # Go's type holds any byte. Here a number of no state never gets to be a state.
        state = BackendState(number)
    except ValueError:
        return {"state": number, "ok": False, "string": None, "error": row["error"]}
    try:
        word = state.string()
    except BackendStateError as error:
        return {"state": number, "ok": False, "string": None, "error": str(error)}
    return {"state": number, "ok": True, "string": word, "error": None}


def state_flags(row: Row) -> Row:
    flags = new_backend_flags(row["state"])
    back = get_backend_state_from_flags(flags)
    return {"state": row["state"], "flags": int(flags), "state_from_flags": int(back)}


def protocol(row: Row) -> Row:
    text = row["text"]
    try:
        l4_type = new_l4_type(text)
    except L4ProtocolError as error:
        return {"text": text, "ok": False, "type": None, "error": str(error)}
    return {"text": text, "ok": True, "type": l4_type.value, "error": None}


KINDS: dict[str, Callable[[Row], Row]] = {
    "transition": transition,
    "parse": parsed_state,
    "string": state_string,
    "flags": state_flags,
    "l4type": protocol,
}


def frontend(row: Row) -> Row:
    def answer(wire: models.FrontendAddress) -> Row:
        addr = cast(L3n4Addr, new_l3n4_addr_from_model(wire))
        return {
            "string": str(addr),
            "string_with_protocol": addr.string_with_protocol(),
            "protocol": addr.protocol.value,
            "port": addr.port,
            "scope": int(addr.scope),
            "is_ipv6": addr.is_ipv6,
            "model_json": addr.get_model().model_dump_json(),
        }

    return converted(row, models.FrontendAddress, answer)


def backend(row: Row) -> Row:
    def answer(wire: models.BackendAddress) -> Row:
        result = new_backend_from_backend_model(wire)
        return {
            "string": str(result),
            "node_name": result.node_name,
            "port": result.port,
            "protocol": result.protocol.value,
            "state": result.state.string(),
            "weight": result.weight,
            "preferred": result.preferred,
            "model_json": result.get_backend_model().model_dump_json(),
        }

    return converted(row, models.BackendAddress, answer)


def service_spec(row: Row) -> Row:
    def answer(wire: models.ServiceSpec) -> Row:
        return {"model_json": new_svc_from_model(wire).get_model().model_dump_json()}

    return converted(row, models.ServiceSpec, answer)


def converted(row: Row, model: type[W], answer: Callable[[W], Row]) -> Row:
    text = row["payload"]
    try:
        wire = model.model_validate_json(text)
    except ValidationError:
        return {"payload": text, "stage": "wire"}
    try:
        facts = answer(wire)
    except ConversionError as error:
        # Only a ServiceSpec has two sides.
        part = {"part": error.side} if model is models.ServiceSpec else {}
        return {"payload": text, "stage": "convert", **part, "error": str(error)}
    return {"payload": text, "stage": "ok", **facts}


ANSWERS: dict[str, Callable[[Row], Row]] = {
    "addr_cluster": addr_cluster,
    "addr_order": addr_order,
    "backend": backend,
    "frontend": frontend,
    "l3n4addr": l3n4addr,
    "service_flags": service_flags,
    "service_spec": service_spec,
    "states_and_protocols": states_and_protocols,
    "svc_flag_param": svc_flag_param,
}
