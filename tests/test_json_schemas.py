"""The shipped JSON Schemas and the OpenAPI document: their verdicts are those of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, Protocol, cast

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from pydantic import TypeAdapter, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

import loadbalancer
from loadbalancer import load_service_spec, models, schemas
from loadbalancer.domain.texts import patterns

from .property.strategies import wire_models
from .property.test_domain import DOMAIN, WIRE
from .support import DATA, NONE_FOUND, ROOT, Row, children, few, payload, vector

Mode = Literal["validation", "serialization"]
MODES: tuple[Mode, ...] = ("validation", "serialization")
LIST = "ServiceList"
LIST_ID = "https://json.schemastore.org/cilium-service-list.json"
FILES = sorted((ROOT / "schemas" / "json").iterdir())


class Verdict(Protocol):
    def is_valid(self, instance: Any) -> bool: ...


@cache
def validator(name: str, mode: Mode = "validation") -> Verdict:
    return cast(Verdict, Draft202012Validator(schemas.schema(name, mode)))


@cache
def source() -> dict[str, Any]:
    """What the wire models are generated from: all that is read, null included."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "schemas" / "openapi.yaml").read_bytes())
    return document


@cache
def component(name: str) -> Verdict:
    """A schema of the source of the wire models, its references resolved in the document."""
    document = Resource.from_contents(source(), default_specification=DRAFT202012)
    empty: Registry[Any] = Registry()
    registry = empty.with_resource("urn:openapi", document)
    reference = {"$ref": f"urn:openapi#/components/schemas/{name}"}
    return cast(Verdict, Draft202012Validator(reference, registry=registry))


class TestFiles:
    def test_every_file_is_of_a_type_or_the_document(self) -> None:
        names = {*DOMAIN, *WIRE, LIST, "AuditReport"}
        written = {f"{name}.serialization" for name in names}
        stems = {path.name.removesuffix(".json") for path in FILES}
        assert stems - written == {*names, "openapi", "openapi-3.0"}

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_is_a_schema_with_an_id_of_its_own(self, path: Any) -> None:
        document = json.loads(path.read_bytes())
        if path.name.startswith("openapi"):
            assert document["openapi"] == ("3.0.4" if "3.0" in path.name else "3.1.0")
            return
        stem = path.name.removesuffix(".json")
        assert list(document)[:3] == ["$schema", "$id", "title"]
        assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        expected = LIST_ID if stem == LIST else f"urn:cilium-loadbalancer:{stem}"
        assert document["$id"] == expected
        assert document["title"] == stem.removesuffix(".serialization")
        Draft202012Validator.check_schema(document)

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("name", sorted({*DOMAIN, *WIRE}))
    def test_is_the_schema_that_pydantic_has_for_the_type(self, name: str, mode: Mode) -> None:
        kind = getattr(models if name in WIRE else loadbalancer, name)
        expected = TypeAdapter(kind).json_schema(mode=mode)
        found = schemas.schema(name, mode)
        heads = {key: found.pop(key) for key in ("$schema", "$id")}
        assert found == {"title": name, **expected}
        assert heads.keys() == {"$schema", "$id"}

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("name", ["", "Nothing", "openapi", "../openapi", "SVC.serialization"])
    def test_there_is_none_of_an_unknown_type(self, name: str, mode: Mode) -> None:
        with pytest.raises(KeyError, match="^" + repr(name).replace(".", r"\.") + "$"):
            schemas.schema(name, mode)

    def test_a_caller_s_changes_stay_with_the_caller(self) -> None:
        schemas.schema("SVC").clear()
        schemas.openapi().clear()
        assert schemas.schema("SVC")["title"] == "SVC"
        assert schemas.openapi()["openapi"] == "3.1.0"


def values(text: str) -> list[Any]:
    """The JSON value of a text, or none if it is no JSON."""
    try:
        return [json.loads(text, parse_constant=refuse)]
    except ValueError:
        return []


def refuse(constant: str) -> None:
    raise ValueError(constant)


def holds_whole_float(value: Any) -> bool:
    """A number such as 80.0 is an integer to JSON Schema, and none to the models."""
    if isinstance(value, float):
        return value.is_integer()
    return any(map(holds_whole_float, children(value)))


