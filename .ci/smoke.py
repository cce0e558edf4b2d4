"""Try an installed cilium-loadbalancer as a user has it.

Runs in an environment that has the wheel and nothing of the checkout.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

# A program may have modules of its own with the names of our directories. They stand first on
# sys.path, as it is for any script.
PROGRAM = {
    "models.py": "OWN = 'models'\n",
    "schemas.py": "OWN = 'schemas'\n",
    "main.py": """\
import models
import schemas

import loadbalancer
from loadbalancer.models import BackendAddress, Service
from loadbalancer import schemas as package_schemas

assert (models.OWN, schemas.OWN) == ("models", "schemas")
assert not hasattr(package_schemas, "OWN")
service = Service.model_validate_json(
    b'{"spec": {"frontend-address": {"ip": "10.0.0.1", "port": 80, "scope": "external"},'
    b' "backend-addresses": [{"ip": "10.0.0.2", "nodeName": "node-1"}]}}'
)
assert service.spec is not None
assert service.spec.backend_addresses == [BackendAddress(ip="10.0.0.2", node_name="node-1")]
print("own modules beside the main script: ok")
""",
}


def check_installed_files() -> None:
    """The wheel brings one import name, with its data files and the typing marker."""
    installed = [str(path) for path in distribution("cilium-loadbalancer").files or ()]
    tops = {path.split("/")[0] for path in installed if not path.startswith("..")}
    tops = {top for top in tops if not top.endswith(".dist-info")}
    assert tops == {"loadbalancer"}, tops
    for name in ("py.typed", "models/__init__.py", "schemas/openapi.yaml"):
        assert f"loadbalancer/{name}" in installed, name
    assert (files("loadbalancer") / "py.typed").is_file()
    text = (files("loadbalancer.schemas") / "openapi.yaml").read_text(encoding="utf-8")
    assert text.startswith("openapi: 3.1")
    for name in ("models", "schemas", "tests", "tools"):
        assert find_spec(name) is None, name
    print("installed files: ok")


def check_own_modules() -> None:
    """A user's models.py and schemas.py are neither shadowed nor in the way."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in PROGRAM.items():
            (Path(directory) / name).write_text(text, encoding="utf-8")
        subprocess.run([sys.executable, "main.py"], cwd=directory, check=True)


if __name__ == "__main__":
    check_installed_files()
    check_own_modules()
