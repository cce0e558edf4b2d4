"""The package as a whole: its names, what importing it loads, and which module knows which."""

from __future__ import annotations

import ast
import inspect
import json
import os
import subprocess
import sys
from enum import Enum
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import loadbalancer
from loadbalancer import AddrCluster

from .support import ROOT

PACKAGE = ROOT / "loadbalancer"
ALL = [
    "ALL_PROTOCOLS",
    "CIDR",
    "DEFAULT_BACKEND_WEIGHT",
    "ID",
    "SVC",
    "AddrCluster",
    "AddressError",
    "Backend",
    "BackendID",
    "BackendState",
    "BackendStateError",
    "BackendStateFlags",
    "ConversionError",
    "Dump",
    "DumpProblem",
    "FEPortName",
    "L3n4Addr",
    "L3n4AddrID",
    "L4Addr",
    "L4ProtocolError",
    "L4Type",
    "LoadBalancerError",
    "LossyError",
    "Note",
    "Preferred",
    "Release",
    "ReleaseError",
    "SVCNatPolicy",
    "SVCTrafficPolicy",
    "SVCType",
    "Scope",
    "ServiceFlagBit",
    "ServiceFlags",
    "ServiceID",
    "ServiceName",
    "SvcFlagParam",
    "UnsaidError",
    "YamlMissingError",
    "address_order",
    "conversion_errors",
    "dump_service",
    "dump_services",
    "get_backend_state",
    "get_backend_state_from_flags",
    "go_names",
    "identity",
    "in_words",
    "is_valid_backend_state",
    "is_valid_state_transition",
    "iter_services",
    "load_service",
    "load_service_spec",
    "load_services",
    "lossy_facts",
    "models",
    "new_backend",
    "new_backend_flags",
    "new_backend_from_backend_model",
    "new_backend_with_state",
    "new_l3n4_addr",
    "new_l3n4_addr_from_backend_model",
    "new_l3n4_addr_from_model",
    "new_l3n4_addr_id",
    "new_l4_addr",
    "new_l4_type",
    "new_svc_flag",
    "new_svc_from_model",
    "new_svc_from_service",
    "parse_cidr",
    "read_dump",
    "read_dumps",
    "schemas",
    "unsaid_facts",
    "write_dump",
]
MODELS = [
    "BackendAddress",
    "Error",
    "FrontendAddress",
    "FrontendMapping",
    "LRPBackend",
    "LRPSpec",
    "Service",
    "ServiceSpec",
    "ServiceSpecFlags",
    "ServiceStatus",
]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def type_checking_imports(body: list[ast.stmt]) -> dict[str, str]:
    """The names imported under `if TYPE_CHECKING:`, each with the module it comes from."""
    found: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for each in node.body:
                assert isinstance(each, ast.ImportFrom)
                found |= {alias.asname or alias.name: each.module or "" for alias in each.names}
    return found


class TestNames:
    def test_all_is_what_it_was(self) -> None:
        assert loadbalancer.__all__ == ALL

    def test_all_is_there(self) -> None:
        assert [name for name in ALL if not hasattr(loadbalancer, name)] == []
        assert set(ALL) <= set(dir(loadbalancer))

    def test_a_type_checker_sees_the_same_names(self) -> None:
        imports = type_checking_imports(tree(PACKAGE / "__init__.py").body)
        assert sorted(imports) == sorted(ALL)

    def test_and_finds_each_where_it_is_defined(self) -> None:
        imports = type_checking_imports(tree(PACKAGE / "__init__.py").body)
        lazily: dict[str, str] = vars(loadbalancer)["_MODULE_OF_NAME"]
        subpackages = {name: module for name, module in imports.items() if not module}
        assert subpackages.keys() == {"models", "schemas"}
        assert {**lazily, **subpackages} == imports

    @pytest.mark.parametrize("name", sorted({*ALL} - {"models", "schemas"}))
    def test_a_name_is_public_in_its_module(self, name: str) -> None:
        module = type_checking_imports(tree(PACKAGE / "__init__.py").body)[name]
        defining: Any = __import__(f"loadbalancer.{module}", fromlist=["__all__"])
        assert name in defining.__all__
        assert getattr(loadbalancer, name) is getattr(defining, name)

    def test_there_is_no_other_name(self) -> None:
        with pytest.raises(AttributeError) as caught:
            getattr(loadbalancer, "New")  # noqa: B009
        assert str(caught.value) == "module 'loadbalancer' has no attribute 'New'"

    def test_the_wire_models(self) -> None:
        namespace = vars(loadbalancer.models)
        found = [
            name
            for name, value in namespace.items()
            if name.isidentifier() and getattr(value, "__module__", "") == "loadbalancer.models"
        ]
        assert sorted(found) == MODELS

    def test_the_version_is_that_of_the_distribution(self) -> None:
        assert loadbalancer.__version__ == version("cilium-loadbalancer")


