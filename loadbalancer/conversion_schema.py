"""The conversion of a payload as a Pydantic core schema, from wire values to domain objects.

Checking a payload is Pydantic's work and so is building an object. Where nobody wants to see
the wire models in between, both are one step here: the schema checks what the fields of the
generated models check, and hands the values to the conversion rules. The converters run a
`BackendAddress` through the same schema.

A payload that is refused here is looked at again by way of the wire models, which say what
is wrong with it: errors have one wording.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from . import models
from .addr_cluster import AddrCluster
from .backend import DEFAULT_BACKEND_WEIGHT, Backend
from .backend_state import BackendState
from .conversion_rules import STATES, frontend_fields, service
from .l3n4 import Scope
from .l4 import L4Type
from .service import SVC
from .wire import WireModel

__all__ = ["backend_schema", "service_schema", "spec_schema", "validator"]

Keys = Literal["wire", "attribute"]
"""What the values are called: by the keys of JSON, or by the attributes of a wire model."""


def validator(schema: CoreSchema) -> SchemaValidator:
    """A validator of just this schema."""
    # Left to itself Pydantic takes the validator of the class `Backend` for whatever makes one.
    return SchemaValidator(schema, _use_prebuilt=False)


def backend_schema(keys: Keys = "wire") -> CoreSchema:
    """A BackendAddress → `Backend`.

    A weight of 0 means maintenance whatever the state says, so there are two shapes of
    backends, tried in this order: those of some weight, and those of weight 0.
    """
    wire = _wire_fields(models.BackendAddress)
    state = _value(wire["state"])
    some_weight: Any = {**_value(wire["weight"]), "ge": 1}
    no_weight: Any = {**_value(wire["weight"]), "le": 0}
    weighted = _backend_shape(
        keys,
        weight=_or_default(some_weight, DEFAULT_BACKEND_WEIGHT),
        state=_or_default(_after(STATES.__getitem__, state), BackendState.ACTIVE),
    )
    weightless = _backend_shape(
        keys,
        weight=no_weight,
        state=_or_default(
            _after(lambda _: BackendState.MAINTENANCE, state), BackendState.MAINTENANCE
        ),
    )
    return core_schema.union_schema([weighted, weightless], mode="left_to_right")


def _backend_shape(keys: Keys, weight: CoreSchema, state: CoreSchema) -> CoreSchema:
    wire = _wire_fields(models.BackendAddress)

    def read(name: str, schema: CoreSchema) -> core_schema.ModelField:
        key = name if keys == "attribute" else wire[name].get("validation_alias", name)
        return core_schema.model_field(schema, validation_alias=key)

    fields = {
        "addr_cluster": read("ip", _after(AddrCluster.parse, _value(wire["ip"]))),
        "port": read("port", _or_default(_value(wire["port"]), 0)),
        "weight": read("weight", weight),
        "node_name": read("node_name", _or_default(_value(wire["node_name"]), "")),
        "state": read("state", state),
        "preferred": read("preferred", _or_default(_value(wire["preferred"]), False)),
        # What the wire does not tell of.
        "protocol": _constant(L4Type.NONE),
        "scope": _constant(Scope.EXTERNAL),
        "fe_port_name": _constant(""),
        "id": _constant(0),
    }
    # In the order of the class: Pydantic prints and writes the fields as it finds them.
    ordered = {name: fields[name] for name in Backend.model_fields}
    return core_schema.model_schema(Backend, core_schema.model_fields_schema(ordered))


def spec_schema() -> CoreSchema:
    """A ServiceSpec in JSON → `SVC`."""
    return _after(_service, _spec_shape(backend_schema()))


def _service(spec: dict[str, Any]) -> SVC:
    get = spec.get
    frontend = frontend_fields(spec["frontend_address"])
    return service(frontend, get("backend_addresses") or [], get("flags"), get("id"))


def service_schema() -> CoreSchema:
    """A Service in JSON → `SVC`: of what is realized, if anything is, else of the spec.

    The spec beside what is realized is checked and dropped.
    """
    spec = _spec_shape(_plain(models.BackendAddress))
    realized = _after(
        lambda service: service["status"]["realized"],
        _object({"status": _object({"realized": spec_schema()}, {})}, {"spec": _or_null(spec)}),
    )
    no_realized = _object({}, {"realized": core_schema.none_schema()})
    unrealized = _after(
        lambda service: service["spec"],
        _object({"spec": spec_schema()}, {"status": _or_null(no_realized)}),
    )
    return core_schema.union_schema([realized, unrealized], mode="left_to_right")


def _spec_shape(backend: CoreSchema) -> CoreSchema:
    """The values of a ServiceSpec with its backends read as told."""
    return _plain(
        models.ServiceSpec,
        frontend_address=_plain(models.FrontendAddress),
        flags=_or_null(_plain(models.ServiceSpecFlags)),
        backend_addresses=_or_null(core_schema.list_schema(backend)),
    )


def _plain(model: type[WireModel], **others: CoreSchema) -> CoreSchema:
    """The values of a wire model that are there, in a dictionary and no instance of it."""
    fields: dict[str, core_schema.TypedDictField] = {}
    for name, field in _wire_fields(model).items():
        schema: Any = field["schema"]
        required = schema["type"] != "default"
        value: Any = schema if required else schema["schema"]
        fields[name] = core_schema.typed_dict_field(
            others.get(name, value),
            required=required,
            validation_alias=field.get("validation_alias", name),
        )
    return core_schema.typed_dict_schema(fields)


def _wire_fields(model: type[WireModel]) -> dict[str, core_schema.ModelField]:
    """The fields of a wire model as Pydantic checks them, by attribute name."""
    schema: Any = model.__pydantic_core_schema__
    while schema["type"] != "model-fields":
        schema = schema["schema"]
    fields: dict[str, core_schema.ModelField] = schema["fields"]
    return fields


def _value(field: core_schema.ModelField) -> Any:
    """The schema of a wire field's value, where there is one."""
    schema: Any = field["schema"]
    while schema["type"] in ("default", "nullable"):
        schema = schema["schema"]
    return schema


def _after(convert: Callable[[Any], Any], schema: CoreSchema) -> CoreSchema:
    return core_schema.no_info_after_validator_function(convert, schema)


def _or_default(schema: CoreSchema, default: object) -> CoreSchema:
    """A value, or a default where it is absent or null."""
    null = _after({None: default}.__getitem__, core_schema.none_schema())
    either = core_schema.union_schema([schema, null], mode="left_to_right")
    return core_schema.with_default_schema(either, default=default)


def _constant(value: object) -> core_schema.ModelField:
    """A field that no key of a payload can set."""
    schema = core_schema.with_default_schema(core_schema.literal_schema([value]), default=value)
    return core_schema.model_field(schema, validation_alias=" ")


def _or_null(schema: CoreSchema) -> CoreSchema:
    return core_schema.nullable_schema(schema)


def _object(required: dict[str, CoreSchema], optional: dict[str, CoreSchema]) -> CoreSchema:
    field = core_schema.typed_dict_field
    return core_schema.typed_dict_schema(
        {name: field(schema, required=True) for name, schema in required.items()}
        | {name: field(schema, required=False) for name, schema in optional.items()}
    )
