"""`loadbalancer list`: the table of the real client, its order, and what is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Invoke
from .running import EXAMPLES, environment, run, run_in_terminal

# What the real client printed of the service list in the examples. The spaces at the ends of
# lines are part of it.
TABLE = """\
ID   Frontend                Service Type    Backend                            
1    10.96.0.1:443           ClusterIP       1 => 192.168.8.10:6443 (active)    
2    10.96.0.10:53           ClusterIP       1 => 10.0.0.220:53 (active)        
                                             2 => 10.0.1.184:53 (active)        
3    [fd00:10:96::a]:443     NodePort        1 => [fd00:1::5]:8443 (active)     
                                             2 => [fd00:1::6]:8443 (active)     
4    [fd00:10:96::a]:443/i   NodePort        1 => [fd00:1::5]:8443 (active)     
                                             2 => [fd00:1::6]:8443 (active)     
5    192.0.2.1:80            LoadBalancer    1 => 10.0.1.1:8080 (quarantined)   
                                             2 => 10.0.1.2:8080 (active)        
                                             3 => 10.0.1.3:8080 (maintenance)   
6    198.51.100.7:80         ExternalIPs     1 => 10.0.1.1:8080 (quarantined)   
7    0.0.0.0:8080            HostPort        1 => 10.0.1.9:80 (active)          
8    169.254.20.10:53        LocalRedirect   1 => 10.0.0.220:53 (active)        
"""  # noqa: W291


@pytest.mark.parametrize("name", ["service_list.json", "service_list_wire.json"])
def test_the_table_of_the_real_client(invoke: Invoke, name: str) -> None:
    finished = invoke("list", name)
    assert finished.out == TABLE
    assert (finished.code, finished.err) == (0, "")


def test_service_without_backends() -> None:
    spec = b'{"frontend-address": {"ip": "::", "scope": "external"}, "id": 123456}'
    finished = run("list", stdin=spec)
    assert finished.out == (
        "ID       Frontend   Service Type   Backend   \n"
        "123456   [::]:0     ClusterIP                \n"
    )
    assert finished.code == 0


def test_no_services(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    finished = invoke("list", str(tmp_path / "a.json"))
    assert finished.out == "ID   Frontend   Service Type   Backend   \n"
    assert finished.code == 0


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--state", "quarantined"], [5, 6]),
        (["--state", "Maintenance"], [5]),
        (["--state", "terminating"], []),
        (["--type", "nodeport", "--type", "HostPort"], [3, 4, 7]),
        (["--sort", "frontend"], [7, 1, 2, 8, 5, 6, 3, 4]),
        (["--sort", "type"], [1, 2, 6, 7, 5, 8, 3, 4]),
        (["--sort", "backends"], [5, 2, 3, 4, 1, 6, 7, 8]),
    ],
)
def test_selected_and_sorted(invoke: Invoke, arguments: list[str], ids: list[int]) -> None:
    finished = invoke("list", "--format", "json", *arguments, "service_list.json")
    assert [each["spec"]["id"] for each in json.loads(finished.out)] == ids
    assert finished.code == 0


@pytest.mark.parametrize("name", ["shop/web", "web", "shop/*", "*/w?b"])
def test_by_name(invoke: Invoke, name: str) -> None:
    finished = invoke("list", "--name", name, "service_list_later.json")
    assert finished.out == (
        "ID   Frontend        Service Type   Backend                       \n"
        "9    10.96.0.77:80   ClusterIP      1 => 10.0.2.7:8080 (active)   \n"
    )
    assert invoke("list", "--name", "other/web", "service_list_later.json").out == (
        "ID   Frontend   Service Type   Backend   \n"
    )


def test_what_is_no_service_is_left_out_and_told_of(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"ip": "10.0.0.1"}, {"spec": {"id": 1}}]', encoding="utf-8")
    finished = invoke("list", "service_get_5.json", str(path), "nowhere.json")
    assert finished.out == (
        "ID   Frontend       Service Type   Backend                            \n"
        "5    192.0.2.1:80   LoadBalancer   1 => 10.0.1.1:8080 (quarantined)   \n"
        "                                   2 => 10.0.1.2:8080 (active)        \n"
        "                                   3 => 10.0.1.3:8080 (maintenance)   \n"
    )
    assert finished.err == (
        "loadbalancer: left out, since it is not a service: backend\n"
        f"{path}:1:31: error: /1/spec/frontend-address: the key frontend-address is missing: "
        "expected an object\n"
        "loadbalancer: cannot read nowhere.json: No such file or directory\n"
    )
    assert finished.code == 2


def test_no_such_type(invoke: Invoke) -> None:
    finished = invoke("list", "--type", "NodePrt", "service_list.json")
    assert finished.err.splitlines()[-1] == (
        "Error: Invalid value for '--type': there is no type 'NodePrt'. Did you mean NodePort?"
    )
    assert (finished.code, finished.out) == (2, "")


def test_colours_in_a_terminal() -> None:
    shown = run_in_terminal("list", "service_get_5.json")
    assert shown.text == (
        "\x1b[1mID   Frontend       Service Type   Backend\x1b[0m\n"
        "5    192.0.2.1:80   LoadBalancer   1 => 10.0.1.1:8080 \x1b[31m(quarantined)\x1b[0m\n"
        "                                   2 => 10.0.1.2:8080 \x1b[32m(active)\x1b[0m\n"
        "                                   3 => 10.0.1.3:8080 \x1b[35m(maintenance)\x1b[0m\n"
    )
    assert shown.code == 0


def test_no_colour() -> None:
    shown = run_in_terminal("list", "service_get_5.json", NO_COLOR="1")
    assert shown.text == (
        "ID   Frontend       Service Type   Backend\n"
        "5    192.0.2.1:80   LoadBalancer   1 => 10.0.1.1:8080 (quarantined)\n"
        "                                   2 => 10.0.1.2:8080 (active)\n"
        "                                   3 => 10.0.1.3:8080 (maintenance)\n"
    )


def test_narrow_terminal() -> None:
    shown = run_in_terminal("list", "service_get_5.json", columns=50, NO_COLOR="1")
    assert shown.text == (
        "5 192.0.2.1:80 LoadBalancer\n"
        "  1 => 10.0.1.1:8080 (quarantined)\n"
        "  2 => 10.0.1.2:8080 (active)\n"
        "  3 => 10.0.1.3:8080 (maintenance)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--backend", "10.0.1.1"], [5, 6]),
        (["--backend", "10.0.1.1:8080"], [5, 6]),
        (["--backend", "10.0.1.1:8081"], []),
        (["--backend", "fd00:1:0::5"], [3, 4]),
        (["--frontend", "192.0.2.1"], [5]),
        (["--frontend", "[fd00:10:96::a]:443"], [3, 4]),
        (["--frontend", "[fd00:10:96::a]:443/i"], [4]),
        (["--frontend", "10.96.0.1:443/TCP"], [1]),
        (["--no-active"], [6]),
        (["--node", "service_list"], [1, 2, 3, 4, 5, 6, 7, 8]),
        (["--node", "worker-1"], []),
    ],
)
def test_for_those_on_call(invoke: Invoke, arguments: list[str], ids: list[int]) -> None:
    finished = invoke("list", "--format", "json", *arguments, "service_list.json")
    assert [each["spec"]["id"] for each in json.loads(finished.out)] == ids
    nothing = "loadbalancer: no service is as asked for\n"
    assert (finished.code, finished.err) == (0, "" if ids else nothing)
    counted = invoke("list", "--count", *arguments, "service_list.json")
    assert counted.out == f"{len(ids)}\n"


def test_wide_tables_say_the_node(invoke: Invoke, tmp_path: Path) -> None:
    spec = (
        '[{"spec": {"id": 7, "flags": {"namespace": "shop", "name": "web"}, "backend-addresses": '
        '[{"ip": "10.0.0.1", "port": 80}], "frontend-address": '
        '{"ip": "10.96.0.1", "port": 80, "protocol": "tcp", "scope": "external"}}}]'
    )
    for node in ("worker-1", "worker-2"):
        (tmp_path / f"{node}.json").write_text(spec, encoding="utf-8")
    assert invoke("list", "--wide", str(tmp_path)).out == (
        "ID   Node       Name       Frontend       Protocol   Service Type   "
        "Backend                     \n"
        "7    worker-1   shop/web   10.96.0.1:80   TCP        ClusterIP      "
        "1 => 10.0.0.1:80 (active)   \n"
        "7    worker-2   shop/web   10.96.0.1:80   TCP        ClusterIP      "
        "1 => 10.0.0.1:80 (active)   \n"
    )


def test_wide_in_a_narrow_terminal() -> None:
    shown = run_in_terminal("list", "--wide", "service_list.json", columns=50, NO_COLOR="1")
    assert shown.text.startswith(
        "1 service_list 10.96.0.1:443 ClusterIP\n  1 => 192.168.8.10:6443 (active)\n"
    )


def test_an_address_that_is_none(invoke: Invoke) -> None:
    finished = invoke("list", "--backend", "10.0.0.256", "service_list.json")
    assert finished.code == 2
    assert "'10.0.0.256' is neither IP nor IP:port" in finished.err.replace("\n", " ")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["list"], ["list", "--format", "json"], ["list", "--count"], ["list", "--wide"]),
        *(["convert", "--to", each] for each in ("wire", "ndjson", "json", "yaml", "text")),
        *(["convert", "--to", each] for each in ("domain", "state-file")),
        *(["expect", "--node", "a", "--format", each] for each in ("text", "json")),
        *(["audit", "--format", each] for each in ("text", "json", "sarif", "prometheus")),
        *(["explain", "--format", each, "shop/web"] for each in ("text", "json")),
        *(["diff", "--format", each, "service_list.json"] for each in ("text", "json")),
    ],
    ids=" ".join,
)
def test_nothing_is_printed_where_nothing_can_be_read(invoke: Invoke, arguments: list[str]) -> None:
    finished = invoke(*arguments, "nowhere.json")
    assert (finished.code, finished.out) == (2, "")
    assert "nowhere.json: No such file or directory\n" in finished.err


COLORED = (
    "\x1b[1mID   Frontend       Service Type   Backend\x1b[0m\n"
    "5    192.0.2.1:80   LoadBalancer   1 => 10.0.1.1:8080 \x1b[31m(quarantined)\x1b[0m\n"
    "                                   2 => 10.0.1.2:8080 \x1b[32m(active)\x1b[0m\n"
    "                                   3 => 10.0.1.3:8080 \x1b[35m(maintenance)\x1b[0m\n"
)


@pytest.mark.parametrize(
    ("color", "variables", "expected"),
    [
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "", "NO_COLOR": ""}, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colors_elsewhere(color: str, variables: dict[str, str], expected: bool) -> None:
    arguments = ("--color", color, "list", "service_get_5.json")
    out = run(*arguments, env=environment(**variables)).out
    assert (out == COLORED) == expected
    assert ("\x1b" in out) == expected


@pytest.mark.parametrize(
    ("color", "variables", "expected"),
    [
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colors_in_a_terminal_by_option(
    color: str, variables: dict[str, str], expected: bool
) -> None:
    arguments = ("--color", color, "list", "service_get_5.json")
    shown = run_in_terminal(*arguments, columns=100, cwd=EXAMPLES, **variables)
    assert (shown.text == COLORED) == expected
    assert ("\x1b" in shown.text) == expected