class TestDocumentation:
    def test_every_public_object_says_what_it_is(self) -> None:
        # The wire models are generated, and their file says so instead.
        names = [name for name in ALL if name != "models"]
        documented = [name for name in names if not is_value(getattr(loadbalancer, name))]
        assert [name for name in documented if not own_doc(getattr(loadbalancer, name))] == []
        assert len(documented) > 40

    def test_every_wire_model_says_what_it_is(self) -> None:
        # `Error` is a text; what it says stands in its field.
        models = [getattr(loadbalancer.models, name) for name in MODELS if name != "Error"]
        assert [model for model in models if not own_doc(model)] == []

    def test_every_public_method_says_what_it_does(self) -> None:
        silent = [
            f"{name}.{method}"
            for name in ALL
            for method in methods(getattr(loadbalancer, name))
            if not inspect.getdoc(getattr(getattr(loadbalancer, name), method))
        ]
        assert "get_model" in methods(loadbalancer.SVC)
        assert "svc_type" in methods(loadbalancer.ServiceFlags)
        assert "parse" in methods(AddrCluster)
        assert silent == []

    def test_every_name_without_one_has_a_text_below_it(self) -> None:
        """A text under an assignment is what editors show of a constant or alias."""
        values = {name for name in ALL if is_value(getattr(loadbalancer, name))}
        below: set[str] = set()
        for path in PACKAGE.rglob("*.py"):
            body = tree(path).body
            for statement, following in pairwise(body):
                if isinstance(statement, ast.Assign | ast.AnnAssign) and is_text(following):
                    target = statement
                    targets = target.targets if isinstance(target, ast.Assign) else [target.target]
                    below |= {ast.unparse(each) for each in targets}
        assert values - below == set()
        assert values == {
            *("ALL_PROTOCOLS", "CIDR", "DEFAULT_BACKEND_WEIGHT", "go_names"),
            *("BackendID", "FEPortName", "ID", "Preferred", "ServiceID"),
        }

    @pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
    def test_every_module_says_what_it_is_for(self, path: Path) -> None:
        assert ast.get_docstring(tree(path))


def methods(thing: object) -> list[str]:
    """The public methods and properties of a class of its own."""
    if not isinstance(thing, type):
        return []
    values: dict[str, Any] = dict(vars(thing))
    kinds = (FunctionType, property, classmethod, staticmethod)
    public = [name for name in values if not name.startswith(("_", "model_"))]
    return [name for name in public if isinstance(values[name], kinds)]


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_value(thing: object) -> bool:
    """Constants and aliases have no docstring of their own."""
    return not (
        inspect.isclass(thing) or inspect.isfunction(thing) or isinstance(thing, ModuleType)
    )


def own_doc(thing: Any) -> str | None:
    """Its docstring, not one that it has from its parents."""
    if inspect.isclass(thing) and thing.__bases__:
        inherited = {inspect.getdoc(parent) for parent in thing.__mro__[1:]} - {None}
        doc = vars(thing).get("__doc__")
        return None if doc in inherited or (issubclass(thing, Enum) and not doc) else doc
    return inspect.getdoc(thing)


