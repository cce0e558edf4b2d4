"""Write the generated files, or check that they are what would be written now.

    python tools/generate.py            write
    python tools/generate.py --check    compare bytes, write nothing

Everything is generated into an empty temporary directory first, both to write and to check, so
that neither the present files nor the place of the checkout can have a part in the outcome.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import yaml
from published import as_of_3_0, published

ROOT = Path(__file__).resolve().parent.parent

# The generator and the formatter it runs: their versions decide the bytes.
PINNED = ("datamodel-code-generator", "ruff")


def generate_models(out: Path) -> None:
    """Generate the wire models from the OpenAPI document."""
    # The generator and the formatter look for their configuration upwards from where they
    # work: given a copy there, they never come to read another one.
    shutil.copy(ROOT / "pyproject.toml", out)
    (out / "schemas").mkdir()
    shutil.copy(ROOT / "schemas" / "openapi.yaml", out / "schemas")
    subprocess.run(
        [sys.executable, "-m", "datamodel_code_generator"],
        cwd=out,
        env={name: value for name, value in os.environ.items() if not name.startswith("RUFF_")},
        check=True,
    )


def generate_json_schemas(out: Path) -> None:
    """Generate the JSON Schemas of all types, and the OpenAPI documents as JSON."""
    # Imported late, for the wire models to be those that have just been generated.
    from audit_report import audit_report
    from pydantic import Field, TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

    import loadbalancer
    from loadbalancer import models

    def write_json(name: str, document: object) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (target / f"{name}.json").write_bytes(f"{text}\n".encode())

    def headed(stem: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        address = PUBLISHED_IDS.get(stem, f"urn:cilium-loadbalancer:{stem}")
        dialect = GenerateJsonSchema.schema_dialect
        return {"$schema": dialect, "$id": address, "title": name, **schema}

    target = out / "schemas" / "json"
    target.mkdir(parents=True)
    with (ROOT / "schemas" / "openapi.yaml").open("rb") as file:
        document = published(yaml.safe_load(file))
    write_json("openapi", document)
    write_json("openapi-3.0", as_of_3_0(document))
    write_json("AuditReport", headed("AuditReport", "AuditReport", audit_report()))
    types: dict[str, Any] = {name: getattr(models, name) for name in WIRE_MODELS}
    types["ServiceList"] = Annotated[list[models.Service], Field(description=SERVICE_LIST)]
    types |= {name: getattr(loadbalancer, name) for name in DOMAIN_TYPES}
    for name, kind in types.items():
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        modes: list[JsonSchemaMode] = ["validation", "serialization"]
        read, written = (adapter.json_schema(mode=mode) for mode in modes)
        if name == "ServiceList":
            read["items"] |= SERVICE_OR_STATUS
            written["items"] |= SERVICE_OR_STATUS
        for suffix, schema in (("", read), (".serialization", written)):
            if not suffix or written != read:
                write_json(name + suffix, headed(name + suffix, name, schema))


def generate_reference(out: Path) -> None:
    """Generate the reference of public names."""
    from reference import reference

    (out / "docs").mkdir()
    text = reference(ROOT / "loadbalancer")
    (out / "docs" / "reference.md").write_bytes(text.encode())


def generate_results(out: Path) -> None:
    """Generate the page of how the vectors come out."""
    from vectors import results

    (out / "docs").mkdir()
    (out / "docs" / "vectors.md").write_bytes(results().encode())


def generate_rooms(out: Path) -> None:
    """Generate the picture of the rooms."""
    from rooms import picture

    (out / "docs" / "assets").mkdir(parents=True)
    (out / "docs" / "assets" / "rooms.svg").write_bytes(picture().encode())


WIRE_MODELS = (
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
)
DOMAIN_TYPES = (
    "AddrCluster",
    "Backend",
    "BackendID",
    "BackendState",
    "BackendStateFlags",
    "CIDR",
    "FEPortName",
    "ID",
    "L3n4Addr",
    "L3n4AddrID",
    "L4Addr",
    "L4Type",
    "Preferred",
    "SVC",
    "SVCNatPolicy",
    "SVCTrafficPolicy",
    "SVCType",
    "Scope",
    "ServiceFlags",
    "ServiceID",
    "ServiceName",
    "SvcFlagParam",
)

SERVICE_LIST = "The services of a node, as `cilium service list -o json` prints them."
# A service without either is refused when it is converted.
SERVICE_OR_STATUS: dict[str, Any] = {
    "anyOf": [
        {"type": "object", "required": ["spec"], "properties": {"spec": {"type": "object"}}},
        {
            "type": "object",
            "required": ["status"],
            "properties": {
                "status": {
                    "type": "object",
                    "required": ["realized"],
                    "properties": {"realized": {"type": "object"}},
                }
            },
        },
    ]
}
# What people have in files is looked up by editors, in the catalogue of schemastore.org.
PUBLISHED_IDS = {"ServiceList": "https://json.schemastore.org/cilium-service-list.json"}

# Each generator is given an empty directory that stands for the checkout. Only the directory or
# file named beside it is kept, and it belongs to that generator alone.
GENERATORS: dict[str, Callable[[Path], None]] = {
    "models": generate_models,
    "schemas/json": generate_json_schemas,
    "docs/reference.md": generate_reference,
    "docs/vectors.md": generate_results,
    "docs/assets/rooms.svg": generate_rooms,
}


def generate(name: str) -> dict[Path, bytes]:
    """Run one generator; return what it makes, by path relative to the checkout."""
    with tempfile.TemporaryDirectory(prefix="generate-") as directory:
        # macOS has its temporary directory behind a symlink.
        out = Path(directory).resolve()
        GENERATORS[name](out)
        return read_files(out, name)


def read_files(root: Path, name: str) -> dict[Path, bytes]:
    """Read all files at or below `root/name`, but for what Python leaves behind."""
    top = root / name
    paths = [top] if top.is_file() else top.rglob("*")
    return {
        path.relative_to(root): path.read_bytes()
        for path in sorted(paths)
        if path.is_file() and "__pycache__" not in path.parts
    }


def write(name: str) -> None:
    """Make the files in the checkout the generated ones, and remove any other."""
    wanted = generate(name)
    for path in read_files(ROOT, name).keys() - wanted.keys():
        (ROOT / path).unlink()
        print(f"removed {path}")
    for path, content in wanted.items():
        target = ROOT / path
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        print(f"wrote {path}")


def differences(name: str) -> list[str]:
    """Say how the files in the checkout differ from the generated ones."""
    wanted = generate(name)
    present = read_files(ROOT, name)
    found: list[str] = []
    for path in sorted(wanted.keys() | present.keys()):
        if path not in present:
            found.append(f"{path}: missing")
        elif path not in wanted:
            found.append(f"{path}: not a generated file")
        elif present[path] != wanted[path]:
            found.append(f"{path}: differs\n{diff(path, present[path], wanted[path])}")
    return found


def diff(path: Path, present: bytes, wanted: bytes) -> str:
    """Render the difference for people; what counts are the bytes."""
    lines = difflib.unified_diff(
        present.decode(errors="backslashreplace").splitlines(),
        wanted.decode(errors="backslashreplace").splitlines(),
        f"{path} (checkout)",
        f"{path} (generated)",
        n=1,
        lineterm="",
    )
    return "\n".join(f"    {line}" for line in lines) or "    (line endings only)"


def wrong_versions() -> list[str]:
    """Compare what is installed with the exact versions that pyproject.toml asks for."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        requirements: list[str] = tomllib.load(file)["dependency-groups"]["dev"]
    pins = dict(item.split("==") for item in requirements if "==" in item)
    found: list[str] = []
    for name in PINNED:
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if installed != pins[name]:
            found.append(f"{name}: needs {pins[name]}, installed is {installed}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if all is well, 1 if generated files are out of date, 2 if it cannot be told."""
    parser = argparse.ArgumentParser(description="Write the generated files, or check them.")
    parser.add_argument("--check", action="store_true", help="compare bytes, write nothing")
    check: bool = parser.parse_args(arguments).check

    if wrong := wrong_versions():
        print(*wrong, "To fix it: make venv", sep="\n", file=sys.stderr)
        return 2
    if not check:
        for name in GENERATORS:
            write(name)
        return 0
    if found := [line for name in GENERATORS for line in differences(name)]:
        print(*found, "To fix it: make generate", sep="\n", file=sys.stderr)
        return 1
    print("generated files are up to date")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
