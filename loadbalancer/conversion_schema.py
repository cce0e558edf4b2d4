"""The conversion of JSON as a Pydantic core schema, from wire values to domain objects.

Checking a payload is Pydantic's work and so is building an object. Where nobody wants to see
the wire models in between, both are one step here: the schema checks what the fields of the
generated models check, and hands the values to the conversion rules.

A payload that is refused here is looked at again by way of the wire models, which say what
is wrong with it: errors have one wording.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from . import models
from .backend import Backend
from .conversion_rules import backend_fields, frontend_fields, service_fields
from .domain_model import DomainModel, all_fields_set, assemble
from .service import SVC
from .wire import WireModel

__all__ = ["service_schema", "spec_schema", "validator"]


def validator(schema: CoreSchema) -> SchemaValidator:
    """A validator of just this schema."""
    # Left to itself Pydantic takes the validator of the class `Backend` for whatever makes one.
    return SchemaValidator(schema, _use_prebuilt=False)


def spec_schema() -> CoreSchema:
    """A ServiceSpec → `SVC`."""
    backend = _made(Backend, _plain(models.BackendAddress), backend_fields)
    return _made(SVC, _spec(backend), _service_fields)


def _service_fields(
    frontend_address: dict[str, Any],
    backend_addresses: list[Backend] | None = None,
    flags: dict[str, Any] | None = None,
    id: int | None = None,
    update_services: bool | None = None,
) -> dict[str, Any]:
    frontend = frontend_fields(**frontend_address)
    return service_fields(frontend, backend_addresses or [], flags, id, assemble)


def service_schema() -> CoreSchema:
    """A Service → `SVC`: of what is realized, if anything is, else of the spec.

    The spec beside what is realized is checked and dropped.
    """
    checked_spec = core_schema.nullable_schema(_spec(_plain(models.BackendAddress)))
    realized = _object({"realized": spec_schema()}, {})
    not_realized = core_schema.nullable_schema(_object({}, {"realized": core_schema.none_schema()}))
    return core_schema.union_schema(
        [
            core_schema.no_info_after_validator_function(
                lambda service: service["status"]["realized"],
                _object({"status": realized}, {"spec": checked_spec}),
            ),
            core_schema.no_info_after_validator_function(
                lambda service: service["spec"],
                _object({"spec": spec_schema()}, {"status": not_realized}),
            ),
        ],
        mode="left_to_right",
    )


def _made(
    cls: type[DomainModel],
    values: CoreSchema,
    fields_of: Callable[..., dict[str, Any]],
) -> CoreSchema:
    """An instance of a domain class, its fields those that a rule makes of wire values."""
    fields_set = all_fields_set(cls)
    parts = core_schema.no_info_after_validator_function(
        lambda wire: (fields_of(**wire), None, fields_set), values
    )
    return core_schema.model_schema(cls, parts)


def _spec(backend: CoreSchema) -> CoreSchema:
    """The values of a ServiceSpec with its backends read as told."""
    nullable = core_schema.nullable_schema
    return _plain(
        models.ServiceSpec,
        frontend_address=_plain(models.FrontendAddress),
        flags=nullable(_plain(models.ServiceSpecFlags)),
        backend_addresses=nullable(core_schema.list_schema(backend)),
    )


def _plain(model: type[WireModel], **others: CoreSchema) -> CoreSchema:
    """The values of a wire model that are there, in a dictionary and no instance of it.

    They are called as the attributes of the model are. `others` are read as told instead.
    """
    fields: Any = model.__pydantic_core_schema__
    while fields["type"] != "model-fields":
        fields = fields["schema"]
    read: dict[str, core_schema.TypedDictField] = {}
    for name, field in fields["fields"].items():
        schema: Any = field["schema"]
        required = schema["type"] != "default"
        value: Any = schema if required else schema["schema"]
        read[name] = core_schema.typed_dict_field(
            others.get(name) or value,
            required=required,
            validation_alias=field.get("validation_alias", name),
        )
    return core_schema.typed_dict_schema(read)


def _object(required: dict[str, CoreSchema], optional: dict[str, CoreSchema]) -> CoreSchema:
    field = core_schema.typed_dict_field
    return core_schema.typed_dict_schema(
        {name: field(schema, required=True) for name, schema in required.items()}
        | {name: field(schema, required=False) for name, schema in optional.items()}
    )
