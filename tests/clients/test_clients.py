"""Clients that generators make of the OpenAPI document: they compile, strictly, and they work.

The document is looked at twice: as it is shipped, and as an application has it that mounts the
router. The programs in `programs/` do the same things with each client, at a real server.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from loadbalancer import schemas
from loadbalancer.server import MemoryStore, create_router

from ..server.live import ProcessServer
from .running import PROGRAMS, run

SPEC = {
    "backend-addresses": [
        {"ip": "10.0.1.7", "port": 5353, "state": "active", "weight": 10},
        {"ip": "10.0.2.7", "port": 5353, "state": "quarantined", "weight": 100},
    ],
    "flags": {
        "extTrafficPolicy": "Cluster",
        "intTrafficPolicy": "Cluster",
        "name": "kube-dns",
        "namespace": "kube-system",
        "trafficPolicy": "Cluster",
        "type": "ClusterIP",
    },
    "frontend-address": {"ip": "10.96.0.10", "port": 53, "protocol": "udp", "scope": "external"},
    "id": 1,
}
WHAT_A_CLIENT_FINDS = {
    "mode": "lb-only",
    "statuses": [201, 200, 460, 200, 200, 404],
    "reason": (
        "the service provided is already registered with ID 1, please use that ID instead of 2"
    ),
    "listed": ["kube-dns"],
    "states": ["active", "quarantined"],
    "got": SPEC,
}


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The base of the API of a server, with nothing in it once each program is through."""
    with ProcessServer("--listen", "127.0.0.1:0", "--store", "memory:") as running:
        assert running.process.stdout is not None
        first = running.process.stdout.readline().decode()
        address = re.search(r"http://127\.0\.0\.1:\d+", first)
        assert address is not None, first
        yield f"{address[0]}/v1"


def mounted() -> dict[str, Any]:
    app = FastAPI(title="Somebody's application")
    app.include_router(create_router(MemoryStore()))
    return app.openapi()