PAYLOADS = [
    row["payload"] for name in ("backend", "frontend", "service_spec") for row in vector(name)
]
# The models that no vector is about, around the payloads of the others.
FORMS = [
    '{"spec":%s}',
    '{"status":%s}',
    '{"realized":%s}',
    '{"spec":null,"status":{"realized":%s}}',
    '{"backend-address":%s,"pod-id":"a/b"}',
    '{"backends":[{"backend-address":%s}],"frontend-address":null}',
    '{"backends":%s,"frontend-address":{}}',
    '{"frontend-address":%s}',
    '{"frontend-mappings":[{"frontend-address":%s}]}',
    '{"frontend-mappings":[null,%s]}',
]
TEXTS = ["null", "true", "1", '"x"', "[]", "[{}]", "{}", '{"name":1}', '{"uid":null}', "{", ""]


class TestVerdicts:
    def test_of_each_payload_by_its_model(self) -> None:
        by_name = {
            "backend": "BackendAddress",
            "frontend": "FrontendAddress",
            "service_spec": "ServiceSpec",
        }
        for vectors, name in by_name.items():
            texts = [row["payload"] for row in vector(vectors)]
            assert few(wrong_verdicts(name, texts)) == NONE_FOUND

    @pytest.mark.parametrize("name", sorted(WIRE))
    def test_of_payloads_of_all_kinds_by_each_model(self, name: str) -> None:
        wrapped = [form % text for form in FORMS for text in PAYLOADS[::97]]
        texts = [*TEXTS, *PAYLOADS[::11], *wrapped]
        assert few(wrong_verdicts(name, texts)) == NONE_FOUND

    def test_both_verdicts_are_among_them(self) -> None:
        verdicts = {
            name: {accepts(name, text) for text in [*TEXTS, *PAYLOADS[::11]]} for name in WIRE
        }
        assert verdicts == {name: {True, False} for name in WIRE}

    def test_a_whole_float_is_the_one_exception(self) -> None:
        for text in ('{"ip":"::","port":80.0}', '{"ip":"::","weight":1e2}'):
            (value,) = values(text)
            assert not accepts("BackendAddress", text)
            assert validator("BackendAddress").is_valid(value)
            assert component("BackendAddress").is_valid(value)
        for text in ('{"ip":"::","port":80.5}', '{"ip":"::","weight":-1.0}'):
            (value,) = values(text)
            assert not accepts("BackendAddress", text)
            assert not validator("BackendAddress").is_valid(value)
            assert not component("BackendAddress").is_valid(value)


def accepts(name: str, text: str) -> bool:
    adapter: TypeAdapter[Any] = TypeAdapter(getattr(models, name))
    try:
        adapter.validate_json(text)
    except ValidationError:
        return False
    return True


def wrong_verdicts(name: str, texts: list[str]) -> list[tuple[Any, ...]]:
    """What the model, the schema or the OpenAPI document judges unlike the others."""
    adapter: TypeAdapter[Any] = TypeAdapter(getattr(models, name))
    found: list[tuple[Any, ...]] = []
    looked_at = 0
    for text in texts:
        for value in values(text):
            looked_at += 1
            try:
                adapter.validate_json(text)
            except ValidationError:
                accepted = False
            else:
                accepted = True
            by_schema = validator(name).is_valid(value)
            by_component = component(name).is_valid(value)
            excused = holds_whole_float(value) and by_schema and by_component and not accepted
            if not accepted == by_schema == by_component and not excused:
                found.append((text, accepted, by_schema, by_component))
    assert looked_at > len(texts) / 2
    return found


def has_a_spec(service: Any) -> bool:
    """Whether a valid Service describes one, in `spec` or `status.realized`."""
    status: Any = service.get("status") or {}
    return isinstance(service.get("spec") or status.get("realized"), dict)


