"""The rules of the service API, on stores of both kinds."""

from __future__ import annotations

from typing import Any

import pytest

from loadbalancer.domain.scalars import UINT32_MAX
from loadbalancer.server import ServiceAPI, Settings, Store
from loadbalancer.server.answers import Answer

from .payloads import backend, backend_ids, listed, listed_backends, put, reason, spec, states


@pytest.fixture
def api(store: Store) -> ServiceAPI:
    return ServiceAPI(store)


class TestIdentity:
    def test_a_frontend_is_known_by_address_port_and_scope(self, api: ServiceAPI) -> None:
        assert put(api, spec(1, ip="10.96.0.1")) == Answer(201)
        assert put(api, spec(2, ip="10.96.0.1", scope="internal")) == Answer(201)
        assert put(api, spec(3, ip="10.96.0.1@7")) == Answer(201)
        assert put(api, spec(1, ip="10.96.0.1")) == Answer(200)
        assert list(listed(api)) == [1, 2, 3]

    def test_the_protocol_is_no_part_of_it_and_the_first_one_stays(self, api: ServiceAPI) -> None:
        body = spec(1)
        body["frontend-address"]["protocol"] = "tcp"
        assert put(api, body) == Answer(201)
        body["frontend-address"]["protocol"] = "udp"
        assert put(api, body) == Answer(200)
        assert listed(api)[1]["frontend-address"] == {
            "ip": "10.96.0.1",
            "port": 80,
            "protocol": "tcp",
            "scope": "external",
        }

    def test_ids_are_uint32_and_listed_in_order(self, api: ServiceAPI) -> None:
        ids = [UINT32_MAX, 70_000, 1, 65_536]
        for index, id in enumerate(ids):
            assert put(api, spec(id, ip=f"10.96.1.{index}")) == Answer(201)
        assert list(listed(api)) == sorted(ids)
        assert api.delete_service("65536") == Answer(200)
        assert api.get_service("0") == Answer(404)
        assert api.get_service("65536") == Answer(404)
        assert api.delete_service("70000") == Answer(200)
        assert list(listed(api)) == [1, UINT32_MAX]

    @pytest.mark.parametrize("id", [UINT32_MAX + 1, -1, 2**63 - 1, -(2**63)])
    def test_other_ids_are_refused(self, api: ServiceAPI, id: int) -> None:
        told = f"invalid service ID {id}: not in 0 … {UINT32_MAX}"
        assert reason(put(api, spec(id, ip="10.96.0.1"))) == (460, told)

    def test_the_id_in_the_body_decides(self, api: ServiceAPI) -> None:
        assert put(api, spec(5), path_id="9") == Answer(201)
        assert list(listed(api)) == [5]

    def test_a_deleted_frontend_may_come_back_under_another_id(self, api: ServiceAPI) -> None:
        assert put(api, spec(1, ip="10.96.0.1")) == Answer(201)
        assert api.delete_service("1") == Answer(200)
        assert api.delete_service("1") == Answer(404)
        assert put(api, spec(2, ip="10.96.0.1")) == Answer(201)


class TestBackendIds:
    def test_they_count_from_1_in_the_order_of_appearance(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend("10.0.0.9"), backend("10.0.0.1"), backend("10.0.0.5")))
        assert backend_ids(api, 1) == {"10.0.0.9:80": 1, "10.0.0.1:80": 2, "10.0.0.5:80": 3}

    def test_a_backend_has_one_id_in_all_services(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend("10.0.0.1")))
        put(api, spec(2, backend("10.0.0.2"), backend("10.0.0.1")))
        assert backend_ids(api, 2) == {"10.0.0.2:80": 2, "10.0.0.1:80": 1}

    def test_they_decide_the_order_in_answers(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend("10.0.0.3"), backend("10.0.0.2")))
        put(api, spec(1, backend("10.0.0.1"), backend("10.0.0.2"), backend("10.0.0.3")))
        assert [ip for ip, _, _ in listed_backends(api, 1)] == [
            "10.0.0.3",
            "10.0.0.2",
            "10.0.0.1",
        ]

    def test_a_freed_id_is_not_reused(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend("10.0.0.1"), backend("10.0.0.2")))
        put(api, spec(1, backend("10.0.0.2")))
        put(api, spec(1, backend("10.0.0.2"), backend("10.0.0.1")))
        assert backend_ids(api, 1) == {"10.0.0.2:80": 2, "10.0.0.1:80": 3}
        api.delete_service("1")
        put(api, spec(1, backend("10.0.0.2")))
        assert backend_ids(api, 1) == {"10.0.0.2:80": 4}

    def test_it_stays_as_long_as_a_service_has_the_backend(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend("10.0.0.1")))
        put(api, spec(2, backend("10.0.0.1")))
        api.delete_service("1")
        put(api, spec(3, backend("10.0.0.1")))
        put(api, spec(2))
        put(api, spec(4, backend("10.0.0.1")))
        assert backend_ids(api, 4) == {"10.0.0.1:80": 1}

    def test_the_range_wraps_and_used_ids_are_passed_over(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend("10.0.0.1"), backend("10.0.0.2")))
        api.store.write(lambda tx: tx.set_next_backend_id(UINT32_MAX))
        put(api, spec(2, *(backend(f"10.0.1.{n}") for n in range(3))))
        assert list(backend_ids(api, 2).values()) == [UINT32_MAX, 3, 4]


