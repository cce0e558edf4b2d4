"""The wire models: how they are built, what they read, and what they write wherever they are."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError, create_model

from loadbalancer import models
from loadbalancer.models import (
    BackendAddress,
    FrontendAddress,
    FrontendMapping,
    LRPBackend,
    LRPSpec,
    Service,
    ServiceSpec,
    ServiceSpecFlags,
    ServiceStatus,
)
from loadbalancer.wire.model import WireModel

FRONTEND = FrontendAddress(ip="10.0.0.1", port=80, protocol="tcp", scope="external")
BACKEND = BackendAddress(
    ip="10.0.1.1", node_name="node-1", port=8080, preferred=True, state="active", weight=10
)
FLAGS = ServiceSpecFlags(
    ext_traffic_policy="Local",
    health_check_node_port=30000,
    int_traffic_policy="Cluster",
    name="web",
    namespace="default",
    nat_policy="Nat46",
    traffic_policy="Local",
    type="NodePort",
)
SPEC = ServiceSpec(
    backend_addresses=[BACKEND],
    flags=FLAGS,
    frontend_address=FRONTEND,
    id=7,
    update_services=False,
)
STATUS = ServiceStatus(realized=SPEC)
SERVICE = Service(spec=SPEC, status=STATUS)
LRP_BACKEND = LRPBackend(backend_address=BACKEND, pod_id="default/pod-1")
MAPPING = FrontendMapping(backends=[LRP_BACKEND], frontend_address=FRONTEND)
LRP = LRPSpec(
    frontend_mappings=[MAPPING],
    frontend_type="addr",
    lrp_type="addr",
    name="policy",
    namespace="default",
    service_id="default/web",
    uid="0b9f",
)
# What each is as JSON, every key there is in wire order.
FRONTEND_JSON = '{"ip":"10.0.0.1","port":80,"protocol":"tcp","scope":"external"}'
BACKEND_JSON = (
    '{"ip":"10.0.1.1","nodeName":"node-1","port":8080,"preferred":true,"state":"active",'
    '"weight":10}'
)
FLAGS_JSON = (
    '{"extTrafficPolicy":"Local","healthCheckNodePort":30000,"intTrafficPolicy":"Cluster",'
    '"name":"web","namespace":"default","natPolicy":"Nat46","trafficPolicy":"Local",'
    '"type":"NodePort"}'
)
SPEC_JSON = (
    f'{{"backend-addresses":[{BACKEND_JSON}],"flags":{FLAGS_JSON},'
    f'"frontend-address":{FRONTEND_JSON},"id":7,"updateServices":false}}'
)
STATUS_JSON = f'{{"realized":{SPEC_JSON}}}'
SERVICE_JSON = f'{{"spec":{SPEC_JSON},"status":{STATUS_JSON}}}'
LRP_BACKEND_JSON = f'{{"backend-address":{BACKEND_JSON},"pod-id":"default/pod-1"}}'
MAPPING_JSON = f'{{"backends":[{LRP_BACKEND_JSON}],"frontend-address":{FRONTEND_JSON}}}'
LRP_JSON = (
    f'{{"frontend-mappings":[{MAPPING_JSON}],"frontend-type":"addr","lrp-type":"addr",'
    '"name":"policy","namespace":"default","service-id":"default/web","uid":"0b9f"}'
)
FULL: list[tuple[WireModel, str]] = [
    (FRONTEND, FRONTEND_JSON),
    (BACKEND, BACKEND_JSON),
    (FLAGS, FLAGS_JSON),
    (SPEC, SPEC_JSON),
    (STATUS, STATUS_JSON),
    (SERVICE, SERVICE_JSON),
    (LRP_BACKEND, LRP_BACKEND_JSON),
    (MAPPING, MAPPING_JSON),
    (LRP, LRP_JSON),
]
# With as little as there may be.
SMALL: list[tuple[WireModel, str]] = [
    (FrontendAddress(), "{}"),
    (BackendAddress(ip=""), '{"ip":""}'),
    (ServiceSpecFlags(), "{}"),
    (ServiceSpec(frontend_address=FrontendAddress()), '{"frontend-address":{}}'),
    (ServiceStatus(), "{}"),
    (Service(), "{}"),
    (LRPBackend(), "{}"),
    (FrontendMapping(), "{}"),
    (LRPSpec(), "{}"),
    # 0, false and "" are no absence.
    (FrontendAddress(ip="", port=0), '{"ip":"","port":0}'),
    (
        BackendAddress(ip="", node_name="", port=0, preferred=False, weight=0),
        '{"ip":"","nodeName":"","port":0,"preferred":false,"weight":0}',
    ),
    (
        ServiceSpec(backend_addresses=[], frontend_address=FrontendAddress(), id=0),
        '{"backend-addresses":[],"frontend-address":{},"id":0}',
    ),
]
ALL = FULL + SMALL


def test_every_key_of_every_model_is_looked_at() -> None:
    kinds = {type(model) for model, _ in FULL}
    names = [name for name, value in vars(models).items() if isinstance(value, type)]
    wire = {getattr(models, name) for name in names if issubclass(getattr(models, name), WireModel)}
    assert kinds == wire - {WireModel}
    assert [dict(model) for model, _ in FULL if None in dict(model).values()] == []


class TestReading:
    @pytest.mark.parametrize(("model", "text"), ALL)
    def test_json(self, model: WireModel, text: str) -> None:
        assert type(model).model_validate_json(text) == model
        assert type(model).model_validate_json(text.encode()) == model
        assert type(model).model_validate(json.loads(text)) == model

    @pytest.mark.parametrize(("model", "text"), FULL)
    def test_the_order_of_keys_does_not_matter(self, model: WireModel, text: str) -> None:
        values = dict(reversed(json.loads(text).items()))
        assert type(model).model_validate_json(json.dumps(values, indent=1)) == model

    @pytest.mark.parametrize(("model", "text"), FULL)
    def test_unknown_keys_are_ignored(self, model: WireModel, text: str) -> None:
        values = {"x": {"y": [None]}, **json.loads(text), "": 1, "IP": 2}
        assert type(model).model_validate_json(json.dumps(values)) == model

    @pytest.mark.parametrize(("model", "text"), FULL)
    def test_null_is_absent(self, model: WireModel, text: str) -> None:
        kind = type(model)
        required = {
            field.alias or name for name, field in kind.model_fields.items() if field.is_required()
        }
        values = json.loads(text)
        for key in values.keys() - required:
            without = {name: value for name, value in values.items() if name != key}
            with_null = json.dumps({**values, key: None})
            found = kind.model_validate_json(with_null)
            assert found == kind.model_validate(without)
            assert json.loads(found.model_dump_json()) == without

    @pytest.mark.parametrize(
        ("kind", "key"), [(BackendAddress, "ip"), (ServiceSpec, "frontend-address")]
    )
    def test_required_keys(self, kind: type[WireModel], key: str) -> None:
        for text, reason in (("{}", "missing"), (f'{{"{key}":null}}', None)):
            with pytest.raises(ValidationError) as caught:
                kind.model_validate_json(text)
            (error,) = caught.value.errors()
            assert error["loc"] == (key,)
            assert reason in (None, error["type"])

    def test_nothing_else_is_required(self) -> None:
        required = [
            (type(model).__name__, name)
            for model, _ in FULL
            for name, field in type(model).model_fields.items()
            if field.is_required()
        ]
        assert required == [("BackendAddress", "ip"), ("ServiceSpec", "frontend_address")]

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            (BackendAddress, '{"ip":"::","node_name":"n"}'),
            (ServiceSpec, '{"frontend-address":{},"backend_addresses":1,"update_services":1}'),
            (ServiceSpecFlags, '{"ext_traffic_policy":"x","health_check_node_port":-1}'),
            (LRPSpec, '{"frontend_mappings":1,"lrp_type":1,"service_id":1}'),
            (LRPBackend, '{"backend_address":1,"pod_id":1}'),
            (FrontendMapping, '{"frontend_address":1}'),
        ],
    )
    def test_the_names_of_attributes_are_unknown_keys(
        self, kind: type[WireModel], text: str
    ) -> None:
        known = {name: v for name, v in json.loads(text).items() if "_" not in name}
        assert kind.model_validate_json(text) == kind.model_validate(known)
        assert kind.model_validate(json.loads(text)) == kind.model_validate(known)

    def test_nor_do_they_stand_for_a_required_key(self) -> None:
        with pytest.raises(ValidationError) as caught:
            ServiceSpec.model_validate_json('{"frontend_address":{}}')
        assert [error["loc"] for error in caught.value.errors()] == [("frontend-address",)]

    @pytest.mark.parametrize("key", ["port", "weight"])
    @pytest.mark.parametrize("value", ["-1", "65536", "80.0", "8e1", '"80"', "true", "[80]", "{}"])
    def test_numbers_are_integers_in_range(self, key: str, value: str) -> None:
        with pytest.raises(ValidationError) as caught:
            BackendAddress.model_validate_json(f'{{"ip":"::","{key}":{value}}}')
        assert [error["loc"] for error in caught.value.errors()] == [(key,)]

    @pytest.mark.parametrize("value", ["0", "1", '"true"', "1.0", "[]"])
    def test_booleans_are_booleans(self, value: str) -> None:
        with pytest.raises(ValidationError) as caught:
            BackendAddress.model_validate_json(f'{{"ip":"::","preferred":{value}}}')
        assert [error["type"] for error in caught.value.errors()] == ["bool_type"]

    @pytest.mark.parametrize("value", ["0", "true", "1.0", "[]", "{}"])
    def test_texts_are_texts(self, value: str) -> None:
        with pytest.raises(ValidationError) as caught:
            BackendAddress.model_validate_json(f'{{"ip":{value},"nodeName":{value}}}')
        assert [error["type"] for error in caught.value.errors()] == ["string_type"] * 2

    @pytest.mark.parametrize(
        ("kind", "key", "words"),
        [
            (FrontendAddress, "protocol", ["tcp", "udp", "any"]),
            (FrontendAddress, "scope", ["external", "internal"]),
            (BackendAddress, "state", ["active", "terminating", "quarantined", "maintenance"]),
            (ServiceSpecFlags, "extTrafficPolicy", ["Cluster", "Local"]),
            (ServiceSpecFlags, "intTrafficPolicy", ["Cluster", "Local"]),
            (ServiceSpecFlags, "trafficPolicy", ["Cluster", "Local"]),
            (ServiceSpecFlags, "natPolicy", ["None", "Nat46", "Nat64"]),
            (
                ServiceSpecFlags,
                "type",
                [
                    *("ClusterIP", "NodePort", "ExternalIPs", "HostPort", "LoadBalancer"),
                    "LocalRedirect",
                ],
            ),
        ],
    )
    def test_enum_values_match_in_one_case(
        self, kind: type[WireModel], key: str, words: list[str]
    ) -> None:
        others = ["sctp", "NONE", "invalid", "", " ", *(word.upper() for word in words)]
        others += [word.swapcase() for word in words] + [f"{word} " for word in words]
        base = '"ip":"::",' if kind is BackendAddress else ""

        def taken(word: str) -> bool:
            try:
                kind.model_validate_json(f'{{{base}"{key}":"{word}"}}')
            except ValidationError as error:
                return error.errors()[0]["type"] != "literal_error"
            return True

        assert [word for word in words if not taken(word)] == []
        assert [word for word in others if taken(word)] == []

    def test_an_error_says_where_by_wire_keys(self) -> None:
        text = (
            '{"backend-addresses":[{"ip":"::"},{"port":-1,"nodeName":1}],'
            '"flags":{"healthCheckNodePort":"x"},"frontend-address":{"ip":1}}'
        )
        with pytest.raises(ValidationError) as caught:
            ServiceSpec.model_validate_json(text)
        assert [error["loc"] for error in caught.value.errors()] == [
            ("backend-addresses", 1, "ip"),
            ("backend-addresses", 1, "nodeName"),
            ("backend-addresses", 1, "port"),
            ("flags", "healthCheckNodePort"),
            ("frontend-address", "ip"),
        ]


class TestBuilding:
    def test_by_the_names_of_the_attributes(self) -> None:
        backend = BackendAddress(ip="::", node_name="n")
        assert (backend.ip, backend.node_name, backend.port) == ("::", "n", None)
        assert SPEC.frontend_address is FRONTEND

    def test_by_wire_keys_as_well(self) -> None:
        fields: dict[str, Any] = {"ip": "::", "nodeName": "n"}
        assert BackendAddress(**fields) == BackendAddress(ip="::", node_name="n")

    @pytest.mark.parametrize(("model", "text"), ALL)
    def test_of_what_it_holds(self, model: WireModel, text: str) -> None:
        again = type(model)(**dict(model))
        assert again == model
        assert again.model_dump_json() == text

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"ip": None},
            {"ip": "::", "port": 65536},
            {"ip": "::", "port": "80"},
            {"ip": "::", "port": 80.0},
            {"ip": "::", "port": True},
            {"ip": "::", "node_name": 1},
            {"ip": "::", "preferred": 1},
            {"ip": "::", "state": "Active"},
            {"ip": "::", "weight": -1},
        ],
    )
    def test_is_validated(self, fields: dict[str, Any]) -> None:
        with pytest.raises(ValidationError) as caught:
            BackendAddress(**fields)
        assert caught.value.title == "BackendAddress"
        assert caught.value.error_count() == 1

    @pytest.mark.parametrize(("model", "text"), ALL)
    def test_copies_and_pickle(self, model: WireModel, text: str) -> None:
        copies = [
            copy.copy(model),
            copy.deepcopy(model),
            model.model_copy(deep=True),
            pickle.loads(pickle.dumps(model)),
        ]
        assert copies == [model] * 4
        assert [each.model_dump_json() for each in copies] == [text] * 4

    def test_repr(self) -> None:
        assert repr(FrontendAddress(ip="::")) == (
            "FrontendAddress(ip='::', port=None, protocol=None, scope=None)"
        )


def list_of(model: WireModel) -> Any:
    kind: Any = type(model)
    return list[kind]


@pytest.mark.parametrize(("model", "text"), ALL)
class TestWriting:
    """Compact wire JSON without absent fields, whoever writes it."""

    def test_alone(self, model: WireModel, text: str) -> None:
        assert model.model_dump_json() == text
        assert model.model_dump_json(by_alias=True) == text

    def test_as_python_values(self, model: WireModel, text: str) -> None:
        for dumped in (
            model.model_dump(),
            model.model_dump(mode="json"),
            model.model_dump(by_alias=True),
        ):
            assert json.dumps(dumped, separators=(",", ":")) == text

    def test_by_a_type_adapter(self, model: WireModel, text: str) -> None:
        adapter: TypeAdapter[Any] = TypeAdapter(type(model))
        assert adapter.dump_json(model).decode() == text
        assert adapter.dump_json(model, by_alias=True).decode() == text
        listed: TypeAdapter[Any] = TypeAdapter(list_of(model))
        assert listed.dump_json([model, model]).decode() == f"[{text},{text}]"
        assert listed.dump_python([model]) == [json.loads(text)]

    def test_inside_another_model(self, model: WireModel, text: str) -> None:
        kind: Any = type(model)
        make: Any = create_model
        outer = make("Outer", inner=kind, many=dict[str, kind], absent=(str | None, None))(
            inner=model, many={"a": model}
        )
        expected = f'{{"inner":{text},"many":{{"a":{text}}},"absent":null}}'
        assert outer.model_dump_json() == expected
        assert outer.model_dump_json(by_alias=True) == expected
        assert json.dumps(outer.model_dump(), separators=(",", ":")) == expected

    def test_inside_a_root_model_and_by_its_value(self, model: WireModel, text: str) -> None:
        class Untyped(BaseModel):
            value: Any

        assert RootModel[Any](model).model_dump_json() == text
        assert TypeAdapter(Any).dump_json([model]).decode() == f"[{text}]"
        assert Untyped(value=model).model_dump_json() == f'{{"value":{text}}}'

    def test_by_attribute_names_if_that_is_asked_for(self, model: WireModel, text: str) -> None:
        dumped = model.model_dump(by_alias=False)
        present = {name for name, value in model if value is not None}
        assert dumped.keys() == present
        assert type(model)(**dumped) == model

    def test_by_fastapi(self, model: WireModel, text: str) -> None:
        app = FastAPI()
        app.add_api_route("/typed", lambda: model, response_model=type(model))
        app.add_api_route("/many", lambda: [model], response_model=list_of(model))
        app.add_api_route("/untyped", lambda: model, response_model=None)
        client = TestClient(app)
        found = {path: client.get(path).text for path in ("/typed", "/many", "/untyped")}
        assert found == {"/typed": text, "/many": f"[{text}]", "/untyped": text}

    def test_by_fastapi_by_attribute_names(self, model: WireModel, text: str) -> None:
        app = FastAPI()
        app.add_api_route(
            "/", lambda: model, response_model=type(model), response_model_by_alias=False
        )
        found = TestClient(app).get("/").json()
        assert found == model.model_dump(by_alias=False)
        assert list(found) == [name for name, value in model if value is not None]


class TestError:
    def test_is_a_text_in_json(self) -> None:
        error = models.Error("what is wrong")
        assert error.root == "what is wrong"
        assert error.model_dump_json() == '"what is wrong"'
        assert models.Error.model_validate_json('"what is wrong"') == error

    @pytest.mark.parametrize("text", ["1", "null", "true", "{}", '["x"]', '{"root":"x"}', "x"])
    def test_is_nothing_else(self, text: str) -> None:
        with pytest.raises(ValidationError) as caught:
            models.Error.model_validate_json(text)
        assert caught.value.title == "Error"


class TestRequests:
    """In a web framework a body is read by the wire keys."""

    @pytest.mark.parametrize(("model", "text"), ALL)
    def test_a_body_is_read_like_any_json(self, model: WireModel, text: str) -> None:
        app = FastAPI()
        seen: list[WireModel] = []

        def endpoint(body: Any) -> None:
            seen.append(body)

        endpoint.__annotations__["body"] = type(model)
        app.add_api_route("/", endpoint, methods=["PUT"])
        response = TestClient(app).put(
            "/", content=text, headers={"content-type": "application/json"}
        )
        assert (response.status_code, seen) == (200, [model])
