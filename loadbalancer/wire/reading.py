"""The conversion of wire JSON to domain objects, as Pydantic core schemas.

Checking a payload is Pydantic's work and so is building an object: a schema reads the JSON of a
wire model straight into the fields of a domain class, and checks all that the generated models
check. It only tells good values from others: what is wrong is for the models to say, and for
`refusals`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, NoReturn, cast

from pydantic_core import CoreSchema, PydanticOmit, core_schema

from .. import models
from ..domain.addr_cluster import AddrCluster
from ..domain.backend import Backend
from ..domain.backend_state import BackendState
from ..domain.domain_model import DomainModel, all_fields_set
from ..domain.l3n4 import L3n4Addr, L3n4AddrID
from ..domain.pydantic_inside import Parts, maker, wire_fields
from ..domain.scalars import UINT32_MAX
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCTrafficPolicy, SVCType
from .defaults import (
    Fields,
    backend_defaults,
    defaults,
    service_defaults,
)
from .model import WireModel
from .words import NAT_POLICIES, PROTOCOLS, SCOPES, STATES

__all__ = ["Reading"]

_after = core_schema.no_info_after_validator_function
_MAINTENANCE = BackendState.MAINTENANCE


class _Field(NamedTuple):
    """A field of a wire model, by its attribute, and how its value is converted."""

    attribute: str
    convert: Callable[[CoreSchema], CoreSchema] | None = None
    required: bool = False
    schema: CoreSchema | None = None
    """What reads the value, in the place of what the model says."""


class Reading:
    """The schemas by which wire JSON becomes domain objects."""

    def frontend(self, cls: type[L3n4Addr] = L3n4Addr) -> CoreSchema:
        """A FrontendAddress → `L3n4Addr` or a subclass."""
        values = self._values(
            models.FrontendAddress,
            protocol=_Field("protocol", _by(PROTOCOLS)),
            port=_Field("port"),
            addr_cluster=_Field("ip", _address, required=True),
            scope=_Field("scope", _by(SCOPES), required=True),
        )
        absent, fields_set = defaults(cls), all_fields_set(cls)

        def parts(values: Fields) -> Parts:
            return absent | values, None, fields_set

        return self._made(cls, values, parts)

    def backend(self) -> CoreSchema:
        """A BackendAddress → `Backend`."""
        values = self._values(
            models.BackendAddress,
            port=_Field("port"),
            addr_cluster=_Field("ip", _address, required=True),
            weight=_Field("weight"),
            node_name=_Field("node_name"),
            state=_Field("state", _by(STATES)),
            preferred=_Field("preferred"),
        )
        new_fields = backend_defaults().copy
        fields_set = all_fields_set(Backend)

        def parts(values: Fields) -> Parts:
            fields = new_fields()
            fields |= values
            if not fields["weight"]:
                fields["state"] = _MAINTENANCE
            return fields, None, fields_set

        return self._made(Backend, values, parts)

    def spec(self) -> CoreSchema:
        """A ServiceSpec → `SVC`."""
        frontend = self.frontend(L3n4AddrID)
        backends = core_schema.list_schema(self.backend(), fail_fast=True)
        id = core_schema.int_schema(strict=True, ge=0, le=UINT32_MAX)
        values = self._values(
            models.ServiceSpec,
            frontend=_Field("frontend_address", required=True, schema=frontend),
            backends=_Field("backend_addresses", schema=backends),
            flags=_Field("flags", schema=self._flags()),
            id=_Field("id", schema=id),
            update_services=_Field("update_services"),
        )
        new_fields, new_name = service_defaults().copy, _name_maker()
        fields_set = all_fields_set(SVC)

        def parts(values: Fields) -> Parts:
            frontend = values["frontend"]
            if "id" in values:
                # It is not part of the frontend's address, which has just been made for this.
                frontend.__dict__["id"] = values["id"]
            fields = new_fields()
            if flags := values.get("flags"):
                # The deprecated name of the external policy is not read.
                flags.pop("traffic_policy", None)
                if "name" in flags or "namespace" in flags:
                    flags["name"] = new_name(flags.get("name", ""), flags.pop("namespace", ""))
                fields |= flags
            fields["frontend"] = frontend
            fields["backends"] = values.get("backends") or []
            fields["load_balancer_source_ranges"] = []
            fields["l7lb_frontend_ports"] = []
            return fields, None, fields_set

        return self._made(SVC, values, parts)

    def service(self) -> CoreSchema:
        """A Service → `SVC`: of what is realized, if anything is, else of the spec.

        The spec beside what is realized is checked and dropped.
        """
        spec, nullable = self.spec(), core_schema.nullable_schema
        realized = _object({"realized": spec}, {})
        not_realized = nullable(_object({}, {"realized": core_schema.none_schema()}))
        return core_schema.union_schema(
            [
                _after(
                    lambda service: service["status"]["realized"],
                    _object({"status": realized}, {"spec": nullable(self._spec_as_read())}),
                ),
                _after(
                    lambda service: service["spec"],
                    _object({"spec": spec}, {"status": not_realized}),
                ),
            ],
            mode="left_to_right",
        )

    def _spec_as_read(self) -> CoreSchema:
        return self._as_read(
            models.ServiceSpec,
            frontend_address=self._as_read(models.FrontendAddress),
            backend_addresses=core_schema.list_schema(
                self._as_read(models.BackendAddress), fail_fast=True
            ),
            flags=self._as_read(models.ServiceSpecFlags),
        )

    def _as_read(self, model: type[WireModel], **schemas: CoreSchema) -> CoreSchema:
        """The values of a model as they are."""
        taken = {
            name: _Field(name, required=_is_required(field), schema=schemas.get(name))
            for name, field in wire_fields(model).items()
        }
        return self._values(model, **taken)

    def _flags(self) -> CoreSchema:
        """ServiceSpecFlags → the fields of an `SVC` that are there, but for its name."""
        return self._values(
            models.ServiceSpecFlags,
            type=_Field("type", _member(SVCType)),
            ext_traffic_policy=_Field("ext_traffic_policy", _member(SVCTrafficPolicy)),
            int_traffic_policy=_Field("int_traffic_policy", _member(SVCTrafficPolicy)),
            nat_policy=_Field("nat_policy", _by(NAT_POLICIES)),
            health_check_node_port=_Field("health_check_node_port"),
            name=_Field("name"),
            namespace=_Field("namespace"),
            traffic_policy=_Field("traffic_policy"),
        )

    def _values(self, model: type[WireModel], **taken: _Field) -> CoreSchema:
        """The values of a model's fields that are there, as a dictionary by other names."""
        wire = wire_fields(model)
        if wire.keys() != {each.attribute for each in taken.values()}:
            raise TypeError(f"not all fields of {model.__name__} are taken")
        read: dict[str, core_schema.TypedDictField] = {}
        for name, each in taken.items():
            field = wire[each.attribute]
            alias = field.get("validation_alias", each.attribute)
            read[name] = core_schema.typed_dict_field(
                self._value(field, each),
                required=each.required,
                validation_alias=alias,
            )
        return core_schema.typed_dict_schema(read)

    def _made(
        self, cls: type[DomainModel], values: CoreSchema, parts: Callable[[Fields], Parts]
    ) -> CoreSchema:
        """An instance of a domain class, of the parts that a function makes of values."""
        return core_schema.model_schema(cls, _after(parts, values))

    def _value(self, field: core_schema.ModelField, taken: _Field) -> CoreSchema:
        schema = taken.schema or _never_null(field)
        if taken.convert:
            schema = taken.convert(schema)
        if not taken.required:
            null = _after(_omit, core_schema.none_schema())
            schema = core_schema.union_schema([schema, null], mode="left_to_right")
        return schema


