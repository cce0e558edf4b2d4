"""`loadbalancer diff`: what it tells of two dumps, and when it says they differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Invoke
from .running import EXAMPLES, Finished, run, run_in_terminal

CHANGES = """\
- 0.0.0.0:8080  HostPort  1 backend
+ 10.96.0.77:80  ClusterIP  shop/web  1 backend
~ 10.96.0.10:53  ClusterIP
    external traffic policy Cluster -> Local
~ 192.0.2.1:80  LoadBalancer
    ~ backend 10.0.1.1:8080 state quarantined -> active
    ~ backend 10.0.1.2:8080 weight 50 -> 70
    - backend 10.0.1.3:8080 (maintenance, weight 0)
    + backend 10.0.1.4:8080 (active, weight 100)
1 service added, 1 removed, 2 changed, 5 unchanged
"""
SAME = "0 services added, 0 removed, 0 changed, 8 unchanged\n"


def test_changes(invoke: Invoke) -> None:
    finished = invoke("diff", "service_list.json", "service_list_later.json")
    assert finished.out == CHANGES
    assert (finished.code, finished.err) == (1, "")


def test_the_same_in_another_order_and_layout(invoke: Invoke) -> None:
    finished = invoke("diff", "service_list.json", "service_list_wire.json")
    assert (finished.code, finished.out, finished.err) == (0, SAME, "")


def test_quiet(invoke: Invoke) -> None:
    finished = invoke("diff", "--quiet", "service_list.json", "service_list_later.json")
    assert (finished.code, finished.out, finished.err) == (1, "", "")


def test_standard_input() -> None:
    after = (EXAMPLES / "service_list_later.json").read_bytes()
    finished = run("diff", "service_list.json", "-", stdin=after)
    assert (finished.code, finished.out) == (1, CHANGES)


def test_json_for_programs(invoke: Invoke) -> None:
    finished = invoke("diff", "--format", "json", "service_list.json", "service_list_later.json")
    document = json.loads(finished.out)
    assert [each["frontend-address"]["ip"] for each in document.pop("added")] == ["10.96.0.77"]
    assert [each["id"] for each in document.pop("removed")] == [7]
    assert document == {
        "changed": [
            {
                "frontend": "10.96.0.10:53",
                "id": 2,
                "fields": [{"name": "external traffic policy", "old": "Cluster", "new": "Local"}],
                "backends": [],
            },
            {
                "frontend": "192.0.2.1:80",
                "id": 5,
                "fields": [],
                "backends": [
                    {
                        "change": "changed",
                        "address": "10.0.1.1:8080",
                        "state": "active",
                        "weight": 100,
                        "fields": [{"name": "state", "old": "quarantined", "new": "active"}],
                    },
                    {
                        "change": "changed",
                        "address": "10.0.1.2:8080",
                        "state": "active",
                        "weight": 70,
                        "fields": [{"name": "weight", "old": "50", "new": "70"}],
                    },
                    {
                        "change": "removed",
                        "address": "10.0.1.3:8080",
                        "state": "maintenance",
                        "weight": 0,
                        "fields": [],
                    },
                    {
                        "change": "added",
                        "address": "10.0.1.4:8080",
                        "state": "active",
                        "weight": 100,
                        "fields": [],
                    },
                ],
            },
        ],
        "unchanged": 5,
    }
    assert finished.code == 1


Write = Callable[[str, Any], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes a JSON file and returns its name."""

    def write_json(name: str, value: Any) -> str:
        path = tmp_path / name
        path.write_text(json.dumps(value), encoding="utf-8")
        return str(path)

    return write_json


