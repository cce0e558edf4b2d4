"""The domain's types in applications of FastAPI: parameters, bodies, responses, documents."""
# Not with postponed annotations: FastAPI reads those of the endpoints, which stand in functions.

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Header, Path, Query
from fastapi.encoders import ENCODERS_BY_TYPE, jsonable_encoder
from fastapi.testclient import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json, to_jsonable_python

from loadbalancer import (
    CIDR,
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    L3n4Addr,
    L3n4AddrID,
    Scope,
    ServiceFlags,
    parse_cidr,
    text,
)

ADDR = AddrCluster("fd00::1%eth0@3")
# A zone that looks like a cluster id: read back, the text is this very address.
ODD_TEXT = "fe80::1%a@7@0"
ODD = AddrCluster(ODD_TEXT)
FRONTEND = L3n4Addr.parse("10.0.0.1:80/TCP")
FRONTEND_JSON = {"protocol": "TCP", "port": 80, "addr_cluster": "10.0.0.1", "scope": 0}


class Holder(BaseModel):
    addr: AddrCluster
    frontend: L3n4Addr
    anything: Any = None


class Keyed(BaseModel):
    by_addr: dict[AddrCluster, int]
    by_frontend: dict[L3n4Addr, int] = {}


@dataclass
class Plain:
    addr: AddrCluster
    frontend: L3n4Addr


HOLDER = Holder(addr=ADDR, frontend=FRONTEND, anything=[ADDR, {ADDR: FRONTEND}])
HOLDER_JSON = {
    "addr": str(ADDR),
    "frontend": FRONTEND_JSON,
    "anything": [str(ADDR), {str(ADDR): FRONTEND_JSON}],
}
SERVICE = SVC(
    frontend=L3n4AddrID(addr_cluster=ADDR, id=1),
    backends=[Backend(addr_cluster=ODD)],
    load_balancer_source_ranges=[parse_cidr("10.0.0.0/8")],
)


def addr() -> AddrCluster:
    return ADDR


def odd() -> AddrCluster:
    return ODD


def addrs() -> list[AddrCluster]:
    return [ADDR]


def addr_or_none() -> AddrCluster | None:
    return ADDR


def frontend() -> L3n4Addr:
    return FRONTEND


def frontend_as_text() -> text.L3n4Addr:
    return FRONTEND


def holder() -> Holder:
    return HOLDER


def plain() -> Plain:
    return Plain(ADDR, FRONTEND)


def keys() -> dict[AddrCluster, L3n4Addr]:
    return {ADDR: FRONTEND}


def keyed() -> Keyed:
    return Keyed(by_addr={ADDR: 1}, by_frontend={FRONTEND: 2})


def service() -> SVC:
    return SERVICE


def state() -> BackendState:
    return BackendState.QUARANTINED


def flags() -> ServiceFlags:
    return ServiceFlags(70)


RETURNED: dict[Callable[[], Any], Any] = {
    addr: str(ADDR),
    odd: ODD_TEXT,
    addrs: [str(ADDR)],
    addr_or_none: str(ADDR),
    frontend: FRONTEND_JSON,
    frontend_as_text: "10.0.0.1:80/TCP",
    holder: HOLDER_JSON,
    plain: {"addr": str(ADDR), "frontend": FRONTEND_JSON},
    keys: {str(ADDR): FRONTEND_JSON},
    keyed: {"by_addr": {str(ADDR): 1}, "by_frontend": {"10.0.0.1:80": 2}},
    service: json.loads(SERVICE.model_dump_json()),
    state: 2,
    flags: 70,
}


def client_of(endpoint: Callable[..., Any], path: str = "/", **options: Any) -> TestClient:
    """A client of an application with one endpoint, whose document is one of OpenAPI."""
    app = FastAPI()
    app.add_api_route(path, endpoint, methods=["GET"], **options)
    OpenAPIV31SpecValidator(json.loads(json.dumps(app.openapi()))).validate()
    return TestClient(app)


class TestResponses:
    @pytest.mark.parametrize("endpoint", RETURNED, ids=lambda each: each.__name__)
    def test_of_a_return_type(self, endpoint: Callable[[], Any]) -> None:
        reply = client_of(endpoint).get("/")
        assert (reply.status_code, reply.json()) == (200, RETURNED[endpoint])

    @pytest.mark.parametrize("endpoint", [frontend, holder, service, state])
    def test_without_a_return_type(self, endpoint: Callable[[], Any]) -> None:
        reply = client_of(endpoint, response_model=None).get("/")
        assert (reply.status_code, reply.json()) == (200, RETURNED[endpoint])

    @pytest.mark.parametrize("separate", [True, False])
    def test_one_type_read_and_written(self, separate: bool) -> None:
        app = FastAPI(separate_input_output_schemas=separate)

        def echo(holder: Holder) -> Holder:
            return holder

        app.post("/")(echo)
        OpenAPIV31SpecValidator(json.loads(json.dumps(app.openapi()))).validate()
        sent = {"addr": ODD_TEXT, "frontend": "10.0.0.1:80/TCP"}
        reply = TestClient(app).post("/", json=sent)
        expected = {"addr": ODD_TEXT, "frontend": FRONTEND_JSON, "anything": None}
        assert (reply.status_code, reply.json()) == (200, expected)


