"""`loadbalancer validate`: what it accepts, all that it finds wrong, and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadbalancer import read_dump
from loadbalancer.dumps.formats import KUBERNETES

from .conftest import Invoke
from .running import EXAMPLES, run

BROKEN = """\
broken.json:3:5: warning: /0/backend_addresses: unknown key "backend_addresses" is ignored; \
did you mean backend-addresses?
broken.json:4:54: error: /0/frontend-address/port: found "53", expected an integer, 0 … 65535; \
did you mean 53?
broken.json:4:72: error: /0/frontend-address/protocol: found "TCP", expected tcp, udp or any; \
did you mean "tcp"?
broken.json:4:88: error: /0/frontend-address/scope: found "External", \
expected external or internal; did you mean "external"?
broken.json:5:23: error: /0/flags/type: found "clusterip", expected ClusterIP, NodePort, \
ExternalIPs, HostPort, LoadBalancer or LocalRedirect; did you mean "ClusterIP"?
broken.json:5:56: error: /0/flags/extTrafficPolicy: found "Locl", expected Cluster or Local; \
did you mean "Local"?
broken.json:5:77: error: /0/flags/natPolicy: found "nat64", expected None, Nat46 or Nat64; \
did you mean "Nat64"?
broken.json:10:14: error: /1/backend-addresses/0/ip: ParseAddr("10.0.1.1:8080"): unexpected \
character (at ":8080"): expected an IP address, such as 10.0.0.1 or fd00::1; \
did you mean "10.0.1.1"?
broken.json:10:40: error: /1/backend-addresses/0/state: found "Active", expected active, \
terminating, quarantined or maintenance; did you mean "active"?
broken.json:10:60: error: /1/backend-addresses/0/weight: found 100.0, \
expected an integer, 0 … 65535; did you mean 100?
broken.json:11:14: error: /1/backend-addresses/1/ip: ParseAddr("10.0.1.02"): IPv4 field has \
octet with leading zero: expected an IP address, such as 10.0.0.1 or fd00::1; \
did you mean "10.0.1.2"?
broken.json:11:35: error: /1/backend-addresses/1/port: found 80800, \
expected an integer, 0 … 65535
broken.json:11:55: error: /1/backend-addresses/1/preferred: found "true", \
expected true or false; did you mean true?
broken.json:12:7: error: /1/backend-addresses/2/ip: the key ip is missing: expected text
broken.json:13:7: error: /1/backend-addresses/3: found "10.0.1.4:8080", expected an object
broken.json:15:25: error: /1/frontend-address/scope: invalid scope "": \
expected external or internal
broken.json:15:32: error: /1/frontend-address/ip: ParseAddr("[fd00::10]:443"): each \
colon-separated field must have at least one digit (at "[fd00::10]:443"): \
expected an IP address, such as 10.0.0.1 or fd00::1; did you mean "fd00::10"?
broken.json:15:75: error: /1/frontend-address/protocol: unknown L4 protocol: found "any", \
expected tcp or udp
broken.json:16:11: error: /1/id: invalid service ID 4294967296: not in 0 … 4294967295: \
expected an integer, 0 … 4294967295
broken.json:19:5: error: /2/frontendAddress: unknown key "frontendAddress": \
expected frontend-address; did you mean frontend-address?
"""

UPDATE = "client_put_4.json: ok, 1 update of backend states with 1 backend\n"


def write(path: Path, text: str | bytes) -> str:
    """Write a file; return its name."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_good_files(invoke: Invoke) -> None:
    finished = invoke(
        "validate", "service_list.json", "service_list_wire.json", "service_get_5.json"
    )
    assert finished.out == (
        "service_list.json: ok, 8 services with 13 backends\n"
        "service_list_wire.json: ok, 8 services with 13 backends\n"
        "service_get_5.json: ok, 1 service with 3 backends\n"
        "3 files: 3 valid\n"
    )
    assert (finished.code, finished.err) == (0, "")