class TestUpdates:
    def test_all_but_the_name_is_replaced(self, api: ServiceAPI) -> None:
        full: dict[str, Any] = {
            "extTrafficPolicy": "Local",
            "intTrafficPolicy": "Local",
            "healthCheckNodePort": 31000,
            "name": "web",
            "namespace": "prod",
            "type": "LoadBalancer",
        }
        put(api, spec(1, backend(), **full))
        assert listed(api)[1]["flags"] == {**full, "trafficPolicy": "Local"}
        put(api, spec(1, name="dns"))
        assert listed(api)[1] == {
            "backend-addresses": [],
            "flags": {
                "extTrafficPolicy": "Cluster",
                "intTrafficPolicy": "Cluster",
                "name": "dns",
                "namespace": "prod",
                "trafficPolicy": "Cluster",
                "type": "ClusterIP",
            },
            "frontend-address": {"ip": "10.96.0.1", "port": 80, "scope": "external"},
            "id": 1,
        }

    def test_a_kept_backend_keeps_its_state(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend(state="quarantined")))
        put(api, spec(1, backend(state="active", nodeName="n", preferred=True)))
        assert listed(api)[1]["backend-addresses"] == [
            {
                "ip": "10.0.0.1",
                "nodeName": "n",
                "port": 80,
                "preferred": True,
                "state": "quarantined",
                "weight": 100,
            }
        ]

    def test_but_for_a_change_to_terminating(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend(state="quarantined")))
        put(api, spec(1, backend(state="terminating")))
        assert listed_backends(api, 1) == [("10.0.0.1", "terminating", 100)]
        put(api, spec(1, backend(state="active")))
        assert listed_backends(api, 1) == [("10.0.0.1", "terminating", 100)]

    def test_and_a_change_of_weight_takes_the_state_along(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend(state="quarantined")))
        put(api, spec(1, backend(state="active", weight=7)))
        assert listed_backends(api, 1) == [("10.0.0.1", "active", 7)]
        put(api, spec(1, backend(weight=0)))
        assert listed_backends(api, 1) == [("10.0.0.1", "maintenance", 0)]

    def test_another_service_has_a_state_of_its_own(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend(state="quarantined")))
        put(api, spec(2, backend(state="active")))
        assert listed_backends(api, 1) == [("10.0.0.1", "quarantined", 100)]
        assert listed_backends(api, 2) == [("10.0.0.1", "active", 100)]

    def test_a_backend_given_twice_is_listed_twice_and_changed_once(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend(weight=1), backend(weight=2, state="quarantined")))
        assert listed_backends(api, 1) == [("10.0.0.1", "quarantined", 2)] * 2
        put(api, states(backend(state="active")))
        assert listed_backends(api, 1) == [("10.0.0.1", "active", 2)] * 2
        put(api, spec(1))
        put(api, spec(2, backend()))
        assert backend_ids(api, 2) == {"10.0.0.1:80": 2}