class TestServiceList:
    """What people have in a file: a schema that editors find without the others."""

    @pytest.mark.parametrize("name", ["service_list.json", "service_list_wire.json"])
    def test_takes_what_agents_print(self, name: str) -> None:
        services = json.loads((ROOT / "examples" / name).read_bytes())
        assert len(services) > 1
        assert validator(LIST).is_valid(services)
        assert not validator(LIST).is_valid(services[0])
        assert not validator(LIST).is_valid([*services, 1])

    @pytest.mark.parametrize("mode", MODES)
    def test_a_service_in_it_is_judged_as_one_alone(self, mode: Mode) -> None:
        values_of = [value for text in [*TEXTS, *PAYLOADS[::11]] for value in values(text)]
        values_of += json.loads((ROOT / "examples" / "service_list.json").read_bytes())
        alone = [
            validator("Service", mode).is_valid(value) and has_a_spec(value) for value in values_of
        ]
        listed = [validator(LIST, mode).is_valid([value]) for value in values_of]
        assert listed == alone
        assert {*alone} == {True, False}

    def test_refers_to_nothing_outside(self) -> None:
        references = [
            each["$ref"]
            for each in objects(schemas.schema(LIST))
            if isinstance(each.get("$ref"), str)
        ]
        assert len(references) > 5
        assert [each for each in references if not each.startswith("#/$defs/")] == []


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for each in children(node):
        yield from objects(each)


class TestOpenAPI:
    def test_the_document_is_one_of_openapi_3_1(self) -> None:
        document = schemas.openapi()
        OpenAPIV31SpecValidator(document).validate()
        assert {*document["components"]["schemas"]} == {
            *(WIRE - {"Error"}),
            *("FailureReason", "RequestError", "ServiceList", "LRPList"),
            *("DaemonConfiguration", "DaemonConfigurationStatus", "DebugInfo"),
            *("Status", "StatusResponse", "StatusState"),
            *("BackendState", "L4Protocol", "NatPolicy", "Scope", "ServiceType", "TrafficPolicy"),
        }

    def test_a_broken_document_would_be_noticed(self) -> None:
        document = schemas.openapi()
        document["paths"]["/service"]["get"]["responses"] = []
        with pytest.raises(OpenAPIValidationError):
            OpenAPIV31SpecValidator(document).validate()

    def test_changes_may_need_the_token(self) -> None:
        document = schemas.openapi()
        (scheme,) = document["components"]["securitySchemes"].values()
        assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
        assert {
            method: operation.get("security")
            for item in document["paths"].values()
            for method, operation in item.items()
            if method != "parameters"
        } == {"get": None, "put": [{}, {"token": []}], "delete": [{}, {"token": []}]}

    def test_a_client_sends_no_null(self) -> None:
        assert {"null", None} & {*leaves(source())} == {"null"}
        assert {"null", None} & {*leaves(schemas.openapi())} == set()

    def test_every_object_and_enum_has_a_name(self) -> None:
        document = schemas.openapi()
        components = document["components"].pop("schemas").values()
        below = [each for item in components for each in item.get("properties", {}).values()]
        inline = [*schemas_in(document), *below]
        assert len(inline) > 40
        assert [each for each in inline if "enum" in each or each.get("type") == "object"] == []

    def test_an_optional_enum_refers_to_its_name(self) -> None:
        flags = schemas.openapi()["components"]["schemas"]["ServiceSpecFlags"]
        assert flags["properties"]["type"] == {
            "description": "Kind of the service, after Kubernetes. Absent is `ClusterIP`.",
            "$ref": "#/components/schemas/ServiceType",
        }
        assert "required" not in flags

    def test_names_the_paths_and_answers_of_the_contract(self) -> None:
        found = {
            f"{method.upper()} {path}": sorted(operation["responses"])
            for path, operations in schemas.openapi()["paths"].items()
            for method, operation in operations.items()
            if method != "parameters"
        }
        assert found == {
            "GET /service": ["200", "304", "405"],
            "GET /service/{id}": ["200", "404", "405", "422"],
            "PUT /service/{id}": [
                *("200", "201", "400", "405", "415", "422", "460", "461", "500", "501"),
            ],
            "DELETE /service/{id}": ["200", "404", "405", "422"],
            "GET /lrp": ["200", "405"],
            "GET /config": ["200", "405"],
            "GET /healthz": ["200", "405"],
            "GET /debuginfo": ["200", "405"],
        }

    @pytest.mark.parametrize("name", sorted(WIRE - {"Error"}))
    def test_its_properties_are_in_wire_order(self, name: str) -> None:
        expected = [
            field.alias or attribute
            for attribute, field in getattr(models, name).model_fields.items()
        ]
        assert list(schemas.openapi()["components"]["schemas"][name]["properties"]) == expected