def spec(protocol: str | None = None, *backends: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A ServiceSpec of the frontend 10.0.0.1:53."""
    frontend = {"ip": "10.0.0.1", "port": 53, "protocol": protocol, "scope": "external"}
    return {"frontend-address": frontend, "backend-addresses": list(backends), **more}


def test_one_dump_has_protocols(invoke: Invoke, write: Write) -> None:
    finished = invoke("diff", write("a", [spec()]), write("b", [spec("udp")]))
    assert finished == Finished(
        0,
        "0 services added, 0 removed, 0 changed, 1 unchanged\n",
        "loadbalancer: not compared, since one of the dumps does not have them: protocols\n",
    )


def test_facts_that_a_table_does_not_have_are_not_compared(invoke: Invoke, tmp_path: Path) -> None:
    table = tmp_path / "before.txt"
    table.write_text(invoke("list", "service_list.json").out)
    finished = invoke("diff", str(table), "service_list.json")
    assert finished == Finished(
        0,
        "0 services added, 0 removed, 0 changed, 8 unchanged\n",
        "loadbalancer: not compared, since one of the dumps does not have them: "
        "health-check-ports, names, nat-policies, nodes, policies, protocols, weights, zones\n",
    )


def test_nodes_of_a_sysdump(invoke: Invoke) -> None:
    finished = invoke("diff", "--node", "worker-1", "--node", "worker-3", "sysdump")
    assert "    - backend 10.0.2.77:8080 (active, weight 100)\n" in finished.out
    assert (finished.code, finished.err) == (1, "")
    finished = invoke("diff", "--node", "worker-1", "sysdump", "sysdump")
    assert finished == Finished(0, "0 services added, 0 removed, 0 changed, 11 unchanged\n", "")
    finished = invoke("diff", "sysdump", "service_list.json")
    assert finished.code == 2
    assert "it has the nodes worker-1, worker-2, worker-3; --node chooses one" in finished.err


def test_protocols_are_services_of_their_own(invoke: Invoke, write: Write) -> None:
    finished = invoke("diff", write("a", [spec("tcp")]), write("b", [spec("udp")]))
    assert finished.out == (
        "- 10.0.0.1:53/TCP  ClusterIP  0 backends\n"
        "+ 10.0.0.1:53/UDP  ClusterIP  0 backends\n"
        "1 service added, 1 removed, 0 changed, 0 unchanged\n"
    )
    finished = invoke("diff", write("a", [spec()]), write("b", [spec("tcp"), spec("udp")]))
    assert finished.out == (
        "- 10.0.0.1:53  ClusterIP  0 backends\n"
        "+ 10.0.0.1:53/TCP  ClusterIP  0 backends\n"
        "+ 10.0.0.1:53/UDP  ClusterIP  0 backends\n"
        "2 services added, 1 removed, 0 changed, 0 unchanged\n"
    )


def test_every_fact(invoke: Invoke, write: Write) -> None:
    one, two = {"ip": "10.1.0.1", "port": 1}, {"ip": "10.1.0.1", "port": 1, "nodeName": "n"}
    flags = {
        "type": "NodePort",
        "intTrafficPolicy": "Local",
        "natPolicy": "Nat46",
        "healthCheckNodePort": 5,
        "name": "dns",
        "namespace": "kube-system",
    }
    before = spec("tcp", one, {"ip": "10.1.0.1", "port": 1}, id=1)
    other = {"ip": "10.1.0.2", "port": 1}
    after = spec("tcp", {**two, "preferred": True}, other, id=2, flags=flags)
    finished = invoke("diff", "--ids", write("a", before), write("b", after))
    assert finished.out == (
        "~ 10.0.0.1:53/TCP  ClusterIP\n"
        "    id 1 -> 2\n"
        "    type ClusterIP -> NodePort\n"
        "    internal traffic policy Cluster -> Local\n"
        "    NAT policy NONE -> Nat46\n"
        "    health check node port 0 -> 5\n"
        "    name / -> kube-system/dns\n"
        '    ~ backend 10.1.0.1:1 preferred no -> yes, node "" -> n\n'
        "    - backend 10.1.0.1:1 (active, weight 100)\n"
        "    + backend 10.1.0.2:1 (active, weight 100)\n"
        "0 services added, 0 removed, 1 changed, 0 unchanged\n"
    )
    assert "id 1 -> 2" not in invoke("diff", write("a", before), write("b", after)).out


def test_order_of_backends_does_not_matter(invoke: Invoke, write: Write) -> None:
    one, two = {"ip": "10.1.0.1"}, {"ip": "10.1.0.2"}
    finished = invoke("diff", write("a", spec(None, one, two)), write("b", spec(None, two, one)))
    assert finished.out == "0 services added, 0 removed, 0 changed, 1 unchanged\n"
    assert finished.code == 0


def test_a_frontend_that_is_there_twice(invoke: Invoke, write: Write) -> None:
    finished = invoke("diff", write("a", [spec(id=1), spec(id=2)]), write("b", [spec(id=2)] * 2))
    assert finished.out == "0 services added, 0 removed, 0 changed, 1 unchanged\n"
    warning = (
        "loadbalancer: the frontend 10.0.0.1:53 is there more than once; "
        "its last service is compared\n"
    )
    assert finished.err == warning * 2
    assert finished.code == 0


def test_no_comparison_of_what_is_not_all_there(invoke: Invoke) -> None:
    finished = invoke("diff", "service_list.json", "client_put_4.json")
    assert finished.err == (
        "loadbalancer: left out, since it is not a service: update of backend states\n"
        "loadbalancer: not compared, since not all services could be read\n"
    )
    assert (finished.code, finished.out) == (2, "")


def test_standard_input_but_once(invoke: Invoke) -> None:
    finished = invoke("diff", "-", "-")
    assert finished.err.splitlines()[-1] == ("Error: only one of A and B can be standard input")
    assert finished.code == 2


def test_colours_in_a_terminal() -> None:
    shown = run_in_terminal("diff", "service_list.json", "service_list_later.json")
    assert "\x1b[31m- 0.0.0.0:8080  HostPort  1 backend\x1b[0m\n" in shown.text
    assert "state \x1b[31mquarantined\x1b[0m -> \x1b[32mactive\x1b[0m\n" in shown.text
    assert shown.code == 1
