"""The router in an application of somebody else: what it documents, who may call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.testclient import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from loadbalancer import schemas
from loadbalancer.server import MemoryStore, create_router

from .payloads import backend, spec

BODY = json.dumps(spec(1, backend("10.0.0.2")))


def components(app: FastAPI) -> dict[str, Any]:
    document = app.openapi()
    OpenAPIV31SpecValidator(document).validate()
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def mounted(*prefixes: str) -> FastAPI:
    app = FastAPI()
    for prefix in prefixes:
        app.include_router(create_router(MemoryStore(), prefix=prefix))
    return app


def resolved(document: dict[str, Any], node: Any) -> Any:
    """A part of a document with all that it refers to in place."""
    if isinstance(node, list):
        return [resolved(document, each) for each in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    values: dict[str, Any] = dict(node)  # pyright: ignore[reportUnknownArgumentType]
    target: Any = document
    for part in values.pop("$ref", "").split("/")[1:]:
        target = target[part]
    if target is not document:
        values = {**target, **values}
    return {key: resolved(document, each) for key, each in values.items()}


def operations(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The operations of a document, all in place, by method and path."""
    found: dict[str, Any] = {}
    for path, item in document["paths"].items():
        of_path = {"parameters": item.get("parameters", [])}
        for method in item.keys() - {"parameters"}:
            operation = {**of_path, **item[method]}
            # Who may call it is up to the application.
            operation.pop("security", None)
            found[f"{method} {prefix}{path}"] = resolved(document, operation)
    return found


def test_its_operations_are_documented_as_in_the_own_document() -> None:
    document = mounted("/v1").openapi()
    for each in (found := operations(document)).values():
        each.setdefault("parameters", [])
    assert found == operations(schemas.openapi(), "/v1")


def test_its_components_are_those_of_the_own_document() -> None:
    own = schemas.openapi()["components"]["schemas"]
    assert components(mounted("/v1")) == own
    assert components(mounted("/v1", "/clusters/a", "/clusters/b")) == own


def test_the_token_is_the_server_s_alone() -> None:
    document = mounted("/v1").openapi()
    assert "securitySchemes" not in document["components"]
    assert [each for each in objects(document) if "security" in each] == []


def test_bodies_refer_to_components() -> None:
    paths = mounted("/v1").openapi()["paths"]
    contents = [each for each in objects(paths) if "application/json" in each]
    assert len(contents) > 15
    assert [each for each in contents if [*each["application/json"]["schema"]] != ["$ref"]] == []


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict | list):
        members: list[Any] = [*node.values()] if isinstance(node, dict) else [*node]  # pyright: ignore
        if isinstance(node, dict):
            yield node
        for each in members:
            yield from objects(each)


def test_several_routers_have_operations_of_their_own() -> None:
    paths: dict[str, dict[str, Any]] = mounted("/v1", "/clusters/a").openapi()["paths"]
    found = {path: operations["get"]["operationId"] for path, operations in paths.items()}
    assert found["/v1/service"] == "getServices"
    assert found["/clusters/a/service"] == "getServices_clusters_a"
    assert len(set(found.values())) == len(found)


class Service(BaseModel):
    """Somebody else's service."""

    port_of_call: str


def test_an_own_model_of_the_same_name_stays_what_it_is() -> None:
    app = mounted("/v1")

    def own(service: Service) -> None: ...

    app.post("/own")(own)
    document = app.openapi()
    found = components(app)
    body = document["paths"]["/own"]["post"]["requestBody"]["content"]["application/json"]
    name = body["schema"]["$ref"].rpartition("/")[2]
    assert list(found[name]["properties"]) == ["port_of_call"]
    for each in (found := operations(document)).values():
        each.setdefault("parameters", [])
    del found["post /own"]
    assert found == operations(schemas.openapi(), "/v1")


def key_needed(x_key: Annotated[str, Header()]) -> None:
    if x_key != "sesame":
        raise HTTPException(403)


@pytest.mark.parametrize("slash", ["", "/"])
def test_dependencies_stand_before_every_operation(slash: str) -> None:
    app = FastAPI()
    app.include_router(create_router(MemoryStore()), dependencies=[Depends(key_needed)])
    with TestClient(app) as client:
        for method, path, body in (
            ("PUT", "/v1/service/1", BODY),
            ("GET", "/v1/service/1", None),
            ("GET", "/v1/service", None),
            ("GET", "/v1/lrp", None),
            ("GET", "/v1/config", None),
            ("DELETE", "/v1/service/1", None),
        ):
            wrong, right = (
                client.request(method, path + slash, content=body, headers={"X-Key": key})
                for key in ("guess", "sesame")
            )
            assert wrong.status_code == 403, (method, path)
            assert right.status_code == (201 if method == "PUT" else 200), (method, path)


def test_what_a_dependency_needs_is_documented() -> None:
    app = FastAPI()
    app.include_router(create_router(MemoryStore()), dependencies=[Depends(key_needed)])
    get = app.openapi()["paths"]["/v1/service/{id}"]["get"]
    assert [each["name"] for each in get["parameters"]] == ["x-key", "id"]


def test_other_methods_are_refused_in_words_of_the_api() -> None:
    with TestClient(mounted("/v1")) as client:
        for path in ("/v1/service/1", "/v1/service/1/"):
            reply = client.post(path)
            assert reply.status_code == 405
            assert reply.headers["allow"] == "GET,HEAD,PUT,DELETE"
            assert (
                reply.json()["message"]
                == "method POST is not allowed, but [GET,HEAD,PUT,DELETE] are"
            )
