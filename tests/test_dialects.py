"""Dumps of every release, read and written."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from ipaddress import ip_network
from typing import Any

import pytest

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    Dump,
    DumpProblem,
    L3n4Addr,
    L3n4AddrID,
    L4Type,
    LossyError,
    Note,
    Release,
    ReleaseError,
    ServiceName,
    SVCTrafficPolicy,
    SVCType,
    load_services,
    lossy_facts,
    read_dump,
    write_dump,
)

from .support import DATA, ROOT, Row, payload, rows

CASES = rows(DATA / "dialects" / "dumps.jsonl")
RELEASES = [f"1.{minor}" for minor in range(6, 21)]
FORMATS = ["json", "yaml", "text", "statedb"]
GROUPS: dict[tuple[str, str], list[Row]] = defaultdict(list)
for case in CASES:
    GROUPS[case["format"], case["release"]].append(case)
cases_of_a_release = pytest.mark.parametrize(
    "cases", GROUPS.values(), ids=["-".join(group) for group in GROUPS]
)


def said(addr: L3n4Addr) -> Row:
    return {"ip": str(addr.addr_cluster), "port": addr.port, "protocol": addr.protocol.value}


def as_in_the_cases(svc: SVC) -> Row:
    """A service in the words of the case file."""
    return {
        "id": svc.frontend.id,
        "type": svc.type.value,
        "namespace": svc.name.namespace,
        "name": svc.name.name,
        "cluster": svc.name.cluster,
        "ext_traffic_policy": svc.ext_traffic_policy.value,
        "int_traffic_policy": svc.int_traffic_policy.value,
        "nat_policy": svc.nat_policy.value,
        "health_check_node_port": svc.health_check_node_port,
        "frontend": {**said(svc.frontend), "scope": svc.frontend.scope.name.lower()},
        "backends": [
            {
                **said(each),
                "state": str(each.state),
                "weight": each.weight,
                "node_name": each.node_name,
                "zone": each.zone,
                "preferred": each.preferred,
            }
            for each in svc.backends
        ],
    }


def expected_services(case: Row) -> list[Row]:
    services: list[Row] = case["services"]
    if case["format"] == "text" and case["release"] == "1.6":
        # The table of 1.6 has no column for what the agent knew, ClusterIP or NodePort.
        return [{**each, "type": "ClusterIP"} for each in services]
    return services


def rules(dump: Dump) -> list[str]:
    return sorted({note.rule for note in dump.notes})


class TestCases:
    @cases_of_a_release
    @pytest.mark.parametrize("says_release", [False, True])
    def test_services_and_notes(self, cases: list[Row], says_release: bool) -> None:
        for case in cases:
            read_as = case.get("read_as", case["release"] if says_release else None)
            dump = read_dump(case["text"], release=read_as)
            assert [as_in_the_cases(each) for each in dump.services] == expected_services(case)
            assert (rules(dump), dump.format) == (case["notes"], case["format"])
            assert dump.problems == []

    @cases_of_a_release
    def test_the_release_is_among_those_it_can_be_from(self, cases: list[Row]) -> None:
        for case in cases:
            assert Release.parse(case["release"]) in read_dump(case["text"]).release_range

    @cases_of_a_release
    def test_what_was_read_is_written_and_read_again(self, cases: list[Row]) -> None:
        for case in cases:
            if case["format"] == "statedb":
                continue
            target = {"release": case["release"], "format": case["format"]}
            services = read_dump(case["text"]).services
            if case["format"] == "text":
                services.sort(key=lambda svc: svc.frontend.id)
            written = write_dump(services, **target, strict=True)
            assert read_dump(written, release=case["release"]).services == services

    def test_what_is_written_is_what_the_client_printed_byte_for_byte(self) -> None:
        compared = 0
        for case in CASES:
            text, release = case["text"].partition("\n\n>")[0].rstrip("\n"), case["release"]
            # What is not kept: the word for no protocol, the later state, which cluster it is.
            lost = "/ANY" in text or "/NONE" in text or "(Remote)" in text
            if lost or {"protocol-any", "state-later"} & {*case["notes"]}:
                continue
            if case["format"] == "text" or (case["format"] == "json" and text.startswith("[\n")):
                services = read_dump(text).services
                written = write_dump(services, release=release, format=case["format"])
                assert written.decode().rstrip("\n") == text
                compared += 1
        assert compared > 150


class TestEncodings:
    text = payload("service_list.json")

    @pytest.mark.parametrize(
        "data",
        [
            text.encode("utf-8-sig"),
            text.encode("utf-16"),
            b"\xfe\xff" + text.encode("utf-16-be"),
            gzip.compress(text.encode(), mtime=0),
            gzip.compress(text.encode("utf-16"), mtime=0),
            "\ufeff" + text,
        ],
        ids=["utf-8-sig", "utf-16", "utf-16-be", "gzip", "gzip of utf-16", "text with a mark"],
    )
    def test_one_dump_in_each(self, data: bytes | str) -> None:
        dump = read_dump(data)
        assert dump.problems == []
        assert dump.services == load_services(self.text)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"\x1f\x8bxx", "broken gzip data: "),
            (gzip.compress(b"[]" * 99, mtime=0)[:-9], "the gzip data ends early"),
            (b"\xff\xfe[", "broken UTF-16 at byte 2"),
            (b"ID \xff", "not UTF-8: byte 0xff"),
            (b" \n", "empty"),
            (b"hello", "neither JSON nor YAML nor the table of service list"),
        ],
    )
    def test_what_is_none(self, data: bytes, reason: str) -> None:
        (problem,) = read_dump(data).problems
        assert problem.reason.startswith(reason)

    def test_a_bomb_is_not_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from loadbalancer.dumps.decoding import UndecodableError, decoded

        with pytest.raises(UndecodableError, match="more than 1,000 bytes"):
            decoded(gzip.compress(bytes(1_000_000), mtime=0), max_unpacked=1000)
        assert (
            decoded(gzip.compress(b"[]", mtime=0) + gzip.compress(b" "), max_unpacked=3) == b"[] "
        )


FRONTEND = {"ip": "10.0.0.1", "port": 80, "protocol": "TCP", "scope": "external"}


def service(**spec: Any) -> Row:
    values = {"flags": {}, "frontend-address": FRONTEND, "id": 1, **spec}
    return {"spec": values, "status": {"realized": values}}


class TestJSON:
    def test_notes_say_where(self) -> None:
        backend = {"ip": "10.0.0.2", "protocol": "ANY", "weight": 0, "new/key": 1}
        later = {"ip": "10.0.0.3", "state": "terminating-not-serving"}
        flags = {"type": "ClusterIP"}
        dump = read_dump(
            json.dumps([service(**{"backend-addresses": [backend, later]}, flags=flags)])
        )
        place = "/0/status/realized"
        assert dump.notes == [
            Note(f"{place}/backend-addresses/0/new~1key", "unknown-key", "not known, not read"),
            Note(f"{place}/backend-addresses/0/protocol", "protocol-any", "ANY: no protocol"),
            Note(
                f"{place}/backend-addresses/0/weight",
                "weight-zero",
                "0 beside the state active: kept",
            ),
            Note(
                f"{place}/backend-addresses/1/state",
                "state-later",
                "terminating-not-serving: read as terminating",
            ),
            Note(f"{place}/frontend-address/protocol", "protocol-case", "TCP: read as tcp"),
        ]
        states = [(each.weight, each.state) for each in dump.services[0].backends]
        assert states == [(0, BackendState.ACTIVE), (100, BackendState.TERMINATING)]

    def test_a_problem_leaves_the_other_services(self) -> None:
        bad = service(id=2, flags={"type": "Cluster"})
        text = json.dumps([service(), bad, 7, service(id=3)], indent=1)
        dump = read_dump(text)
        assert [each.frontend.id for each in dump.services] == [1, 3]
        assert [(each.pointer, each.reason[:22]) for each in dump.problems] == [
            ("/1/status/realized/flags/type", "unknown word 'Cluster'"),
            ("/2", "expected a service, wh"),
        ]
        lines = text.splitlines()
        # The line at which the bad service begins.
        assert [lines[(each.line or 0) - 1] for each in dump.problems] == [" {", " 7,"]
        assert dump.problems[0].line != 2
        assert {note.pointer[:2] for note in dump.notes} == {"/0", "/3"}

    def test_a_dump_that_is_cut_off(self) -> None:
        text = json.dumps([service(), service(id=2)])
        dump = read_dump(text[: text.rindex("}")])
        assert len(dump.services) == 1
        reason = "the text ends here, in the middle of a JSON value"
        assert dump.problems == [DumpProblem("/1", reason, 1)]

    def test_objects_one_behind_the_other(self) -> None:
        text = "\n".join(json.dumps(service(id=id)) for id in (1, 0))
        dump = read_dump(text + "\n\n> Error while running 'x':  exit status 1\n")
        assert [each.frontend.id for each in dump.services] == [1, 0]
        assert [(note.pointer, note.rule) for note in dump.notes] == [
            ("/0/status/realized/frontend-address/protocol", "protocol-case"),
            ("/1/status/realized/frontend-address/protocol", "protocol-case"),
            ("/1/status/realized/id", "id-absent"),
            ("", "trailing-text"),
        ]

    @pytest.mark.parametrize("text", ["[]", "null", " [ ]\n"])
    def test_no_services(self, text: str) -> None:
        dump = read_dump(text)
        assert (dump.services, dump.notes, dump.problems) == ([], [], [])
        assert dump.releases == ("1.6", "1.20")

    def test_a_dump_of_1_13_is_read_as_the_strict_reading_does(self) -> None:
        text = payload("service_list.json")
        dump = read_dump(text, release="1.13")
        assert dump.services == load_services(text)
        assert dump.notes == []
        assert dump.releases == ("1.13", "1.16")

    def test_an_unknown_release(self) -> None:
        with pytest.raises(ReleaseError, match=r"unknown release '1\.5', the oldest known is 1\.6"):
            read_dump("[]", release="1.5")
        assert read_dump("[]", release="v1.18.4").services == []


class TestYAML:
    def test_words_that_yaml_would_take_for_something_else(self) -> None:
        text = """- spec:
    frontendaddress:
      ip: ::1
      port: 080
      scope: external
    flags: {name: no, namespace: 1:20, type: ''}
    backendaddresses: null
    id: 12
  status: null
