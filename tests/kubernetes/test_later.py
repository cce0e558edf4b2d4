"""What agents of 1.17 to 1.20 list and have in the kernel, answered by their own code."""

from __future__ import annotations

import gzip
import ipaddress
import json
from collections import defaultdict
from typing import Any

import pytest

from loadbalancer import SVC, Dump, read_dump
from loadbalancer.audit import Finding, audit, audit_datapath
from loadbalancer.datapath import read_bpf
from loadbalancer.domain.backend import state_word
from loadbalancer.kubernetes import (
    Node,
    expected_services,
    read_state_file,
    services_left_out,
    write_state_file,
)

from ..support import DATA, Row, node_of


def cases(name: str) -> dict[str, list[Row]]:
    """The cases of a file, by release."""
    found: dict[str, list[Row]] = defaultdict(list)
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        for line in file:
            case = json.loads(line)
            found[case["release"]].append(case)
    return found


CASES = cases("kubernetes/later.jsonl.gz")
DAMAGED = cases("audits/later.jsonl.gz")
of_each_release = pytest.mark.parametrize("release", CASES)


def objects_of(case: Row) -> list[Any]:
    return [*case["services"], *case["endpointslices"], *case["pods"], *case["others"]]


def expected(case: Row) -> list[SVC]:
    return expected_services(objects_of(case), node_of(case["config"]), release=case["release"])


def moments(release: str) -> list[Row]:
    """The cases that have what the agent and the kernel print at the same moment."""
    return [case for case in CASES[release] if "bpf" in case]


def listed(row: Row) -> str:
    """A row of the list in words that both sides have."""
    flags: Row = row.get("flags") or {}
    frontend: Row = row["frontend-address"]
    return json.dumps(
        [
            [frontend["ip"], frontend.get("port", 0), frontend["protocol"], frontend["scope"]],
            [flags.get("type"), flags.get("namespace", ""), flags.get("name", "")],
            [flags.get("extTrafficPolicy"), flags.get("intTrafficPolicy")],
            flags.get("healthCheckNodePort", 0),
            sorted(
                [
                    *(x["ip"], x.get("port", 0), x.get("protocol"), x.get("nodeName", "")),
                    *(x.get("zone", ""), x.get("state"), x.get("weight")),
                ]
                for x in row["backend-addresses"] or ()
            ),
        ]
    )


def facts(svc: SVC) -> str:
    frontend = svc.frontend
    scope = frontend.scope.name.lower()
    return json.dumps(
        [
            [str(frontend.addr_cluster), frontend.port, frontend.protocol.value, scope],
            [svc.type.value, svc.name.namespace, svc.name.name],
            [svc.ext_traffic_policy.value, svc.int_traffic_policy.value],
            svc.health_check_node_port,
            sorted(
                [
                    *(str(x.addr_cluster), x.port, x.protocol.value, x.node_name, x.zone),
                    *(state_word(x), x.weight),
                ]
                for x in svc.backends
            ),
        ]
    )


def network(text: object) -> str:
    return str(ipaddress.ip_network(str(text), strict=False))


def more(svc: SVC) -> str:
    """What the agent's table of services has besides."""
    frontend, ranges = svc.frontend, svc.load_balancer_source_ranges
    return json.dumps(
        [
            *(str(frontend.addr_cluster), frontend.port, frontend.protocol.value),
            *(int(frontend.scope), svc.session_affinity, svc.session_affinity_timeout_sec),
            sorted(map(network, ranges)),
        ]
    )


def more_of(row: Row) -> str:
    return json.dumps(
        [
            *(row["ip"], row["port"], row["protocol"], row["scope"], row["session_affinity"]),
            *(row["session_affinity_timeout_sec"], sorted(map(network, row["source_ranges"]))),
        ]
    )


@of_each_release
def test_the_list(release: str) -> None:
    for case in CASES[release]:
        found = expected(case)
        assert sorted(map(facts, found)) == sorted(map(listed, case["table"]))
        assert sorted(map(more, found)) == sorted(map(more_of, case["svcs"]))


@of_each_release
def test_nothing_is_found_on_a_healthy_node(release: str) -> None:
    for case in moments(release):
        wanted = expected(case)
        for text in (json.dumps(case["api"]), case["statedb"]["frontends"]):
            if case["api"]:
                dump = read_dump(text, release=release)
                assert dump.problems == []
                found = audit(wanted, dump.services, omitted=dump.omitted)
                entries = read_bpf(case["bpf"])
                assert [*found, *audit_datapath(dump.services, entries, release=release)] == []


@of_each_release
def test_the_tables_are_what_the_api_lists(release: str) -> None:
    for case in moments(release):
        tables = "".join(case["statedb"].values())
        if not case["statedb"]["frontends"]:
            continue
        dump: Dump = read_dump(tables, release=release)
        assert dump.problems == []
        assert dump.tables is not None
        names = {each.service_name for each in dump.tables.frontends}
        assert names <= dump.tables.services.keys()
        assert sorted(map(facts, dump.services)) == sorted(
            listed(each["status"]["realized"]) for each in case["api"]
        )
        kept = [x.model_dump(by_alias=True, exclude_unset=True) for x in dump.tables.frontends]
        decoder, text = json.JSONDecoder(), case["statedb"]["frontends"].strip()
        rows: list[Row] = []
        while text:
            row, end = decoder.raw_decode(text)
            rows.append(row)
            text = text[end:].strip()
        assert kept == rows


@of_each_release
def test_each_damage_is_found_and_nothing_else(release: str) -> None:
    def told(finding: Finding) -> tuple[str, str, str]:
        return finding.kind, finding.frontend, finding.backend or ""

    for case in DAMAGED[release]:
        dump = read_dump(json.dumps(case["dump"]), release=release)
        wanted = [(x["kind"], x["frontend"], x.get("backend") or "") for x in case["findings"]]
        assert sorted(map(told, audit(expected(case), dump.services))) == sorted(wanted)


@of_each_release
def test_a_state_file_of_a_list_gives_the_list_back(release: str) -> None:
    for case in moments(release):
        services = read_dump(json.dumps(case["api"]), release=release).services
        text = write_state_file(services, release=release)
        left_out = {int(note.pointer[1:]) for note in services_left_out(services)}
        kept = [svc for index, svc in enumerate(services) if index not in left_out]
        node = Node(name=case["config"]["node"])
        found = read_state_file(text, node=node, release=release)
        assert sorted(map(facts, found)) == sorted(map(facts, kept))