def test_an_update_of_backend_states(invoke: Invoke) -> None:
    finished = invoke("validate", "client_put_3.json", "client_put_4.json")
    assert finished.out == (
        f"client_put_3.json: ok, 1 service spec with 2 backends\n{UPDATE}2 files: 2 valid\n"
    )
    assert (finished.code, finished.err) == (0, "")


def test_every_problem_and_what_was_meant(invoke: Invoke) -> None:
    finished = invoke("validate", "broken.json")
    assert finished.out == (
        f"{BROKEN}"
        "broken.json: invalid, 19 errors; 1 warning\n"
        "1 file: 0 valid, 1 invalid; 19 errors, 1 warning\n"
    )
    assert finished.code == 1


def test_quiet_shows_problems_only(invoke: Invoke) -> None:
    finished = invoke("validate", "--quiet", "service_list.json", "broken.json")
    assert (finished.code, finished.out) == (1, BROKEN)
    finished = invoke("validate", "-q", "service_list.json")
    assert (finished.code, finished.out, finished.err) == (0, "", "")


def test_max_problems(invoke: Invoke) -> None:
    finished = invoke("validate", "--max-problems", "2", "broken.json")
    first_two = "".join(BROKEN.splitlines(keepends=True)[:2])
    assert finished.out == (
        f"{first_two}"
        "broken.json: invalid, 19 errors; 1 warning\n"
        "18 more problems not shown; --max-problems 0 shows all\n"
        "1 file: 0 valid, 1 invalid; 19 errors, 1 warning\n"
    )
    assert invoke("validate", "--max-problems", "0", "-q", "broken.json").out == BROKEN


def test_json_for_programs(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "client_put_1.json", (EXAMPLES / "client_put_1.json").read_bytes())
    write(tmp_path / "wrong.json", '{"frontend-address": {"ip": "<nil>", "scope": "external"}}')
    monkeypatch.chdir(tmp_path)
    finished = invoke("validate", "--format", "json", "client_put_1.json", "wrong.json")
    assert json.loads(finished.out) == {
        "files": [
            {
                "file": "client_put_1.json",
                "valid": True,
                "values": {"service spec": 1},
                "invalid_values": {},
                "backends": 2,
                "errors": 0,
                "warnings": 0,
                "unreadable": None,
                "releases": None,
                "rules": {},
                "notes": [],
                "problems": [],
            },
            {
                "file": "wrong.json",
                "valid": False,
                "values": {},
                "invalid_values": {"service spec": 1},
                "backends": 0,
                "errors": 1,
                "warnings": 0,
                "unreadable": None,
                "releases": None,
                "rules": {},
                "notes": [],
                "problems": [
                    {
                        "file": "wrong.json",
                        "line": 1,
                        "column": 29,
                        "pointer": "/frontend-address/ip",
                        "severity": "error",
                        "rule": "invalid-value",
                        "reason": 'ParseAddr("<nil>"): unable to parse IP',
                        "found": '"<nil>"',
                        "expected": "an IP address, such as 10.0.0.1 or fd00::1",
                        "meant": "",
                        "message": 'ParseAddr("<nil>"): unable to parse IP: '
                        "expected an IP address, such as 10.0.0.1 or fd00::1",
                    }
                ],
            },
        ],
        "summary": {
            "files": 2,
            "invalid": 1,
            "unreadable": 0,
            "errors": 1,
            "warnings": 0,
            "problems_left_out": 0,
        },
    }
    assert finished.code == 1


