"""`loadbalancer audit`: what it says of the example, and what it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Invoke
from .running import EXAMPLES, environment, run, run_in_terminal

SYSDUMP = EXAMPLES / "sysdump"
OBJECTS = [str(path) for path in sorted(SYSDUMP.glob("k8s-*.yaml"))]
KUBERNETES = [word for path in OBJECTS for word in ("--kubernetes", path)]


def dump_of(pod: str, what: str = "service-list--o-json") -> Path:
    (path,) = SYSDUMP.glob(f"cilium-bugtool-{pod}-*/cmd/cilium-{what}.md")
    return path


ONE, THREE = "cilium-8k2xq", "cilium-zz7rd"
EXPECTED = {
    "worker-1": [("stale-backend", "10.96.0.20:80", "10.0.2.77:8080")],
    "worker-2": [
        ("missing-service", "0.0.0.0:9100", None),
        ("missing-service", "192.168.7.2:9100", None),
        ("wrong-state", "10.96.0.20:80", "10.0.1.10:8080"),
    ],
    "worker-3": [
        ("bpf-backend-not-found", "10.96.0.20:80", None),
        ("wrong-policy", "10.96.0.21:80", None),
    ],
}


def texts(directory: Path) -> dict[str, str]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_text("utf-8") for path in files}


def test_the_example_is_what_its_maker_makes(tmp_path: Path) -> None:
    maker = EXAMPLES.parent / "tools" / "make_sysdump.py"
    subprocess.run([sys.executable, str(maker), str(tmp_path)], check=True, env=environment())
    assert texts(SYSDUMP) == texts(tmp_path)


def test_the_damage_of_the_example_is_found(invoke: Invoke) -> None:
    finished = invoke("audit", "--format", "json", "sysdump")
    assert (finished.code, finished.err) == (1, "")
    document = json.loads(finished.out)
    found = {
        node["name"]: [(at["kind"], at["frontend"], at["backend"]) for at in node["findings"]]
        for node in document["nodes"]
    }
    assert found == EXPECTED
    assert [each["frontend"] for each in document["disagreements"]] == ["10.96.0.20:80"]
    kinds = {kind for findings in found.values() for kind, _, _ in findings}
    assert document["meanings"].keys() == kinds
    assert document["problems"] == []


def test_an_archive_says_the_same_as_its_folder(invoke: Invoke, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "dump"), "zip", EXAMPLES, "sysdump")
    assert invoke("audit", archive) == invoke("audit", "sysdump")


def test_what_an_audit_of_a_cut_off_archive_says(invoke: Invoke, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "dump"), "zip", EXAMPLES, "sysdump")
    whole = Path(archive).read_bytes()
    Path(archive).write_bytes(whole[: len(whole) // 2])
    finished = invoke("audit", archive)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err == (
        f"loadbalancer: cannot read {archive}: the zip has no table of contents: "
        "it is cut off (download it again)\n"
    )


@pytest.mark.parametrize("format", ["zip", "tar", "gztar"])
@pytest.mark.parametrize("command", ["validate", "convert"])
def test_other_commands_say_what_reads_archives(
    command: str, format: str, invoke: Invoke, tmp_path: Path
) -> None:
    archive = shutil.make_archive(str(tmp_path / "dump"), format, EXAMPLES, "sysdump")
    finished = invoke(command, archive)
    told = (
        f"{archive}:1:1: error: a {format[-3:]} archive, not a dump: "
        "`loadbalancer audit FILE` reads that of a sysdump"
    )
    assert (finished.code, told in finished.out + finished.err) == (1, True)


@pytest.mark.parametrize("format", ["zip", "tar", "gztar"])
def test_list_and_expect_read_archives(format: str, invoke: Invoke, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "dump"), format, EXAMPLES, "sysdump")
    asked = ("list", "--wide", "--backend", "10.0.2.77")
    finished = invoke(*asked, archive)
    assert finished == invoke(*asked, "sysdump")
    assert (finished.code, finished.err) == (0, "")
    assert "worker-1   shop/api" in finished.out
    expected = invoke("expect", "--node", "worker-1", archive)
    assert expected == invoke("expect", "--node", "worker-1", "sysdump")
    assert (expected.code, expected.out.count("\n"), expected.err) == (0, 24, "")


def test_for_people_the_gravest_comes_first(invoke: Invoke) -> None:
    lines = invoke("audit", "sysdump").out.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "summary",
        "error: missing-service",
        "error: stale-backend",
        "error: bpf-backend-not-found",
        "warning: wrong-policy",
        "warning: wrong-state",
        "worker-1: 11 services listed, 11 expected, 11 in the kernel: 1 error",
        "worker-2: 9 services listed, 11 expected, 9 in the kernel: 2 errors, 1 warning",
        "worker-3: 11 services listed, 11 expected, 11 in the kernel: 1 error, 1 warning",
    ]


def test_one_node_of_several(invoke: Invoke) -> None:
    finished = invoke("audit", "--node", "worker-3", "--format", "json", "sysdump")
    document = json.loads(finished.out)
    assert [each["name"] for each in document["nodes"]] == ["worker-3"]
    assert document["disagreements"] == []


def test_a_dump_beside_objects(invoke: Invoke) -> None:
    dump = str(dump_of(ONE))
    finished = invoke("audit", *KUBERNETES, "--node", "worker-1", "--format", "json", dump)
    (node,) = json.loads(finished.out)["nodes"]
    assert [each["kind"] for each in node["findings"]] == ["stale-backend"]
    assert (node["listed"], node["expected"], node["in_kernel"], node["notes"]) == (
        11,
        11,
        None,
        [],
    )


def test_a_dump_beside_the_kernel() -> None:
    bpf = str(dump_of(THREE, "bpf-lb-list"))
    finished = run("audit", "--bpf", bpf, "-", stdin=dump_of(THREE).read_bytes())
    assert finished.code == 1
    assert finished.out.splitlines()[0] == "error: bpf-backend-not-found"
    assert finished.out.splitlines()[-1] == (
        "<stdin>: 11 services listed, 11 in the kernel: 1 error"
    )


def test_nothing_found(invoke: Invoke) -> None:
    bpf, dump = str(dump_of(ONE, "bpf-lb-list")), str(dump_of(ONE))
    finished = invoke("audit", "--bpf", bpf, dump)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out.endswith("11 services listed, 11 in the kernel: nothing found\n")


def test_a_node_that_kubernetes_does_not_have(invoke: Invoke) -> None:
    finished = invoke("audit", *KUBERNETES, "--node", "other", str(dump_of(ONE)))
    assert finished.out.startswith("notes\n    - Kubernetes has no Node of this name")
    assert finished.code == 1


def test_objects_without_endpoints(invoke: Invoke) -> None:
    (services,) = SYSDUMP.glob("k8s-services-*")
    finished = invoke(
        "audit", "--kubernetes", str(services), "--node", "worker-1", str(dump_of(ONE))
    )
    assert "There are no EndpointSlices among the objects of Kubernetes" in finished.out
    assert finished.code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["service_list.json"], "nothing to compare the dump with"),
        (["--node", "worker-9", "sysdump"], "there is no node worker-9"),
        (["--bpf", "broken.json", "sysdump"], "--bpf goes with the dump of one node"),
        (["nowhere"], "cannot read nowhere: No such file or directory"),
        (["broken.json", "service_list.json"], "broken.json"),
        (["--bpf", "broken.json", "service_list.json"], "cannot read broken.json"),
        (["--kubernetes", "nowhere", "service_list.json"], "cannot read nowhere"),
        (
            ["--kubernetes", "service_list.json", "--node", "worker-1", "service_list.json"],
            "there is no Service among the objects of Kubernetes",
        ),
    ],
)
def test_what_cannot_be_compared(invoke: Invoke, arguments: list[str], message: str) -> None:
    finished = invoke("audit", *arguments)
    assert finished.code == 2
    assert message in finished.err


def test_in_a_terminal() -> None:
    shown = run_in_terminal("audit", "sysdump", columns=80)
    assert shown.code == 1
    assert "\x1b[1;31merror: missing-service\x1b[0m" in shown.text


def test_rows_of_the_kernel_that_belong_to_no_service(invoke: Invoke, tmp_path: Path) -> None:
    dump, maps = tmp_path / "worker-1.json", tmp_path / "maps.txt"
    dump.write_text(
        '[{"spec": {"id": 1, "frontend-address": {"ip": "10.96.0.1", "port": 80,'
        ' "protocol": "TCP", "scope": "external"}, "backend-addresses": []}}]'
    )
    maps.write_text(
        "SVC: ID=1 ADDR=10.96.0.1:80/TCP SLOT=0 LBALG=undef AFFTimeout=0 COUNT=0 QCOUNT=0 "
        "FLAGS=ClusterIP+non-routable\nREV: ID=1 ADDR=10.96.0.1:80\nREV: ID=5 ADDR=10.96.0.5:80\n"
    )
    finished = invoke("audit", "--format", "concise", "--bpf", str(maps), str(dump))
    assert finished.out == (
        "worker-1: warning: bpf-leftover: the kernel has 1 row (reverse NAT) of ids that no "
        "service has: 5\n"
    )
    assert finished.code == 1
