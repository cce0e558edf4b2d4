"""A Service as any agent prints it → `SVC`, as Pydantic core schemas.

The strict reading (`wire.reading`) follows the models of release 1.13. This one takes the words
of all releases and keeps what it is told: a weight of 0 stays beside any state.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from ..domain.addr_cluster import AddrCluster
from ..domain.backend import Backend
from ..domain.backend_state import BackendState
from ..domain.domain_model import DomainModel, all_fields_set
from ..domain.l3n4 import L3n4AddrID
from ..domain.pydantic_inside import Parts, validator
from ..domain.scalars import UINT16_MAX, UINT32_MAX
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCType
from ..wire.defaults import Fields, backend_defaults, defaults, service_defaults
from ..wire.gc_pause import gc_paused
from ..wire.services import equal_specs
from .vocabulary import LATER_STATES, NAT_POLICIES, POLICIES, PROTOCOLS, SCOPES, STATES, TYPES

__all__ = ["read_services", "read_spec"]

_after = core_schema.no_info_after_validator_function
_TEXT = core_schema.str_schema(strict=True)
_UINT16 = core_schema.int_schema(strict=True, ge=0, le=UINT16_MAX)
_UINT32 = core_schema.int_schema(strict=True, ge=0, le=UINT32_MAX)
_BOOL = core_schema.bool_schema(strict=True)
_NO_FLAGS: Fields = {}
_NOT_SERVING = object()
_BACKEND_STATES = {**STATES, **dict.fromkeys(LATER_STATES, _NOT_SERVING)}


def read_services(data: bytes | str) -> list[SVC]:
    """A JSON list of Service objects → `list[SVC]`.

    Raises:
        pydantic.ValidationError: it is not.
    """
    with gc_paused():
        specs = equal_specs(data)
        if specs is None:
            services: list[SVC] = _read_services().validate_json(data)
            return services
        read = _read_nested_spec().validate_json
        return [read(spec)[0][0][0] for spec in specs]


@cache
def _read_services() -> SchemaValidator:
    return validator(core_schema.list_schema(_service(), fail_fast=True))


@cache
def read_spec() -> SchemaValidator:
    """A ServiceSpec, as JSON or as Python values → `SVC`."""
    return validator(_spec())


@cache
def _read_nested_spec() -> SchemaValidator:
    """`[[[spec]]]`, as `wire.services.equal_specs` gives it → `[[[SVC]]]`."""
    schema = _spec()
    for _ in range(3):
        schema = core_schema.list_schema(schema, min_length=1, max_length=1)
    return validator(schema)


def _service() -> CoreSchema:
    """A Service → `SVC`: of what is realized if anything is, else of the spec.

    The spec beside what is realized has to be right as well.
    """
    spec = _spec()
    field = core_schema.typed_dict_field
    realized = core_schema.typed_dict_schema({"realized": field(spec)})
    nothing = {"realized": field(core_schema.none_schema(), required=False)}
    null = core_schema.nullable_schema(core_schema.typed_dict_schema(nothing))
    beside = field(core_schema.nullable_schema(spec), required=False)
    return core_schema.union_schema(
        [
            _after(
                lambda service: service["status"]["realized"],
                core_schema.typed_dict_schema({"status": field(realized), "spec": beside}),
            ),
            _after(
                lambda service: service["spec"],
                core_schema.typed_dict_schema(
                    {"spec": field(spec), "status": field(null, required=False)}
                ),
            ),
        ],
        mode="left_to_right",
    )


def _spec() -> CoreSchema:
    values = core_schema.typed_dict_schema(
        {
            "frontend": _key("frontend-address", _frontend(), required=True),
            "backends": _key("backend-addresses", core_schema.list_schema(_backend())),
            "flags": _key("flags", _flags()),
            "id": _key("id", _UINT32),
        }
    )
    new_fields, fields_set = service_defaults().copy, all_fields_set(SVC)

    def parts(values: Fields) -> Parts:
        frontend = values["frontend"]
        # The id is not in the frontend's JSON; the frontend has just been made for this.
        frontend.__dict__["id"] = values.get("id") or 0
        fields = new_fields()
        fields |= values.get("flags") or _NO_FLAGS
        fields["frontend"] = frontend
        fields["backends"] = values.get("backends") or []
        fields["load_balancer_source_ranges"] = []
        fields["l7lb_frontend_ports"] = []
        return fields, None, fields_set

    return _made(SVC, values, parts)


def _frontend() -> CoreSchema:
    values = core_schema.typed_dict_schema(
        {
            "addr_cluster": _key("ip", _address(), required=True),
            "port": _key("port", _UINT16),
            "protocol": _key("protocol", _word(PROTOCOLS)),
            "scope": _key("scope", _word(SCOPES)),
        }
    )
    return _filled(L3n4AddrID, values, defaults(L3n4AddrID))


def _backend() -> CoreSchema:
    values = core_schema.typed_dict_schema(
        {
            "addr_cluster": _key("ip", _address(), required=True),
            "port": _key("port", _UINT16),
            "protocol": _key("protocol", _word(PROTOCOLS)),
            "weight": _key("weight", _UINT16),
            "node_name": _key("nodeName", _TEXT),
            "zone": _key("zone", _TEXT),
            "state": _key("state", _word(_BACKEND_STATES)),
            "preferred": _key("preferred", _BOOL),
        }
    )
    new_fields, fields_set = backend_defaults().copy, all_fields_set(Backend)

    def parts(values: Fields) -> Parts:
        fields = new_fields()
        fields |= _without_nulls(values)
        if fields["state"] is _NOT_SERVING:
            fields |= {"state": BackendState.TERMINATING, "serving": False}
        return fields, None, fields_set

    return _made(Backend, values, parts)


def _flags() -> CoreSchema:
    """ServiceSpecFlags → the fields of an `SVC` that are there."""
    values = core_schema.typed_dict_schema(
        {
            "type": _key("type", _word(TYPES)),
            "node_port": _key("node-port", _BOOL),
            "traffic_policy": _key("trafficPolicy", _word(POLICIES)),
            "ext_traffic_policy": _key("extTrafficPolicy", _word(POLICIES)),
            "int_traffic_policy": _key("intTrafficPolicy", _word(POLICIES)),
            "nat_policy": _key("natPolicy", _word(NAT_POLICIES)),
            "health_check_node_port": _key("healthCheckNodePort", _UINT16),
            "name": _key("name", _TEXT),
            "namespace": _key("namespace", _TEXT),
            "cluster": _key("cluster", _TEXT),
        }
    )
    new_name = validator(core_schema.model_schema(ServiceName, core_schema.any_schema()))
    fields_set = all_fields_set(ServiceName)

    def fields_of(values: Fields) -> Fields:
        values = _without_nulls(values)
        if (policy := values.pop("traffic_policy", None)) is not None:
            values.setdefault("ext_traffic_policy", policy)
        if values.pop("node_port", False):
            values.setdefault("type", SVCType.NodePort)
        if "name" in values or "namespace" in values or "cluster" in values:
            name = {
                "namespace": values.pop("namespace", ""),
                "name": values.pop("name", ""),
                "cluster": values.pop("cluster", ""),
            }
            values["name"] = new_name.validate_python((name, None, fields_set))
        return values

    return _after(fields_of, values)


def _filled(cls: type[DomainModel], values: CoreSchema, absent: Fields) -> CoreSchema:
    """An instance of a class, of the values that are there and what the others are if absent."""
    new_fields, fields_set = absent.copy, all_fields_set(cls)

    def parts(values: Fields) -> Parts:
        fields = new_fields()
        fields |= _without_nulls(values)
        return fields, None, fields_set

    return _made(cls, values, parts)


def _made(cls: type[DomainModel], values: CoreSchema, parts: Any) -> CoreSchema:
    return core_schema.model_schema(cls, _after(parts, values))


def _key(name: str, schema: CoreSchema, *, required: bool = False) -> core_schema.TypedDictField:
    """A key of a JSON object; unless it is required, null is as good as absent."""
    return core_schema.typed_dict_field(
        schema if required else core_schema.nullable_schema(schema),
        required=required,
        validation_alias=name,
    )


def _word(words: Mapping[Any, Any]) -> CoreSchema:
    return _after(_Words(words).__getitem__, _TEXT)


class _Words(dict[str, Any]):
    """The values of words. A look-up is no call of a Python function, but for an unknown word."""

    def __missing__(self, word: str) -> Any:
        raise ValueError(f"unknown word {word!r}, expected one of {', '.join(self)}")


def _address() -> CoreSchema:
    return _after(AddrCluster.parse, _TEXT)


def _without_nulls(values: Fields) -> Fields:
    if None in values.values():
        return {name: value for name, value in values.items() if value is not None}
    return values
