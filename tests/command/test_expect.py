"""`loadbalancer expect` and `convert --to state-file`."""

from __future__ import annotations

import json

from loadbalancer import SVC, load_services
from loadbalancer.kubernetes import read_state_file

from .running import EXAMPLES, run

SYSDUMP = EXAMPLES / "sysdump"
FILES = sorted(str(each) for each in SYSDUMP.glob("k8s-*.yaml"))
TABLE = """\
ID   Frontend        Service Type   Backend                        \n\
0    10.96.0.10:53   ClusterIP      1 => 10.0.1.5:53 (active)      \n\
                                    2 => 10.0.2.5:53 (active)      \n\
                                    3 => 10.0.3.5:53 (active)      \n\
0    10.96.0.20:80   ClusterIP      1 => 10.0.1.10:8080 (active)   \n\
                                    2 => 10.0.2.10:8080 (active)   \n\
                                    3 => 10.0.3.10:8080 (active)   \n\
0    10.96.0.21:80   ClusterIP      1 => 10.0.1.20:8000 (active)   \n\
                                    2 => 10.0.2.20:8000 (active)   \n\
                                    3 => 10.0.3.20:8000 (active)   \n\
"""


def test_the_table_of_a_node_without_kube_proxy_replacement() -> None:
    done = run("expect", "--node", "worker-1", "--no-kube-proxy-replacement", *FILES)
    assert (done.code, done.err) == (0, "")
    assert done.out == TABLE


def expected(*arguments: str, stdin: bytes = b"") -> list[SVC]:
    done = run("expect", "--format", "json", *arguments, stdin=stdin)
    assert (done.code, done.err) == (0, "")
    return load_services(done.out)


def test_as_json_and_piped() -> None:
    piped = b"---\n".join((SYSDUMP / each).read_bytes() for each in FILES)
    found = expected("--node", "worker-1", *FILES)
    assert expected("--node", "worker-1", stdin=piped) == found
    assert [str(each.frontend) for each in found if each.type == "HostPort"] == [
        *("0.0.0.0:9100", "192.168.7.1:9100"),
    ]
    elsewhere = expected("--node", "worker-1", "--address", "192.0.2.9", *FILES)
    assert [str(each.frontend) for each in elsewhere if each.type == "HostPort"] == [
        "192.0.2.9:9100"
    ]


def test_a_node_without_an_object_is_told_of() -> None:
    services = [each for each in FILES if "nodes" not in each]
    done = run("expect", "--node", "worker-9", *services)
    assert (done.code, done.err) == (
        0,
        "loadbalancer: Node worker-9: not among the objects; there are: none; node ports and "
        "host ports are left out (--address names where)\n",
    )


def test_what_cannot_be_read() -> None:
    for stdin, reason in (
        (
            b"{",
            "cannot read <stdin>: not JSON: line 1, column 2: Expecting property name "
            "enclosed in double quotes",
        ),
        (b'{"services": 1}', "cannot read <stdin>: not a state file: /services is not an array"),
        (
            b'{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "a"}, '
            b'"spec": {"ports": [{"port": -1}]}}',
            "Service a at /spec/ports/0/port: Input should be greater than or equal to 0, found -1",
        ),
        (b"[1]", "cannot read <stdin>: something in it is not an object"),
    ):
        done = run("expect", "--node", "n", stdin=stdin)
        assert (done.code, done.out, done.err) == (2, "", f"loadbalancer: {reason}\n")
    assert run("expect", "--node", "n", "missing.json").code == 2
    assert run("expect", FILES[0]).code == 2


def test_a_state_file_is_written_and_read() -> None:
    dump = json.dumps(
        [
            {
                "spec": {
                    "backend-addresses": [{"ip": "10.0.0.1", "port": 80}],
                    "flags": {"type": "ClusterIP", "name": "web", "namespace": "shop"},
                    "frontend-address": {
                        "ip": "10.96.0.1",
                        "port": 80,
                        "protocol": "tcp",
                        "scope": "external",
                    },
                    "id": 7,
                }
            }
        ]
    ).encode()
    done = run("convert", "--to", "state-file", "-", stdin=dump)
    assert (done.code, done.err) == (0, "")
    (found,) = read_state_file(done.out)
    assert (str(found.frontend), str(found.name)) == ("10.96.0.1:80", "shop/web")
    shown = run("expect", "--node", "n", "--address", "0.0.0.0", stdin=done.out.encode())
    assert [line.split() for line in shown.out.splitlines()[1:]] == [
        ["0", "10.96.0.1:80", "ClusterIP", "1", "=>", "10.0.0.1:80", "(active)"]
    ]
    refused = run("convert", "--to", "state-file", "service_list.json")
    assert (refused.code, refused.out) == (1, "")
    assert "cannot" in refused.err