def test_strict_keys(invoke: Invoke, tmp_path: Path) -> None:
    name = write(tmp_path / "a.json", '{"ip": "10.0.0.1", "note": "mine",\n "Weight": 5}')
    finished = invoke("validate", "-q", name)
    assert finished.out == (
        f'{name}:2:2: warning: /Weight: unknown key "Weight" is ignored; did you mean weight?\n'
    )
    assert finished.code == 0
    finished = invoke("validate", "-q", "--strict-keys", name)
    expected = "expected ip, nodeName, port, preferred, state or weight"
    assert finished.out == (
        f'{name}:1:20: error: /note: unknown key "note": {expected}\n'
        f'{name}:2:2: error: /Weight: unknown key "Weight": {expected}; did you mean weight?\n'
    )
    assert finished.code == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"ip": "10.0.0.1", "port": 80}', "1 backend"),
        ('{"ip": "10.0.0.1", "scope": "external"}', "1 frontend"),
        ('{"frontend-address": {"ip": "::1", "scope": "internal"}}', "1 service spec"),
        (
            '{"spec": {"frontend-address": {"ip": "::1", "scope": "internal"}, "id": 1}}',
            "1 service",
        ),
        ('[{"ip": "10.0.0.1"}, {"ip": "::1", "scope": "external"}]', "1 backend, 1 frontend"),
        ('{"ip": "10.0.0.1"}\n{"ip": "10.0.0.2"}\n\n[{"ip": "10.0.0.3"}]', "3 backends"),
        ('\ufeff{"ip": "10.0.0.1"}', "1 backend"),
        (' \r\n\t[ {"ip" : "10.0.0.1"}\r\n, {"ip":"10.0.0.2"} ] \r\n', "2 backends"),
        ("[]", "nothing in it"),
        ('{"frontend-address": {}, "updateServices": true}', "1 update of backend states"),
        (
            '{"frontend-address": {"ip": "x"}, "updateServices": true, "id": 0}\n' * 2,
            "2 updates of backend states",
        ),
    ],
)
def test_recognised(invoke: Invoke, tmp_path: Path, text: str, kind: str) -> None:
    name = write(tmp_path / "a.json", text)
    finished = invoke("validate", name)
    assert finished.out == f"{name}: ok, {kind}\n1 file: 1 valid\n"
    assert finished.code == 0


def test_told_what_it_is(invoke: Invoke, tmp_path: Path) -> None:
    name = write(tmp_path / "a.json", '{"ip": "10.0.0.1", "port": 80}')
    finished = invoke("validate", "-q", "--as", "frontend", name)
    assert finished.out == (
        f'{name}:1:1: error: /scope: invalid scope "": expected external or internal\n'
    )
    assert finished.code == 1


SPEC = """{"id": 1, "flags": {}, "backend-addresses": [{"ip": "10.0.0.1", "port": 80}],
 "frontend-address": {"ip": "10.96.0.1", "port": 80, "protocol": "TCP", "scope": "external"}}"""
WRONG = SPEC.replace("80}]", '"80"}]')
ABOUT_PORT = 'found "80", expected an integer, 0 … 65535; did you mean 80?'


@pytest.mark.parametrize(
    ("spec", "realized", "problems"),
    [
        (SPEC, SPEC, {}),
        ("null", SPEC, {}),
        ("42", SPEC, {"/0/spec": "found 42, expected an object"}),
        (WRONG, SPEC, {"/0/spec/backend-addresses/0/port": ABOUT_PORT}),
        (SPEC, WRONG, {"/0/status/realized/backend-addresses/0/port": ABOUT_PORT}),
    ],
)
def test_the_spec_beside_what_is_realized_has_to_be_right_as_well(
    spec: str, realized: str, problems: dict[str, str], invoke: Invoke, tmp_path: Path
) -> None:
    text = f'[{{"spec": {spec}, "status": {{"realized": {realized}}}}}]'
    found = invoke("validate", "--quiet", write(tmp_path / "list.json", text))
    assert [line.split(": ", 2)[2] for line in found.out.splitlines()] == [
        f"{pointer}: {message}" for pointer, message in problems.items()
    ]
    assert found.code == bool(problems)
    dump = read_dump(text)
    assert [each.pointer for each in dump.problems] == list(problems)
    assert len(dump.services) == (not problems)