def run(code: str, cwd: Path | None = None) -> str:
    """What a program prints that has nothing of the checkout on its path but the package."""
    environment = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    done = subprocess.run(
        [sys.executable, "-c", code] if cwd is None else [sys.executable, code],
        cwd=cwd or "/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def loaded_by(code: str) -> set[str]:
    listed = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    return {*json.loads(run(f"{code}; {listed}"))}


# Nobody who converts services wants to wait for these.
HEAVY = {
    *("asyncio", "click", "fastapi", "http", "prometheus_client", "rich", "socket", "sqlite3"),
    *("ssl", "starlette", "typer", "uvicorn", "yaml"),
}


class TestImports:
    def test_the_package_alone_loads_nothing_else(self) -> None:
        loaded = loaded_by("import loadbalancer")
        assert {name for name in loaded if name.startswith("loadbalancer")} == {"loadbalancer"}
        assert {name.partition(".")[0] for name in loaded} & {*HEAVY, "pydantic"} == set()

    def test_the_domain_types_load_no_wire_models(self) -> None:
        loaded = loaded_by("from loadbalancer import SVC, AddrCluster, new_svc_flag")
        ours = {name for name in loaded if name.startswith("loadbalancer.")}
        assert "loadbalancer.domain.service" in ours
        assert {name.split(".")[1] for name in ours} == {"domain", "errors", "releases"}

    def test_all_of_the_library_loads_no_command_and_no_server(self) -> None:
        loaded = loaded_by("from loadbalancer import *")
        ours = {name.split(".")[1] for name in loaded if name.startswith("loadbalancer.")}
        assert {"domain", "models", "dumps", "schemas", "wire"} <= ours
        assert ours & {"command", "server"} == set()
        assert {name.partition(".")[0] for name in loaded} & (HEAVY - pydantic_s_own()) == set()

    def test_a_star_import_brings_what_is_public(self) -> None:
        printed = run(
            "before = {*globals()}\n"
            "from loadbalancer import *\n"
            "import json\n"
            "print(json.dumps(sorted({*globals()} - before - {'before', 'json'})))"
        )
        assert json.loads(printed) == sorted(ALL)

    def test_the_checkout_s_directories_are_no_modules(self) -> None:
        printed = run(
            "from importlib.util import find_spec\n"
            "import loadbalancer.models, loadbalancer.schemas\n"
            "print([name for name in ('models', 'schemas', 'tests', 'tools') if find_spec(name)])"
        )
        assert printed == "[]\n"

    def test_a_program_may_have_modules_of_the_same_names(self, tmp_path: Path) -> None:
        (tmp_path / "models.py").write_text("OWN = 'models'\n", encoding="utf-8")
        (tmp_path / "schemas.py").write_text("OWN = 'schemas'\n", encoding="utf-8")
        (tmp_path / "main.py").write_text(
            "import models, schemas\n"
            "from loadbalancer import load_service_spec, models as wire, schemas as ours\n"
            'spec = \'{"frontend-address":{"ip":"10.0.0.1","scope":"external"}}\'\n'
            "print(models.OWN, schemas.OWN, load_service_spec(spec).frontend)\n"
            "print(hasattr(wire, 'OWN'), hasattr(ours, 'OWN'), wire.Service.__name__)\n"
            "print(ours.schema('SVC')['title'])\n",
            encoding="utf-8",
        )
        printed = run("main.py", cwd=tmp_path)
        assert printed == "models schemas 10.0.0.1:0\nFalse False Service\nSVC\n"


def pydantic_s_own() -> set[str]:
    """What Pydantic loads by itself is not ours to leave out."""
    loaded = loaded_by("import pydantic; from pydantic import BaseModel, RootModel, TypeAdapter")
    return {name.partition(".")[0] for name in loaded}


def test_a_go_name_leads_to_the_python_one() -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(loadbalancer, "IsValidStateTransition")  # noqa: B009
    assert str(caught.value) == (
        "module 'loadbalancer' has no attribute 'IsValidStateTransition': the Go function "
        "IsValidStateTransition is is_valid_state_transition here"
    )


def test_addresses_and_names_are_formatted_as_text() -> None:
    addr = loadbalancer.L3n4Addr.parse("10.0.0.1:80")
    name = loadbalancer.ServiceName(namespace="a", name="b")
    assert f"{addr:>12}|{addr.addr_cluster:<9}|{name:^5}|" == " 10.0.0.1:80|10.0.0.1 | a/b |"
