"""Every case of the vector files, which the reference has answered, against the library.

A row is compared as a whole: a key that the answer does not have is a difference like any
other. Keys named `reference_…` are the reference's own answer where the contract has another
one; what the library can say of them stands at the end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from loadbalancer import (
    AddrCluster,
    AddressError,
    ConversionError,
    L3n4Addr,
    L4Type,
    Scope,
    SVCNatPolicy,
    models,
    new_backend_from_backend_model,
    new_l3n4_addr_from_backend_model,
    new_l3n4_addr_from_model,
    new_svc_from_model,
)

from .answers import ANSWERS, addr_of_row
from .support import NONE_FOUND, VECTORS, Row, few, rows, vector

FILES = sorted(VECTORS.iterdir())


def told(row: Row) -> Row:
    """What a row says of the contract."""
    return {key: value for key, value in row.items() if not key.startswith("reference_")}


def test_each_file_is_answered_and_each_answer_has_its_file() -> None:
    assert [path.name for path in FILES] == sorted(f"{name}.jsonl" for name in ANSWERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_is_answered_like_the_reference(path: Path) -> None:
    answer = ANSWERS[path.stem]
    wanted = [told(row) for row in rows(path)]
    assert wanted
    differences = [(row, found) for row in wanted if (found := answer(row)) != row]
    assert few(differences) == NONE_FOUND


# What stands in a row to put the question; every other key is an answer.
QUESTIONS = {
    "addr_cluster": {"text"},
    "addr_order": {"a", "b"},
    "backend": {"payload"},
    "frontend": {"payload"},
    "l3n4addr": {"protocol", "addr", "port", "scope"},
    "service_flags": {"flags"},
    "service_spec": {"payload"},
    "states_and_protocols": {"kind", "text", "old", "new"},
    "svc_flag_param": {
        "svc_type",
        "svc_nat_policy",
        "svc_ext_local",
        "svc_int_local",
        "session_affinity",
        "is_routable",
        "check_source_range",
        "l7_load_balancer",
        "loopback_hostport",
    },
}
# Go's number of no state, which is no BackendState here: its error is nobody's to give.
NOT_ANSWERED = [{"kind": "string", "state": number} for number in (5, 6, 7)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_wrong_row_would_be_noticed(path: Path) -> None:
    """The comparison above sees each answer of each shape of row."""
    shapes = {shape(row): row for row in map(told, rows(path)) if is_answered(row)}
    unnoticed: list[Row] = []
    for row in shapes.values():
        for key in row.keys() - QUESTIONS[path.stem]:
            if path.stem == "states_and_protocols" and key == "state" and row["kind"] != "parse":
                continue
            wrong = {**row, key: "something else"}
            try:
                noticed = ANSWERS[path.stem](wrong) != wrong
            except ValueError:
                noticed = True
            if not noticed:
                unnoticed.append(wrong)
    assert unnoticed == []


def is_answered(row: Row) -> bool:
    return {key: row.get(key) for key in ("kind", "state")} not in NOT_ANSWERED


def shape(row: Row) -> tuple[object, ...]:
    return (*row, row.get("kind"), row.get("stage"), row.get("ok"))


class TestAddrCluster:
    def test_a_refused_text_is_refused_in_the_words_of_the_reference(self) -> None:
        refused = [row for row in vector("addr_cluster") if row.get("reference_error")]
        assert len(refused) > 300
        differences = [
            (row, error)
            for row in refused
            if (error := refusal(row["text"])) != row["reference_error"]
        ]
        assert few(differences) == NONE_FOUND

    def test_the_constructor_and_a_field_take_what_parse_takes(self) -> None:
        adapter: TypeAdapter[AddrCluster] = TypeAdapter(AddrCluster)
        taken = [row["text"] for row in vector("addr_cluster") if row["ok"]]
        expected = [AddrCluster.parse(text) for text in taken]
        assert [AddrCluster(text) for text in taken] == expected
        assert [adapter.validate_python(text) for text in taken] == expected
        assert [adapter.validate_json(json.dumps(text)) for text in taken] == expected

    def test_the_constructor_and_a_field_refuse_what_parse_refuses(self) -> None:
        adapter: TypeAdapter[AddrCluster] = TypeAdapter(AddrCluster)
        for text in [row["text"] for row in vector("addr_cluster") if not row["ok"]]:
            with pytest.raises(AddressError) as by_constructor:
                AddrCluster(text)
            with pytest.raises(ValidationError) as by_field:
                adapter.validate_python(text)
            reason = refusal(text)
            assert str(by_constructor.value) == reason
            assert by_field.value.errors(include_url=False) == [
                {
                    "type": "addr_cluster",
                    "loc": (),
                    "msg": f"Input is no IP address: {reason}",
                    "input": text,
                    "ctx": {"reason": reason},
                }
            ]

    def test_all_comparisons_follow_from_less_and_equal(self) -> None:
        for row in vector("addr_order"):
            a, b = AddrCluster.parse(row["a"]), AddrCluster.parse(row["b"])
            less, equal = row["less"], row["equal"]
            found = (a <= b, a > b, a >= b, a != b, b > a, b == a, b < a)
            more = not less and not equal
            assert found == (less or equal, more, not less, not equal, less, equal, more), row


def refusal(text: str) -> str:
    with pytest.raises(AddressError) as caught:
        AddrCluster.parse(text)
    return str(caught.value)


class TestConversionErrors:
    """An error of conversion says where; what stands there is what the text complains of."""

    @staticmethod
    def refused(name: str) -> list[Row]:
        found = [row for row in vector(name) if row["stage"] == "convert"]
        assert found
        return found

    def test_of_a_frontend(self) -> None:
        for row in self.refused("frontend"):
            wire = models.FrontendAddress.model_validate_json(row["payload"])
            with pytest.raises(ConversionError) as caught:
                new_l3n4_addr_from_model(wire)
            error = caught.value
            expected = (row["error"], "frontend", frontend_pointer(json.loads(row["payload"])))
            assert (error.reason, error.side, error.pointer) == expected, row

    def test_of_a_backend(self) -> None:
        for row in self.refused("backend"):
            wire = models.BackendAddress.model_validate_json(row["payload"])
            with pytest.raises(ConversionError) as by_backend:
                new_backend_from_backend_model(wire)
            with pytest.raises(ConversionError) as by_address:
                new_l3n4_addr_from_backend_model(wire)
            for error in (by_backend.value, by_address.value):
                found = (error.reason, error.side, error.pointer)
                assert found == (row["error"], "backend", "/ip"), row

    def test_of_a_service(self) -> None:
        for row in self.refused("service_spec"):
            wire = models.ServiceSpec.model_validate_json(row["payload"])
            with pytest.raises(ConversionError) as caught:
                new_svc_from_model(wire)
            error = caught.value
            spec = json.loads(row["payload"])
            if row["part"] == "frontend":
                pointer = "/frontend-address" + frontend_pointer(spec["frontend-address"])
            else:
                ips = [backend["ip"] for backend in spec["backend-addresses"]]
                pointer = f"/backend-addresses/{first_refused(ips)}/ip"
            expected = (row["error"], row["part"], pointer)
            assert (error.reason, error.side, error.pointer) == expected, row

    def test_the_pointer_leads_somewhere(self) -> None:
        """All keys but the last are there, and so is the last unless it is what is missing."""
        for row in self.refused("service_spec"):
            wire = models.ServiceSpec.model_validate_json(row["payload"])
            with pytest.raises(ConversionError) as caught:
                new_svc_from_model(wire)
            *parents, last = caught.value.pointer.split("/")[1:]
            place: Any = json.loads(row["payload"])
            for token in parents:
                place = place[int(token) if isinstance(place, list) else token]
            may_be_absent = row["error"] in ("missing IP address", 'invalid scope ""')
            assert isinstance(place, dict), row
            assert last in place or may_be_absent, row


def frontend_pointer(frontend: Row) -> str:
    """The first of what is wrong with a frontend, in the order of the contract."""
    if not frontend.get("ip"):
        return "/ip"
    if frontend.get("protocol") == "any":
        return "/protocol"
    if first_refused([frontend["ip"]]) == 0:
        return "/ip"
    return "/scope"


def first_refused(ips: list[str]) -> int:
    """The place of the first text that is no address, or how many there are."""
    for place, ip in enumerate(ips):
        try:
            AddrCluster.parse(ip)
        except AddressError:
            return place
    return len(ips)


def converted_rows(name: str) -> list[Row]:
    found = [row for row in vector(name) if row.get("stage", "ok") == "ok"]
    assert found
    return found


class TestRoundTrips:
    def test_of_a_frontend(self) -> None:
        for row in converted_rows("frontend"):
            written = models.FrontendAddress.model_validate_json(row["model_json"])
            read = models.FrontendAddress.model_validate_json(row["payload"])
            assert new_l3n4_addr_from_model(written) == new_l3n4_addr_from_model(read), row

    def test_of_a_backend(self) -> None:
        for row in converted_rows("backend"):
            written = models.BackendAddress.model_validate_json(row["model_json"])
            read = models.BackendAddress.model_validate_json(row["payload"])
            backend = new_backend_from_backend_model(read)
            assert new_backend_from_backend_model(written) == backend, row
            assert new_l3n4_addr_from_backend_model(read) == backend.l3n4_addr, row
            assert (backend.protocol, backend.scope, backend.id, backend.fe_port_name) == (
                L4Type.NONE,
                Scope.EXTERNAL,
                0,
                "",
            ), row

    def test_of_a_service(self) -> None:
        for row in converted_rows("service_spec"):
            written = models.Service.model_validate_json(row["model_json"])
            read = models.ServiceSpec.model_validate_json(row["payload"])
            assert written.spec is not None
            assert written.status == models.ServiceStatus(realized=written.spec), row
            assert new_svc_from_model(written.spec) == new_svc_from_model(read), row


class TestTheReferencesOwnAnswers:
    """Where the contract differs, the rows tell what the reference says; so can the library."""

    def test_a_frontend_without_its_protocol(self) -> None:
        for row in converted_rows("frontend"):
            wire = models.FrontendAddress.model_validate_json(row["payload"])
            addr = new_l3n4_addr_from_model(wire)
            assert isinstance(addr, L3n4Addr)
            found = addr.get_model(include_protocol=False).model_dump_json()
            assert found == reference_json(row), row

    def test_an_address_without_its_protocol(self) -> None:
        for row in converted_rows("l3n4addr"):
            found = addr_of_row(row).get_model(include_protocol=False).model_dump_json()
            assert found == reference_json(row), row

    def test_a_backend_without_weight_goes_into_maintenance(self) -> None:
        for row in converted_rows("backend"):
            wire = models.BackendAddress.model_validate_json(row["payload"])
            backend = new_backend_from_backend_model(wire, default_weight=0)
            assert backend.get_backend_model().model_dump_json() == reference_json(row), row

    def test_a_service_loses_its_nat_policy_as_well(self) -> None:
        for row in converted_rows("service_spec"):
            wire = models.ServiceSpec.model_validate_json(row["payload"])
            svc = new_svc_from_model(wire, default_weight=0)
            svc.nat_policy = SVCNatPolicy.NONE
            found = svc.get_model(include_protocol=False).model_dump_json()
            assert found == reference_json(row), row

    def test_the_hash_has_one_byte_of_the_cluster_id(self) -> None:
        """Scope and port lie over the three high bytes, and three zeros are left at the end."""
        for row in vector("l3n4addr"):
            ours = addr_of_row(row).hash()
            address, cluster_id, rest = ours[:16], ours[16:20], ours[20:]
            assert (address + rest + cluster_id[3:] + bytes(3)).hex() == row["reference_hash"], row


def reference_json(row: Row) -> str:
    return str(row.get("reference_model_json", row["model_json"]))