@pytest.fixture(scope="session", params=["own", "mounted"])
def document(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document in a file, in a directory that is new and holds the programs."""
    directory = tmp_path_factory.mktemp(request.param)
    shutil.copytree(PROGRAMS, directory, dirs_exist_ok=True)
    content = schemas.openapi() if request.param == "own" else mounted()
    path = directory / "openapi.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def base_of(document: Path, server: str) -> str:
    """The paths of a mounted router have the base path in them, those of the API do not."""
    return server if document.parent.name.startswith("own") else server.removesuffix("/v1")


@pytest.fixture(scope="session")
def typescript(document: Path, node_modules: Path) -> Path:
    directory = document.parent
    if not (directory / "node_modules").exists():
        (directory / "node_modules").symlink_to(node_modules)
    run(
        node_modules / ".bin" / "openapi-typescript",
        *("openapi.json", "--output", "schema.d.ts"),
        *("--root-types", "--root-types-no-schema-prefix"),
        cwd=directory,
    )
    if directory.name.startswith("mounted"):
        program = directory / "client.ts"
        text = program.read_text(encoding="utf-8")
        program.write_text(re.sub(r'"/(config|service)', r'"/v1/\1', text), encoding="utf-8")
    return directory


class TestTypeScript:
    def test_it_compiles_strictly_and_works(
        self, typescript: Path, document: Path, node_modules: Path, server: str
    ) -> None:
        run(node_modules / ".bin" / "tsc", "--project", ".", cwd=typescript)
        printed = run("node", "client.js", base_of(document, server), cwd=typescript)
        assert json.loads(printed) == WHAT_A_CLIENT_FINDS

    def test_a_wrong_value_does_not_compile(self, typescript: Path, node_modules: Path) -> None:
        """A state that there is not, a spec without its frontend, null."""
        wrong = typescript / "wrong.ts"
        wrong.write_text(
            'import type { BackendState, ServiceSpec } from "./schema.js";\n'
            'export const state: BackendState = "resting";\n'
            "export const bare: ServiceSpec = { id: 1 };\n"
            'export const spec: ServiceSpec = { "frontend-address": {}, id: null };\n',
            encoding="utf-8",
        )
        try:
            done = subprocess.run(
                [node_modules / ".bin" / "tsc", "--project", ".", "--noEmit"],
                cwd=typescript,
                capture_output=True,
                text=True,
                timeout=300,
            )
        finally:
            wrong.unlink()
        assert re.findall(r"^(\S+?)\((\d+),.*?error (TS\d+)", done.stdout, re.MULTILINE) == [
            ("wrong.ts", "2", "TS2322"),
            ("wrong.ts", "3", "TS2741"),
            ("wrong.ts", "4", "TS2322"),
        ]

    def test_no_name_ends_in_a_number(self, typescript: Path) -> None:
        text = (typescript / "schema.d.ts").read_text(encoding="utf-8")
        names = re.findall(r"^export (?:type|interface) (\w+)", text, re.MULTILINE)
        assert {"Service", "BackendState", "FailureReason", "RequestError"} <= {*names}
        assert [name for name in names if name[-1].isdigit() or name == "Error"] == []


def defined_names(*paths: Path) -> set[str]:
    """Modules, classes and functions: what a generator makes up names for."""
    found: set[str] = set()
    for path in paths:
        found.add(path.stem)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
    return found


@pytest.fixture(scope="session")
def package(document: Path, python: Path) -> Path:
    run(
        *(python, "-m", "openapi_python_client", "generate"),
        *("--path", "openapi.json", "--output-path", "service_api"),
        *("--meta", "none", "--overwrite"),
        cwd=document.parent,
    )
    return document.parent / "service_api"


class TestOpenAPIPythonClient:
    def test_it_is_typed_and_works(
        self, package: Path, document: Path, python: Path, server: str
    ) -> None:
        program = "client_openapi_python.py"
        run(python, "-m", "mypy", "--strict", program, "service_api", cwd=package.parent)
        printed = run(python, program, base_of(document, server), cwd=package.parent)
        assert json.loads(printed) == WHAT_A_CLIENT_FINDS

    def test_it_has_a_module_for_each_component(self, package: Path) -> None:
        modules = {path.stem for path in (package / "models").glob("*.py")} - {"__init__"}
        texts_and_lists = {"FailureReason", "ServiceList", "LRPList"}
        components = schemas.openapi()["components"]["schemas"].keys() - texts_and_lists
        assert {each.replace("_", "") for each in modules} == {each.lower() for each in components}

    def test_no_name_ends_in_a_number(self, package: Path) -> None:
        names = defined_names(*package.rglob("*.py"))
        assert {"Service", "BackendState", "RequestError", "put_service_by_id"} <= names
        assert [name for name in names if name[-1].isdigit()] == []


@pytest.fixture(scope="session")
def module(document: Path, python: Path) -> Path:
    run(
        *(python, "-m", "datamodel_code_generator"),
        *("--input", "openapi.json", "--input-file-type", "openapi"),
        *("--output", "service_models.py", "--output-model-type", "pydantic_v2.BaseModel"),
        *("--use-annotated", "--snake-case-field", "--allow-population-by-field-name"),
        *("--target-python-version", "3.11", "--formatters", "builtin"),
        cwd=document.parent,
    )
    return document.parent / "service_models.py"


class TestDatamodelCodeGenerator:
    def test_it_is_typed_and_works(
        self, module: Path, document: Path, python: Path, server: str
    ) -> None:
        program = "client_datamodel.py"
        run(python, "-m", "mypy", "--strict", program, module.name, cwd=module.parent)
        base = base_of(document, server)
        # Models know no paths: the program asks the API itself.
        base = base if base.endswith("/v1") else f"{base}/v1"
        assert json.loads(run(python, program, base, cwd=module.parent)) == WHAT_A_CLIENT_FINDS

    def test_no_name_ends_in_a_number(self, module: Path) -> None:
        names = defined_names(module)
        assert {"Service", "BackendState", "FailureReason", "RequestError"} <= names
        assert [name for name in names if name[-1].isdigit() or name == "Error"] == []


class TestOpenAPIGenerator:
    """It knows 3.1 not yet in full, hence it is given 3.0."""

    def test_it_works(self, tmp_path: Path, python: Path, server: str) -> None:
        if shutil.which("java") is None:
            pytest.skip("openapi-generator needs Java, which is not installed")
        document = tmp_path / "openapi-3.0.json"
        document.write_text(json.dumps(schemas.openapi(version="3.0")), encoding="utf-8")
        shutil.copy(PROGRAMS / "client_openapi_generator.py", tmp_path)
        generator = python.parent / "openapi-generator-cli"
        run(generator, *("generate", "-i", document.name, "-g", "python"), "-o", ".", cwd=tmp_path)
        printed = run(python, "client_openapi_generator.py", server, cwd=tmp_path)
        assert json.loads(printed) == WHAT_A_CLIENT_FINDS
