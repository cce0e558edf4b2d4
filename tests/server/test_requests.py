"""What is refused before a service is looked at, and with which status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loadbalancer.server import Limits, MemoryStore, ServiceAPI
from loadbalancer.server.answers import Answer

from .payloads import backend, put, reason, spec

VALID = json.dumps(spec(1, backend()))


def with_frontend(more: str) -> str:
    return '{"id":1,"frontend-address":{"ip":"10.96.0.1","scope":"external"},' + more + "}"


def with_backend(body: str) -> str:
    return with_frontend(f'"backend-addresses":[{body}]')


def refused(body: str | bytes, path_id: str = "1") -> tuple[int, int, str]:
    """The status, code and message; and nothing is stored."""
    api = ServiceAPI(MemoryStore())
    answer = put(api, body, path_id)
    assert api.get_services() == Answer(200, b"[]")
    told = json.loads(answer.body)
    assert list(told) == ["code", "message"]
    return answer.status, told["code"], told["message"]


ENUM = "Input should be"
LITERALS = "'ClusterIP', 'NodePort', 'ExternalIPs', 'HostPort', 'LoadBalancer' or 'LocalRedirect'"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("", 602, "config in body is required"),
        (" \r\n\t", 602, "config in body is required"),
        ("null", 602, "Input should be an object"),
        ("{}", 602, "/frontend-address: Field required"),
        ('{"frontend-address":null}', 602, "/frontend-address: Input should be an object"),
        (with_backend("{}"), 602, "/backend-addresses/0/ip: Field required"),
        (
            with_backend('{"ip":null}'),
            602,
            "/backend-addresses/0/ip: Input should be a valid string",
        ),
        (with_frontend('"flags":{"type":"clusterip"}'), 606, f"/flags/type: {ENUM} {LITERALS}"),
        (with_frontend('"flags":{"type":""}'), 606, f"/flags/type: {ENUM} {LITERALS}"),
        (
            '{"frontend-address":{"scope":"x","protocol":"y"}}',
            606,
            f"/frontend-address/protocol: {ENUM} 'tcp', 'udp' or 'any'; "
            f"/frontend-address/scope: {ENUM} 'external' or 'internal'",
        ),
        (
            '{"frontend-address":{"protocol":"TCP"}}',
            606,
            f"/frontend-address/protocol: {ENUM} 'tcp', 'udp' or 'any' (did you mean \"tcp\"? "
            "agents from 1.17 on write upper case, this API is that of 1.13)",
        ),
        (
            '{"frontend-address":{"protocol":"SCTP"}}',
            606,
            f"/frontend-address/protocol: {ENUM} 'tcp', 'udp' or 'any'",
        ),
    ],
)
def test_what_breaks_the_schema_is_422(body: str, code: int, message: str) -> None:
    assert refused(body) == (422, code, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("garbage", "Invalid JSON: expected value at line 1 column 1"),
        ("[]", "Input should be an object"),
        ('"x"', "Input should be an object"),
        (with_frontend('"id":"1"'), "/id: Input should be a valid integer"),
        (with_frontend('"id":1.0'), "/id: Input should be a valid integer"),
        (with_frontend('"id":true'), "/id: Input should be a valid integer"),
        (
            with_frontend(f'"id":{2**63}'),
            f"/id: Input should be less than or equal to {2**63 - 1}",
        ),
        (
            with_frontend(f'"id":{-(2**63) - 1}'),
            f"/id: Input should be greater than or equal to {-(2**63)}",
        ),
        (with_frontend('"flags":{"type":5}'), f"/flags/type: {ENUM} {LITERALS}"),
        (
            with_frontend('"updateServices":"yes"'),
            "/updateServices: Input should be a valid boolean",
        ),
        (
            with_frontend('"backend-addresses":{}'),
            "/backend-addresses: Input should be a valid array",
        ),
        (with_backend("null"), "/backend-addresses/0: Input should be an object"),
        (
            with_backend('{"ip":"10.0.0.1","port":65536}'),
            "/backend-addresses/0/port: Input should be less than or equal to 65535",
        ),
        (
            with_backend('{"ip":"10.0.0.1","weight":-1}'),
            "/backend-addresses/0/weight: Input should be greater than or equal to 0",
        ),
        # A wrong type comes before a broken rule, wherever it stands.
        (
            '{"flags":{"type":"x"},"id":"1"}',
            "/id: Input should be a valid integer",
        ),
        (
            with_backend(",".join(['{"ip":1}'] * 12)),
            "; ".join(
                [f"/backend-addresses/{n}/ip: Input should be a valid string" for n in range(10)]
                + ["and 2 more"]
            ),
        ),
    ],
)
def test_a_wrong_type_is_400(body: str, message: str) -> None:
    assert refused(body) == (400, 400, message)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        VALID + " trailing",
        VALID + VALID,
        VALID[:-1] + ",}",
        VALID[:-1] + ',"x":NaN}',
        VALID[:-1] + ',"x":[-Infinity]}',
        VALID[:-1] + ',"x":01}',
        VALID[:-1] + ',"x":' + "9" * 5000 + "}",
        VALID[:-1] + ',"x":"\x01"}',
        VALID[:-1] + ',"x":"\\ud800"}',
        VALID[:-1] + ',"x":' + "[" * 500_000 + "}",
        VALID[:-1] + ',"x":' + '{"x":' * 100_000 + "}",
        "[" * 100_000,
        b"\xef\xbb\xbf" + VALID.encode(),
        VALID.encode().replace(b"10.0.0.1", b"10.0.0.\xff"),
        VALID.encode("utf-16"),
        b"\x00",
    ],
    ids=range(17),
)
def test_what_is_no_json_is_400(body: str | bytes) -> None:
    status, code, message = refused(body)
    assert (status, code, message[:14]) == (400, 400, "Invalid JSON: ")


def test_the_word_nan_in_a_text_is_no_number() -> None:
    api = ServiceAPI(MemoryStore())
    assert put(api, VALID[:-1] + ',"x":"NaN Infinity"}').status == 201


def test_of_equal_keys_the_last_one_counts() -> None:
    api = ServiceAPI(MemoryStore())
    assert put(api, VALID[:-1] + ',"id":5,"id":7}') == Answer(201)
    assert api.get_service("7").status == 200


@pytest.mark.parametrize("declared", ["application/json", "Application/JSON; charset=x", None])
def test_json_is_taken(declared: str | None) -> None:
    api = ServiceAPI(MemoryStore())
    assert api.put_service("1", declared, VALID.encode()) == Answer(201)


@pytest.mark.parametrize(
    "declared", ["text/plain", "application/jsonx", "", ";", "application/*", "*/*", "x" * 5000]
)
def test_another_media_type_is_415_before_the_body_is_looked_at(declared: str) -> None:
    answer = ServiceAPI(MemoryStore()).put_service("x", declared, b"garbage")
    assert (answer.status, json.loads(answer.body)["code"]) == (415, 415)


def test_no_body_has_no_media_type() -> None:
    answer = ServiceAPI(MemoryStore()).put_service("1", "text/plain", b"")
    assert answer.status == 422


BAD_IDS = ["", "abc", "1.0", "0x1", "1_0", "٣", " 1", "+-1", str(2**63), "9" * 100_000]
GOOD_IDS = ["1", "+1", "-1", "007", "0" * 5000 + "1", str(2**63 - 1), str(-(2**63))]


@pytest.mark.parametrize("id", BAD_IDS, ids=range(len(BAD_IDS)))
def test_an_id_in_the_path_that_is_no_int64_is_422(id: str) -> None:
    api = ServiceAPI(MemoryStore())
    told = {"code": 601, "message": f"id in path must be of type int64: {json.dumps(id[:80])}"}
    expected = Answer(422, json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode())
    assert api.get_service(id) == expected
    assert api.delete_service(id) == expected
    assert put(api, VALID, id) == expected
    # The body is looked at first.
    assert put(api, "garbage", id).status == 400
    assert api.get_services() == Answer(200, b"[]")


@pytest.mark.parametrize("id", GOOD_IDS, ids=range(len(GOOD_IDS)))
def test_every_int64_is_an_id_in_the_path(id: str) -> None:
    api = ServiceAPI(MemoryStore())
    assert api.get_service(id) == Answer(404)
    assert api.delete_service(id) == Answer(404)
    assert put(api, VALID, id) == Answer(201)


class TestTooManyBackends:
    LIMITS = Limits(backends=3)

    @pytest.mark.parametrize("count", [0, 3])
    def test_the_limit_is_allowed(self, count: int) -> None:
        api = ServiceAPI(MemoryStore(), limits=self.LIMITS)
        assert put(api, spec(1, *(backend(f"10.0.0.{n}") for n in range(count)))) == Answer(201)

    @pytest.mark.parametrize("element", ['{"ip":""}', "null", "1", '{"ip":"10.0.0.1"}'])
    def test_more_are_refused(self, element: str) -> None:
        api = ServiceAPI(MemoryStore(), limits=self.LIMITS)
        answer = put(api, with_backend(",".join([element] * 40)))
        told = b'{"code":611,"message":"backend-addresses in body should have at most 3 items"}'
        assert answer == Answer(422, told)


@pytest.mark.parametrize(
    ("frontend", "told"),
    [
        ({}, (460, "missing IP address")),
        ({"ip": "10.0.0.1", "protocol": "any"}, (460, "unknown L4 protocol")),
        ({"ip": "nope", "scope": "external"}, (460, 'ParseAddr("nope"): unable to parse IP')),
        ({"ip": "10.0.0.1"}, (460, 'invalid scope ""')),
    ],
)
def test_what_cannot_be_converted_is_told_in_the_librarys_words(
    frontend: dict[str, Any], told: tuple[int, str]
) -> None:
    # The frontend comes before the backends.
    body = {"id": 1, "frontend-address": frontend, "backend-addresses": [{"ip": "x"}]}
    assert reason(put(ServiceAPI(MemoryStore()), body)) == told


def test_an_invalid_backend_is_461() -> None:
    body = spec(1, backend(), backend("10.0.0.256"))
    told = (461, 'ParseAddr("10.0.0.256"): IPv4 field has value >255')
    assert reason(put(ServiceAPI(MemoryStore()), body)) == told