class TestEncoders:
    def test_of_fastapi(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(ENCODERS_BY_TYPE, AddrCluster, str)
        values = {"addr": ADDR, "set": {ADDR}, "in": Plain(ADDR, FRONTEND)}
        assert jsonable_encoder(values) == {
            "addr": str(ADDR),
            "set": [str(ADDR)],
            "in": {"addr": str(ADDR), "frontend": FRONTEND_JSON},
        }
        assert jsonable_encoder(HOLDER) == HOLDER_JSON

    def test_of_pydantic_where_no_type_is_said(self) -> None:
        values = {"addr": ADDR, ADDR: FRONTEND, "odd": ODD}
        expected = {"addr": str(ADDR), str(ADDR): FRONTEND_JSON, "odd": ODD_TEXT}
        assert to_jsonable_python(values) == expected
        assert json.loads(to_json(values)) == expected
        adapter: TypeAdapter[Any] = TypeAdapter(dict[Any, Any])
        assert json.loads(adapter.dump_json(values)) == expected
        kept = {"addr": ADDR, ADDR: [ODD]}
        assert adapter.dump_python(kept) == kept


class TestParameters:
    def test_of_a_query(self) -> None:
        def endpoint(
            state: text.BackendState,
            frontend: Annotated[text.L3n4Addr, Query(default_factory=lambda: FRONTEND)],
            scope: Annotated[text.Scope, Query()] = Scope.EXTERNAL,
            flags: Annotated[text.ServiceFlags | None, Query()] = None,
            id: text.ID = 0,
            addr: AddrCluster = ADDR,
            others: Annotated[list[AddrCluster], Query()] = [],  # noqa: B006
            source: CIDR | None = None,
        ) -> list[Any]:
            return [repr(state), scope, flags, id, str(frontend), addr, others, str(source)]

        client = client_of(endpoint)
        defaults: list[Any] = [0, None, 0, "10.0.0.1:80", str(ADDR), [], "None"]
        active = "BackendState.ACTIVE"
        assert client.get("/?state=active").json() == [active, *defaults]
        assert client.get("/?state=0").json() == [active, *defaults]
        given = client.get(
            "/?state=1&scope=internal&flags=0x46&id=7&frontend=[::1]:53/UDP&addr=10.0.0.1@3"
            "&others=::&others=10.0.0.9&source=10.1.2.3/8"
        )
        assert given.json() == [
            *("BackendState.TERMINATING", 1, 70, 7, "[::1]:53", "10.0.0.1@3"),
            *(["::", "10.0.0.9"], "10.0.0.0/8"),
        ]

    def test_a_wrong_one_is_refused_at_its_place(self) -> None:
        def endpoint(state: text.BackendState, id: text.ID, addr: AddrCluster) -> None: ...

        reply = client_of(endpoint).get("/?state=resting&id=-1&addr=10.0.0.01")
        assert reply.status_code == 422
        assert [(each["loc"], each["type"]) for each in reply.json()["detail"]] == [
            (["query", "state"], "text_form"),
            (["query", "id"], "text_form"),
            (["query", "addr"], "addr_cluster"),
        ]

    def test_of_path_and_header(self) -> None:
        def endpoint(
            addr: AddrCluster,
            frontend: Annotated[text.L3n4Addr, Path()],
            state: text.BackendState,
            x_scope: Annotated[text.Scope, Header()] = Scope.EXTERNAL,
        ) -> list[Any]:
            return [addr, str(frontend), state, x_scope]

        client = client_of(endpoint, "/{addr}/{frontend}/{state}")
        reply = client.get("/fd00::1/10.0.0.1:80/quarantined", headers={"X-Scope": "internal"})
        assert reply.json() == ["fd00::1", "10.0.0.1:80", 2, 1]

    def test_of_a_model_of_parameters(self) -> None:
        class Filter(BaseModel):
            state: text.BackendState | None = None
            port: text.UInt16 = 0

        def endpoint(filter: Annotated[Filter, Query()]) -> list[Any]:
            return [filter.state, filter.port]

        assert client_of(endpoint).get("/?state=maintenance&port=80").json() == [3, 80]

    def test_the_document_lists_the_words_and_the_default(self) -> None:
        def endpoint(
            state: text.BackendState = BackendState.ACTIVE,
            addr: AddrCluster = ADDR,
            frontend: text.L3n4Addr | None = None,
        ) -> None: ...

        app = FastAPI()
        app.get("/")(endpoint)
        parameters = app.openapi()["paths"]["/"]["get"]["parameters"]
        schemas = {each["name"]: each["schema"] for each in parameters}
        assert schemas["state"]["anyOf"][1] == {
            "type": "string",
            "enum": [
                *("active", "terminating", "quarantined", "maintenance", "invalid"),
                *("0", "1", "2", "3", "4"),
            ],
        }
        assert schemas["state"]["default"] == 0
        assert schemas["addr"]["default"] == str(ADDR)
        assert schemas["frontend"]["anyOf"][0]["type"] == "string"