"""
        (svc,) = read_dump(text).services
        assert svc.name == ServiceName(namespace="1:20", name="no")
        assert (str(svc.frontend), svc.frontend.id) == ("[::1]:80", 12)

    def test_places_are_spelled_as_in_the_dump(self) -> None:
        text = "- spec: {frontendaddress: {ip: x}}\n- spec: {frontendaddress: {ip: 10.0.0.1}}\n"
        dump = read_dump(text)
        assert [each.pointer for each in dump.problems] == ["/0/spec/frontendaddress/ip"]
        assert [each.pointer for each in dump.notes] == [
            *("", "/1/spec/frontendaddress/scope", "/1/spec/id")
        ]

    def test_broken_yaml_says_where(self) -> None:
        (problem,) = read_dump("- spec:\n  - [\n").problems
        assert problem.line == 3
        assert problem.reason.startswith("broken YAML: ")


class TestTable:
    def test_a_line_that_cannot_be_read(self) -> None:
        text = (
            "ID   Frontend          Service Type   Backend\n"
            "1    10.0.0.1:80/TCP   ClusterIP      1 => 10.0.0.2:80/TCP (active)\n"
            "                                      2 => 10.0.0.300:80/TCP (active)\n"
            "                                      3 => 10.0.0.3:80/TCP (active)\n"
            "2    10.0.0.1:80/UDP   ClusterIP      1 => 10.0.0.2:80/UDP (active) (preferred)\n"
        )
        dump = read_dump(text)
        assert [(each.frontend.id, len(each.backends)) for each in dump.services] == [
            (1, 2),
            (2, 1),
        ]
        assert dump.services[1].backends[0].preferred
        assert [(each.pointer, each.line) for each in dump.problems] == [("/0", 3)]
        assert dump.incomplete == {"10.0.0.1:80"}
        assert dump.releases == ("1.17", "1.20")


def frontend_row(**facts: Any) -> Row:
    values = {"Address": "10.0.0.1:80/TCP", "Type": "ClusterIP", "ServiceName": "a/b", "ID": 7}
    return {**values, "Backends": [], **facts}


def backend_row(**facts: Any) -> Row:
    return {"Address": "10.0.0.2:80/TCP", "Weight": 100, "State": 0, **facts}


class TestStateDB:
    @pytest.mark.parametrize(
        ("number", "zone", "state"),
        [
            (2, {"Zone": "a", "ForZones": None}, BackendState.TERMINATING),
            (3, {"Zone": "a", "ForZones": None}, BackendState.QUARANTINED),
            (2, {"Zone": None}, BackendState.TERMINATING),
            (3, {"Zone": {"Zone": "a", "ForZones": None}}, BackendState.QUARANTINED),
            (4, {"Zone": None}, BackendState.MAINTENANCE),
        ],
    )
    def test_the_number_of_a_state(self, number: int, zone: Row, state: BackendState) -> None:
        row = frontend_row(Backends=[backend_row(State=number, **zone)])
        dump = read_dump(json.dumps(row))
        assert [each.state for each in dump.services[0].backends] == [state]
        if "ForZones" in zone:
            assert dump.releases == ("1.18.5", "1.18")

    def test_the_release_decides_where_the_dump_does_not(self) -> None:
        text = json.dumps(frontend_row(Backends=[backend_row(State=2)]))
        states = {
            release: read_dump(text, release=release).services[0].backends[0].state
            for release in ("1.18.4", "1.18", "1.19")
        }
        assert states == {
            "1.18.4": BackendState.QUARANTINED,
            "1.18": BackendState.TERMINATING,
            "1.19": BackendState.TERMINATING,
        }

    def test_a_stream_of_changes(self) -> None:
        other = frontend_row(Address="10.0.0.9:80/TCP", RedirectTo={"Name": "x"})
        changes = [
            {"obj": None, "rev": 1},
            {"obj": frontend_row(), "rev": 2},
            {"obj": other, "rev": 3},
            {"obj": frontend_row(ID=8), "rev": 4},
            {"obj": other, "rev": 5, "deleted": True},
        ]
        dump = read_dump("\n".join(map(json.dumps, changes)))
        assert [(each.frontend.id, each.type) for each in dump.services] == [(8, SVCType.ClusterIP)]
        assert dump.releases == ("1.18", "1.20")

    def test_a_whole_dump_says_what_services_are_like(self) -> None:
        facts = {
            "Name": "c/a/b",
            "ExtTrafficPolicy": "Local",
            "SessionAffinity": True,
            "SessionAffinityTimeout": 3_000_000_000,
            "SourceRanges": ["10.0.0.0/8"],
            "NatPolicy": "",
        }
        row = frontend_row(
            ServiceName="c/a/b",
            RedirectTo={"Name": "x"},
            Backends=[backend_row(Unhealthy=True, Zone={"Zone": "z"})],
        )
        dump = {"backends": [], "frontends": [row], "services": [facts], "other": []}
        (svc,) = read_dump(json.dumps(dump)).services
        frontend = L3n4AddrID.parse("10.0.0.1:80/TCP")
        assert svc == SVC(
            frontend=frontend.model_copy(update={"id": 7}),
            backends=[
                Backend(
                    addr_cluster=AddrCluster.parse("10.0.0.2"),
                    port=80,
                    protocol=L4Type.TCP,
                    state=BackendState.QUARANTINED,
                    zone="z",
                )
            ],
            type=SVCType.LocalRedirect,
            name=ServiceName(cluster="c", namespace="a", name="b"),
            ext_traffic_policy=SVCTrafficPolicy.Local,
            int_traffic_policy=SVCTrafficPolicy.Cluster,
            session_affinity=True,
            session_affinity_timeout_sec=3,
            load_balancer_source_ranges=[ip_network("10.0.0.0/8")],
        )


class TestWriting:
    svc = read_dump(json.dumps([service(flags={"type": "HostPort", "cluster": "c"})])).services[0]

    def test_what_cannot_be_said_is_refused(self) -> None:
        with pytest.raises(LossyError) as caught:
            write_dump([self.svc], release="1.7", strict=True)
        assert [each.pointer for each in caught.value.facts] == [
            *("/0/frontend/protocol", "/0/name/cluster", "/0/type")
        ]
        assert str(caught.value).startswith(
            "/0/frontend/protocol: json of 1.7 cannot represent TCP; "
        )

    def test_what_can_be_said_is_not(self) -> None:
        assert lossy_facts([self.svc], release="1.17") == []
        write_dump([self.svc], release="1.17", strict=True)

    def test_a_row_that_cannot_be_read_again(self) -> None:
        """A zone may have a blank, which is what a table has between its words."""
        good = Backend(addr_cluster=AddrCluster("10.0.0.1"), id=1)
        odd = Backend(addr_cluster=AddrCluster("fe80::1%a b"), id=2)
        svc = self.svc.model_copy(update={"backends": [good, odd]})
        (fact,) = lossy_facts([svc], format="text")
        assert (fact.pointer, fact.rule) == ("/0/backends", "not-representable")
        assert fact.message.startswith("text of 1.13 cannot represent all backends: ")

    def test_no_yaml_before_1_12(self) -> None:
        with pytest.raises(ReleaseError, match=r"there is no YAML in 1\.11"):
            write_dump([], release="1.11", format="yaml")
        with pytest.raises(ReleaseError, match="unknown format 'xml'"):
            write_dump([], format="xml")


def matrix() -> str:
    """What the cases show of each release and format: the rules by which they are read."""
    lines = [f"| release | {' | '.join(FORMATS)} |", "|---" * (len(FORMATS) + 1) + "|"]
    for release in RELEASES:
        cells: list[str] = []
        for format in FORMATS:
            cases = GROUPS.get((format, release), [])
            found = sorted({rule for case in cases for rule in case["notes"]})
            words = ", ".join(f"`{rule}`" for rule in found) or "read"
            cells.append(words if cases else "—")
        lines.append(f"| {release} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def test_the_matrix_in_the_docs_is_that_of_the_cases() -> None:
    assert matrix() in (ROOT / "docs" / "releases.md").read_text(encoding="utf-8")