class TestOpenAPI30:
    """The same for generators of the version before, which has other keywords."""

    def test_the_document_is_one_of_openapi_3_0(self) -> None:
        OpenAPIV30SpecValidator(schemas.openapi(version="3.0")).validate()

    @pytest.mark.parametrize("keyword", ["examples", "const", "prefixItems", "$defs"])
    def test_a_keyword_of_3_1_would_be_noticed(self, keyword: str) -> None:
        document = schemas.openapi(version="3.0")
        document["components"]["schemas"]["Scope"][keyword] = []
        with pytest.raises(OpenAPIValidationError):
            OpenAPIV30SpecValidator(document).validate()

    def test_nothing_stands_beside_a_reference(self) -> None:
        document = schemas.openapi(version="3.0")
        references = [each for each in objects(document) if "$ref" in each]
        assert len(references) > 40
        assert [each for each in references if len(each) > 1] == []

    def test_it_says_the_same(self) -> None:
        document = schemas.openapi()
        del document["jsonSchemaDialect"]
        del document["info"]["summary"], document["info"]["license"]["identifier"]
        for each in objects(document):
            if "examples" in each:
                each["example"] = each.pop("examples")[0]
        assert as_of_3_1(schemas.openapi(version="3.0")) == document


def as_of_3_1(node: Any) -> Any:
    """A document of 3.0 in the words of 3.1."""
    if isinstance(node, list):
        return [as_of_3_1(each) for each in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return "3.1.0" if node == "3.0.4" else node
    values: dict[str, Any] = {key: as_of_3_1(each) for key, each in node.items()}  # pyright: ignore
    for each in values.pop("allOf", []):
        values |= each
    return values


def leaves(node: Any) -> Iterator[Any]:
    """The values of a document that are neither objects nor arrays."""
    if isinstance(node, dict | list):
        members: list[Any] = [*node.values()] if isinstance(node, dict) else [*node]  # pyright: ignore
        for each in members:
            yield from leaves(each)
    else:
        yield node


def schemas_in(node: Any) -> Iterator[dict[str, Any]]:
    """The schemas of the bodies, parameters and headers of a document."""
    if isinstance(node, dict | list):
        members: dict[Any, Any] = dict(node) if isinstance(node, dict) else dict(enumerate(node))  # pyright: ignore
        if "schema" in members:
            yield members["schema"]
        for each in members.values():
            yield from schemas_in(each)


class TestWhatIsWritten:
    """It is valid by the schema of what is written, and by that of what may be read."""

    def test_of_every_ok_vector(self) -> None:
        models_of = {"FrontendAddress": "frontend", "BackendAddress": "backend"}
        invalid: list[Row] = []
        for name, vectors in models_of.items():
            for row in vector(vectors):
                if row["stage"] == "ok":
                    wire = getattr(models, name).model_validate_json(row["payload"])
                    invalid += invalid_by(name, wire.model_dump_json())
                    invalid += invalid_by(name, row["model_json"])
        for row in vector("service_spec"):
            if row["stage"] == "ok":
                wire = models.ServiceSpec.model_validate_json(row["payload"])
                invalid += invalid_by("ServiceSpec", wire.model_dump_json())
                invalid += invalid_by("Service", row["model_json"])
                invalid += invalid_by("SVC", load_service_spec(row["payload"]).model_dump_json())
        assert few(invalid) == NONE_FOUND

    @settings(max_examples=50)
    @pytest.mark.parametrize("name", sorted(DOMAIN))
    @given(st.data())
    def test_of_any_domain_object(self, name: str, data: st.DataObject) -> None:
        kind, strategy = DOMAIN[name]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        value = data.draw(strategy)
        assert invalid_by(name, adapter.dump_json(value).decode()) == []

    @given(wire_models)
    def test_of_any_wire_model(self, model: Any) -> None:
        assert invalid_by(type(model).__name__, model.model_dump_json()) == []

    def test_of_an_agent(self) -> None:
        services = json.loads(payload("service_list_wire.json"))
        assert services
        assert [each for each in services if invalid_by("Service", json.dumps(each))] == []

    def test_of_the_transcripts(self) -> None:
        lines = (DATA / "transcripts" / "service_api.jsonl").read_bytes().splitlines()
        steps = [step for line in lines for step in json.loads(line)["steps"]]
        listed = [step["response"] for step in steps if isinstance(step.get("response"), list)]
        services = {json.dumps(service) for each in listed for service in each}
        assert len(services) > 100
        invalid = [text for text in sorted(services)[:300] if invalid_by("Service", text)]
        assert few(invalid) == NONE_FOUND


def invalid_by(name: str, text: str) -> list[Row]:
    """The text with the modes by which it is not valid, if there are any."""
    value = json.loads(text)
    modes = [mode for mode in MODES if not validator(name, mode).is_valid(value)]
    return [{"name": name, "text": text, "modes": modes}] if modes else []


class TestSchemas:
    """A few, each as a whole."""

    def test_addr_cluster(self) -> None:
        expected = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "urn:cilium-loadbalancer:AddrCluster",
            "title": "AddrCluster",
            "description": "An IP address, for IPv6 with an optional zone, and an optional "
            "cluster id: IP[%zone][@cluster-id].",
            "examples": ["10.0.0.1", "fd00::1", "fe80::1%eth0", "10.0.0.1@3"],
            "minLength": 2,
            "pattern": patterns.ADDR_CLUSTER,
            "type": "string",
        }
        assert schemas.schema("AddrCluster") == expected
        assert schemas.schema("AddrCluster", "serialization") == expected

    def test_service_flags(self) -> None:
        expected = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "urn:cilium-loadbalancer:ServiceFlags",
            "title": "ServiceFlags",
            "description": "The datapath's flags of a service.",
            "type": "integer",
            "minimum": 0,
            "maximum": 65535,
        }
        assert schemas.schema("ServiceFlags") == expected
        assert schemas.schema("ServiceFlags", "serialization") == expected

    def test_backend_state(self) -> None:
        assert schemas.schema("BackendState") == {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "urn:cilium-loadbalancer:BackendState",
            "title": "BackendState",
            "description": "What a backend is used for (Go: `BackendState`). 0 ACTIVE, "
            "1 TERMINATING, 2 QUARANTINED, 3 MAINTENANCE, 4 INVALID.",
            "type": "integer",
            "enum": [0, 1, 2, 3, 4],
        }

    def test_service_name(self) -> None:
        field = {"type": "string", "default": ""}
        expected = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "urn:cilium-loadbalancer:ServiceName",
            "title": "ServiceName",
            "description": "The namespace and name of a service (Go: `ServiceName`); each may be "
            "empty.",
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "namespace": {
                    "title": "Namespace",
                    "description": "The namespace of the Kubernetes service.",
                    **field,
                },
                "name": {
                    "title": "Name",
                    "description": "The name of the Kubernetes service.",
                    **field,
                },
                "cluster": {
                    "title": "Cluster",
                    "description": "The cluster it is in, empty for the own one; agents know it "
                    "from 1.14 on.",
                    **field,
                },
            },
        }
        assert schemas.schema("ServiceName") == expected
        assert schemas.schema("ServiceName", "serialization") == {
            **expected,
            "$id": "urn:cilium-loadbalancer:ServiceName.serialization",
            "required": ["namespace", "name", "cluster"],
        }

    def test_frontend_address_as_it_is_written(self) -> None:
        assert schemas.schema("FrontendAddress", "serialization") == {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "urn:cilium-loadbalancer:FrontendAddress.serialization",
            "title": "FrontendAddress",
            "description": "Where a service is reached, an address of layers 3 and 4.",
            "type": "object",
            "properties": {
                "ip": {
                    "title": "Ip",
                    "description": "IP address, optionally with a zone (`%eth0`) and a cluster "
                    "id (`@7`). Any text is\nallowed, as clients send `<nil>` for a frontend "
                    "that does not matter.",
                    "type": "string",
                },
                "port": {
                    "title": "Port",
                    "description": "Port number, 0 to 65535. 0 is the same as absent, no port.",
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 65535,
                },
                "protocol": {
                    "title": "Protocol",
                    "description": "Layer 4 protocol. `any` can be written, but is no valid "
                    "frontend.",
                    "type": "string",
                    "enum": ["tcp", "udp", "any"],
                },
                "scope": {
                    "title": "Scope",
                    "description": "Whether the frontend is for traffic from outside the "
                    "cluster or from inside. A\nfrontend without a scope is not valid.",
                    "type": "string",
                    "enum": ["external", "internal"],
                },
            },
        }