def test_directories_patterns_and_what_is_not_there(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "b.json", '{"ip": "10.0.0.1"}')
    write(tmp_path / "a.json", '{"ip": "10.0.0.1"}')
    write(tmp_path / "a.txt", "no JSON")
    write(tmp_path / "deep" / "c.json", '{"ip": "10.0.0.1"}')
    (tmp_path / "none").mkdir()
    finished = invoke(
        "validate", str(tmp_path), f"{tmp_path}/**/c.json", f"{tmp_path}/x*", f"{tmp_path}/none"
    )
    assert finished.out == (
        f"{tmp_path}/a.json: ok, 1 backend\n"
        f"{tmp_path}/b.json: ok, 1 backend\n"
        f"{tmp_path}/deep/c.json: ok, 1 backend\n"
        "5 files: 3 valid, 2 unreadable\n"
    )
    assert finished.err == (
        f"loadbalancer: cannot read {tmp_path}/x*: no file matches\n"
        f"loadbalancer: cannot read {tmp_path}/none: a directory without *.json files or dumps\n"
    )
    assert finished.code == 2


def test_unreadable_outweighs_invalid(invoke: Invoke) -> None:
    finished = invoke("validate", "-q", "broken.json", "nowhere.json")
    assert finished.out == BROKEN
    assert finished.err == "loadbalancer: cannot read nowhere.json: No such file or directory\n"
    assert finished.code == 2


def test_standard_input() -> None:
    text = (EXAMPLES / "service_list.json").read_bytes()
    for arguments in (["validate", "-"], ["validate"]):
        finished = run(*arguments, stdin=text)
        assert finished.out == "<stdin>: ok, 8 services with 13 backends\n1 file: 1 valid\n"
        assert (finished.code, finished.err) == (0, "")


DEEP = 100_000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "1:1: error: not JSON: empty, expected JSON"),
        (b" \n ", "2:2: error: not JSON: empty, expected JSON"),
        (
            b'{"ip": "10.0.0.1"',
            "1:18: error: not JSON: the text ends here, in the middle of a JSON value",
        ),
        (
            b'[{"ip": "10.0.0.1"}',
            "1:20: error: /1: not JSON: the text ends here, in the middle of a JSON value",
        ),
        (b'{"ip": "10.0.', "1:8: error: not JSON: a string without its closing quote"),
        (b'[{"ip": "::"},]', "1:15: error: /1: not JSON: expecting value, found ']'"),
        (b'[{"ip": "::"} {}]', "1:15: error: /1: not JSON: expected a comma or ], found '{'"),
        (b'[{"ip": "::"},\n{"ip": "\xff"}]', "2:9: error: /1: not JSON: byte 0xff is no UTF-8"),
        (b'{"ip": "::"}\xc3', "1:13: error: not JSON: byte 0xc3 is no UTF-8"),
        (
            '{"ip": "::"}'.encode("utf-32-be"),
            "1:1: error: not JSON: UTF-16, UTF-32 or binary data; expected JSON in UTF-8",
        ),
        (b"\xff\xfe{", "1:1: error: broken UTF-16 at byte 2"),
        (
            b'{"ip": "::"}\0\0\0',
            "1:13: error: not JSON: a NUL byte; the file is binary, or was not written to its end",
        ),
        (
            b'{"ip": "\0"}',
            "1:9: error: not JSON: a NUL byte; the file is binary, or was not written to its end",
        ),
        (b"[" * DEEP, "1:2: error: /0: not JSON: nested too deeply"),
        (b'{"spec":' * DEEP, "1:1: error: not JSON: nested too deeply"),
        (
            b'{"ip": "::", "x": ' + b"[" * 500 + b"]" * 500 + b"}",
            "1:1: error: not JSON: nested too deeply",
        ),
        (b'{"ip": NaN}', "1:8: error: not JSON: NaN is no JSON number"),
        (
            b'{"ip": "::", "port": ' + b"9" * 5000 + b"}",
            "1:22: error: not JSON: a number of more than 4,300 digits",
        ),
        (b'{"ip": "\\ud800"}', "1:1: error: not JSON: unexpected end of hex escape"),
        (
            b'"tcp"',
            '1:1: error: found "tcp", expected a service, a service spec, a backend or a frontend',
        ),
        (
            b"{}",
            "1:1: error: found {}, expected a service, a service spec, a backend or a frontend",
        ),
        (
            b'{"spec": null}',
            "1:1: error: neither spec nor realized status: expected spec or status",
        ),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_garbage(invoke: Invoke, tmp_path: Path, text: bytes, problem: str) -> None:
    name = write(tmp_path / "a.json", text)
    finished = invoke("validate", "-q", name)
    assert finished.out == f"{name}:{problem}\n"
    assert (finished.code, finished.err) == (1, "")


