"""`loadbalancer convert`: every form, and that they can be read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadbalancer import dump_services, load_services

from .conftest import Invoke
from .running import EXAMPLES, run, run_in_terminal


def test_a_lone_payload_stays_what_it_is(invoke: Invoke) -> None:
    finished = invoke("convert", "client_put_3.json")
    assert finished.out == (
        '{"backend-addresses":['
        '{"ip":"10.0.1.1","port":8080,"state":"active","weight":10},'
        '{"ip":"10.0.1.2","port":8080,"state":"maintenance","weight":0}],'
        '"flags":{"extTrafficPolicy":"Cluster","intTrafficPolicy":"Cluster",'
        '"trafficPolicy":"Cluster","type":"LoadBalancer"},'
        '"frontend-address":{"ip":"192.0.2.1","port":80,"protocol":"tcp","scope":"external"},'
        '"id":3}\n'
    )
    assert (finished.code, finished.err) == (0, "")


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        (b'{"ip": "FD00::0:1"}', '{"ip":"fd00::1","state":"active","weight":100}\n'),
        (
            b'{"scope": "external", "ip": "10.0.0.1"}',
            '{"ip":"10.0.0.1","scope":"external"}\n',
        ),
        (b'[{"ip": "::"}]', '[{"ip":"::","state":"active","weight":100}]\n'),
        (
            b'{"ip": "::1"}\n{"ip": "::2"}\n{"ip": "::3"}',
            '[{"ip":"::1","state":"active","weight":100},\n'
            ' {"ip":"::2","state":"active","weight":100},\n'
            ' {"ip":"::3","state":"active","weight":100}]\n',
        ),
        (b"[]", "[]\n"),
        (
            b'{"frontend-address": {"ip": "<nil>"}, "backend-addresses": [{"ip": "FD00::0"}], '
            b'"updateServices": true}',
            '{"backend-addresses":[{"ip":"fd00::","state":"active","weight":100}],'
            '"frontend-address":{"ip":"<nil>"},"updateServices":true}\n',
        ),
    ],
)
def test_normal_form(text: bytes, wire: str) -> None:
    finished = run("convert", stdin=text)
    assert (finished.code, finished.out, finished.err) == (0, wire, "")


def test_a_dump_says_the_same_afterwards(invoke: Invoke) -> None:
    services = load_services((EXAMPLES / "service_list.json").read_bytes())
    assert load_services(invoke("convert", "service_list.json").out) == services


def test_lines(invoke: Invoke) -> None:
    finished = invoke("convert", "--to", "ndjson", "service_list.json")
    lines = finished.out.splitlines()
    services = load_services((EXAMPLES / "service_list.json").read_bytes())
    assert f"[{','.join(lines)}]".encode() == dump_services(services)


def test_sorted_dumps_are_equal(invoke: Invoke) -> None:
    one, two = (
        invoke("convert", "--sort", name).out
        for name in ("service_list.json", "service_list_wire.json")
    )
    assert one == two
    assert [each["spec"]["id"] for each in json.loads(one)] == [7, 1, 2, 8, 5, 6, 3, 4]


def test_domain_objects(invoke: Invoke) -> None:
    finished = invoke("convert", "--to", "domain", "client_put_5.json")
    assert json.loads(finished.out) == {
        "frontend": {
            "protocol": "TCP",
            "port": 0,
            "addr_cluster": "10.0.0.1",
            "scope": 0,
            "id": 4,
        },
        "backends": [
            {
                "protocol": "NONE",
                "port": 0,
                "addr_cluster": "10.0.0.2",
                "scope": 0,
                "fe_port_name": "",
                "id": 0,
                "weight": 100,
                "node_name": "",
                "zone": "",
                "state": 0,
                "serving": True,
                "preferred": False,
            }
        ],
        "type": "LocalRedirect",
        "ext_traffic_policy": "Cluster",
        "int_traffic_policy": "Cluster",
        "nat_policy": "NONE",
        "session_affinity": False,
        "session_affinity_timeout_sec": 0,
        "health_check_node_port": 0,
        "name": {"namespace": "", "name": "", "cluster": ""},
        "load_balancer_source_ranges": [],
        "l7lb_proxy_port": 0,
        "l7lb_frontend_ports": [],
        "loopback_hostport": False,
    }


@pytest.mark.parametrize("text", [b'{"ip":"::","scope":"external","protocol":"udp"}'])
def test_without_protocols(text: bytes) -> None:
    finished = run("convert", "--no-protocol", stdin=text)
    assert finished.out == '{"ip":"::","scope":"external"}\n'


def test_what_is_refused_is_left_out(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"ip": "::1"}, {"ip": "x"}, {"ip": "::2"}', encoding="utf-8")
    finished = invoke("convert", str(path))
    assert finished.out == (
        '[{"ip":"::1","state":"active","weight":100},\n'
        ' {"ip":"::2","state":"active","weight":100}]\n'
    )
    assert finished.err == (
        f'{path}:1:24: error: /1/ip: ParseAddr("x"): unable to parse IP: '
        "expected an IP address, such as 10.0.0.1 or fd00::1\n"
        f"{path}:1:43: error: /3: not JSON: the text ends here, in the middle of a JSON value\n"
    )
    assert finished.code == 1


@pytest.mark.parametrize(
    ("text", "out"),
    [
        (b'{"ip": "x", "port": 1}', ""),
        (b'{"ip": ', ""),
        (b"", ""),
        (b'[{"ip": "x", "port": 1}]', "[]\n"),
        (b'{"ip": "x", "port": 1}\n{"ip": "y", "port": 1}', "[]\n"),
        (
            b'{"ip": "x", "port": 1}\n{"ip": "::", "port": 1}',
            '[{"ip":"::","port":1,"state":"active","weight":100}]\n',
        ),
    ],
)
@pytest.mark.parametrize("options", [(), ("--sort",)])
def test_of_one_invalid_value_nothing_is_written(
    text: bytes, out: str, options: tuple[str, ...]
) -> None:
    finished = run("convert", *options, stdin=text)
    assert (finished.code, finished.out) == (1, out)


def test_an_update_of_backend_states_as_domain_objects(invoke: Invoke) -> None:
    finished = invoke("convert", "--to", "domain", "client_put_4.json")
    update = json.loads(finished.out)
    assert [each["addr_cluster"] for each in update.pop("backends")] == ["10.0.0.1"]
    assert (update, finished.code) == ({}, 0)


@pytest.mark.parametrize("form", ["json", "ndjson", "yaml", "text", "domain"])
def test_data_is_no_command_to_a_terminal(form: str, tmp_path: Path) -> None:
    nasty = "\x1b[31m\n\x7f\x9b\u202e\U000e0001"
    name = tmp_path / "services.json"
    frontend = {"ip": f"fe80::1%{nasty}", "port": 80, "scope": "external"}
    services = [{"spec": {"id": id, "frontend-address": frontend}} for id in (1, 2)]
    name.write_text(json.dumps(services), encoding="utf-8")
    shown = run_in_terminal("convert", "--to", form, str(name))
    assert shown.code == 0
    assert shown.text.replace("\n", "").isprintable()
    if form == "json":
        found = [each["spec"]["frontend-address"] for each in json.loads(shown.text)]
        assert found == [frontend, frontend]