def _by(words: Mapping[str, Any]) -> Callable[[CoreSchema], CoreSchema]:
    return lambda schema: _after(words.__getitem__, schema)


def _member(family: type[StrEnum]) -> Callable[[CoreSchema], CoreSchema]:
    """The member whose value the word is: Pydantic finds it without a call, a tenth of a PUT."""

    def members(words: CoreSchema) -> CoreSchema:
        taken = [family(word) for word in cast("core_schema.LiteralSchema", words)["expected"]]
        return core_schema.enum_schema(family, taken, sub_type="str")

    return members


def _name_maker() -> Callable[[str, str], ServiceName]:
    unnamed, fields_set = defaults(ServiceName), all_fields_set(ServiceName)
    new_name = maker(ServiceName)

    def make(name: str, namespace: str) -> ServiceName:
        fields = unnamed | {"name": name, "namespace": namespace}
        made: ServiceName = new_name((fields, None, fields_set))
        return made

    return make


def _address(text: CoreSchema) -> CoreSchema:
    return _after(AddrCluster.parse, text)


def _omit(_: None) -> NoReturn:
    raise PydanticOmit


def _is_required(field: core_schema.ModelField) -> bool:
    required: bool = field["schema"]["type"] != "default"
    return required


def _never_null(field: core_schema.ModelField) -> CoreSchema:
    """What a field of a wire model takes beside null."""
    schema: Any = field["schema"]
    while schema["type"] in ("default", "nullable"):
        schema = schema["schema"]
    value: CoreSchema = schema
    return value


def _object(required: dict[str, CoreSchema], optional: dict[str, CoreSchema]) -> CoreSchema:
    field = core_schema.typed_dict_field
    return core_schema.typed_dict_schema(
        {name: field(schema, required=True) for name, schema in required.items()}
        | {name: field(schema, required=False) for name, schema in optional.items()}
    )