class TestStateUpdates:
    def test_it_changes_the_backend_in_every_service(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend("10.0.0.1"), backend("10.0.0.2", preferred=True)))
        put(api, spec(2, backend("10.0.0.2")))
        change = backend("10.0.0.2", state="quarantined")
        assert put(api, states(change)) == Answer(200)
        quarantined = {"ip": "10.0.0.2", "port": 80, "state": "quarantined", "weight": 100}
        assert listed(api)[1]["backend-addresses"][1] == quarantined
        assert listed(api)[2]["backend-addresses"] == [quarantined]
        put(api, states(backend("10.0.0.2", state="active", preferred=True)))
        active = {**quarantined, "preferred": True, "state": "active"}
        assert listed(api)[2]["backend-addresses"] == [active]

    def test_unknown_backends_are_skipped(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend()))
        assert put(api, states(backend(port=81, state="terminating"))) == Answer(200)
        assert put(api, states()) == Answer(200)
        assert listed_backends(api, 1) == [("10.0.0.1", "active", 100)]

    def test_equal_states_change_nothing(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend(preferred=True)))
        assert put(api, states(backend(state="active"))) == Answer(200)
        assert listed(api)[1]["backend-addresses"][0]["preferred"] is True

    def test_invalid_transitions_are_told_and_the_others_made(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend("10.0.0.1", state="terminating"), backend("10.0.0.2")))
        put(api, spec(2, backend("fd00::3", state="maintenance"), ip="fd00::1"))
        changes = states(
            backend("10.0.0.1", state="active"),
            backend("10.0.0.2", state="quarantined"),
            backend("fd00::3", state="terminating"),
        )
        assert reason(put(api, changes)) == (
            501,
            "invalid state transition for backend[10.0.0.1:80] (terminating) -> (active); "
            "invalid state transition for backend[[fd00::3]:80] (maintenance) -> (terminating)",
        )
        assert listed_backends(api, 1) == [
            ("10.0.0.1", "terminating", 100),
            ("10.0.0.2", "quarantined", 100),
        ]

    def test_a_state_that_a_put_has_set_counts(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend()))
        put(api, spec(1, backend(state="terminating")))
        assert reason(put(api, states(backend(state="active")))) == (
            501,
            "invalid state transition for backend[10.0.0.1:80] (terminating) -> (active)",
        )
        put(api, spec(2, backend("10.0.0.2")))
        put(api, spec(2, backend("10.0.0.2", state="quarantined", weight=1)))
        put(api, states(backend("10.0.0.2", state="active")))
        assert listed_backends(api, 2) == [("10.0.0.2", "active", 1)]

    def test_a_changed_state_is_kept(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend()))
        put(api, states(backend(state="quarantined")))
        put(api, spec(1, backend()))
        put(api, spec(1, backend()))
        assert listed_backends(api, 1) == [("10.0.0.1", "quarantined", 100)]

    def test_the_state_of_a_deleted_service_is_remembered(self, api: ServiceAPI) -> None:
        # As the agent does; a backend that an update drops is unknown at once.
        put(api, spec(1, backend("10.0.0.1", state="maintenance"), backend("10.0.0.2", weight=0)))
        put(api, spec(1, backend("10.0.0.1")))
        api.delete_service("1")
        changes = states(
            backend("10.0.0.1", state="terminating"), backend("10.0.0.2", state="terminating")
        )
        assert reason(put(api, changes)) == (
            501,
            "invalid state transition for backend[10.0.0.1:80] (maintenance) -> (terminating)",
        )
        assert put(api, states(backend("10.0.0.1", state="active"))) == Answer(200)
        assert put(api, states(backend("10.0.0.1", state="terminating"))) == Answer(200)
        put(api, spec(2, backend("10.0.0.1")))
        assert listed_backends(api, 2) == [("10.0.0.1", "active", 100)]
        assert put(api, states(backend("10.0.0.1", state="quarantined"))) == Answer(200)

    def test_what_counts_is_the_service_that_brought_the_backend_in(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend(state="quarantined")))
        put(api, spec(2, backend(state="active")))
        api.delete_service("1")
        put(api, spec(2, backend(state="terminating")))
        assert put(api, states(backend(state="active"))) == Answer(200)
        assert listed_backends(api, 2) == [("10.0.0.1", "active", 100)]

    def test_with_an_id_it_is_an_ordinary_put(self, api: ServiceAPI) -> None:
        assert put(api, {**spec(1, backend()), "updateServices": True}) == Answer(201)

    @pytest.mark.parametrize("id", [None, 0])
    def test_without_it_an_id_is_needed(self, api: ServiceAPI, id: int | None) -> None:
        body = {**spec(0), "id": id, "frontend-address": {"ip": "nope"}}
        assert reason(put(api, body)) == (500, "invalid service ID 0")

    def test_an_invalid_backend_is_told_and_nothing_is_changed(self, api: ServiceAPI) -> None:
        put(api, spec(1, backend()))
        body = states(backend(state="quarantined"), backend("nope"))
        assert reason(put(api, body)) == (461, 'ParseAddr("nope"): unable to parse IP')
        assert listed_backends(api, 1) == [("10.0.0.1", "active", 100)]