def test_a_broken_line_does_not_hide_the_next(invoke: Invoke, tmp_path: Path) -> None:
    name = write(tmp_path / "a.json", '{"ip": "::"}\n{"ip" "::"}\n{"ip": "x"}\n{"ip": "::1"}\n')
    finished = invoke("validate", name)
    assert finished.out == (
        f"{name}:2:7: error: not JSON: expecting ':' delimiter, found '\"'\n"
        f'{name}:3:8: error: /ip: ParseAddr("x"): unable to parse IP: '
        "expected an IP address, such as 10.0.0.1 or fd00::1\n"
        f"{name}: invalid, 2 errors; valid: 2 backends\n"
        "1 file: 0 valid, 1 invalid; 2 errors, 0 warnings\n"
    )


def test_terminals_get_no_commands_from_payloads(invoke: Invoke, tmp_path: Path) -> None:
    name = write(tmp_path / "a.json", r'{"ip": "\u001b[2J\u009b2J", "k\u001b": 1}')
    finished = invoke("validate", "-q", "--strict-keys", name)
    assert finished.out == (
        f'{name}:1:8: error: /ip: ParseAddr("\\x1b[2J\\u009b2J"): unable to parse IP: '
        'found "\\u001b[2J\\x9b2J", expected an IP address, such as 10.0.0.1 or fd00::1\n'
        f'{name}:1:29: error: /k\\x1b: unknown key "k\\u001b": '
        "expected ip, nodeName, port, preferred, state or weight\n"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '{"frontend-address": {"ip": "x"}, "updateServices": true,\n'
            ' "backend-addresses": [{"ip": "y"}]}',
            '2:31: error: /backend-addresses/0/ip: ParseAddr("y"): unable to parse IP: '
            "expected an IP address, such as 10.0.0.1 or fd00::1",
        ),
        (
            '{"updateServices": true}',
            "1:1: error: /frontend-address: the key frontend-address is missing: "
            "expected an object",
        ),
        (
            '{"frontend-address": {"ip": "x", "scope": "external"}, "updateServices": true, '
            '"id": 1}',
            '1:29: error: /frontend-address/ip: ParseAddr("x"): unable to parse IP: '
            "expected an IP address, such as 10.0.0.1 or fd00::1",
        ),
    ],
    ids=["backend", "no frontend", "id"],
)
@pytest.mark.parametrize("options", [(), ("--as", "spec")], ids=["", "as spec"])
def test_what_is_wrong_with_an_update(
    invoke: Invoke, tmp_path: Path, text: str, problem: str, options: tuple[str, ...]
) -> None:
    name = write(tmp_path / "a.json", text)
    finished = invoke("validate", "-q", *options, name)
    assert (finished.code, finished.out) == (1, f"{name}:{problem}\n")


def test_an_object_of_kubernetes(invoke: Invoke, tmp_path: Path) -> None:
    text = '{"apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": {}, "status": {}}'
    name = write(tmp_path / "a.json", text)
    finished = invoke("validate", "-q", name)
    assert finished.out == (f"{name}:1:1: error: {KUBERNETES}\n")
    assert finished.code == 1