class TestFamilies:
    @pytest.mark.parametrize(
        ("frontend", "ips", "policy"),
        [
            ("10.96.0.1", ["fd00::1", "fd00::2"], "Nat46"),
            ("fd00::1", ["10.0.0.1"], "Nat64"),
            ("10.96.0.1", ["10.0.0.1"], None),
            ("fd00::1", [], None),
        ],
    )
    def test_nat46x64_sets_the_policy(
        self, store: Store, frontend: str, ips: list[str], policy: str | None
    ) -> None:
        api = ServiceAPI(store, Settings(nat46x64=True))
        body = spec(1, *map(backend, ips), ip=frontend, natPolicy="Nat64")
        assert put(api, body) == Answer(201)
        assert listed(api)[1]["flags"].get("natPolicy") == policy

    def test_a_mixture_is_refused_all_the_same(self, store: Store) -> None:
        api = ServiceAPI(store, Settings(nat46x64=True))
        body = spec(1, backend("10.0.0.1"), backend("fd00::1"))
        assert reason(put(api, body)) == (
            500,
            "Unable to upsert service 10.96.0.1:80 with a mixed set of IPv4 and IPv6 backends",
        )

    def test_the_policy_goes_when_the_families_agree_again(self, store: Store) -> None:
        api = ServiceAPI(store, Settings(nat46x64=True))
        put(api, spec(1, backend("fd00::1")))
        put(api, spec(1, backend("10.0.0.1")))
        assert "natPolicy" not in listed(api)[1]["flags"]


REPLACEABLE_BY_REDIRECT = {"ClusterIP", "LocalRedirect"}
TYPES = ["ClusterIP", "NodePort", "ExternalIPs", "HostPort", "LoadBalancer", "LocalRedirect"]


@pytest.mark.parametrize("old", TYPES)
@pytest.mark.parametrize("new", TYPES)
def test_which_type_replaces_which(api: ServiceAPI, old: str, new: str) -> None:
    put(api, spec(1, type=old))
    answer = put(api, spec(1, type=new))
    if (old, new) == ("LocalRedirect", "ClusterIP"):
        assert reason(answer) == (
            500,
            "local-redirect service exists for frontend {{10.96.0.1 {NONE 80} 0} 1}, "
            "skip update for svc /",
        )
    elif new == "LocalRedirect" and old not in REPLACEABLE_BY_REDIRECT:
        assert answer.status == 500
    else:
        assert answer == Answer(200)
        assert listed(api)[1]["flags"]["type"] == new


LOCAL = {"extTrafficPolicy": "Local", "intTrafficPolicy": "Local"}
EXT = {"extTrafficPolicy": "Local"}
INT = {"intTrafficPolicy": "Local"}


@pytest.mark.parametrize(
    ("type", "scope", "policies", "is_local"),
    [
        ("LocalRedirect", "external", {}, True),
        ("LocalRedirect", "internal", {}, True),
        ("HostPort", "external", LOCAL, False),
        ("ClusterIP", "external", EXT, False),
        ("ClusterIP", "external", INT, True),
        ("ClusterIP", "internal", INT, True),
        ("NodePort", "external", EXT, True),
        ("NodePort", "external", INT, False),
        ("LoadBalancer", "internal", EXT, False),
        ("LoadBalancer", "internal", INT, True),
        ("ExternalIPs", "external", LOCAL, True),
    ],
)
def test_services_of_local_traffic_drop_backends_of_other_nodes(
    store: Store, type: str, scope: str, policies: dict[str, str], is_local: bool
) -> None:
    api = ServiceAPI(store, Settings(node_name="here"))
    backends = [
        backend("10.0.0.1", nodeName="there"),
        backend("10.0.0.2", nodeName="here"),
        backend("10.0.0.3"),
    ]
    put(api, spec(1, *backends, scope=scope, type=type, **policies))
    found = [ip for ip, _, _ in listed_backends(api, 1)]
    assert found == ["10.0.0.1", "10.0.0.2", "10.0.0.3"][is_local:]
