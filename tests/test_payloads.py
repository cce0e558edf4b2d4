"""What a real client sent and a real agent answered."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    ConversionError,
    L3n4AddrID,
    L4Type,
    Scope,
    SVCTrafficPolicy,
    SVCType,
    dump_services,
    load_service,
    load_service_spec,
    load_services,
    models,
    new_svc_from_model,
)

from .support import PAYLOADS, compact, payload

PUTS = [f"client_put_{number}.json" for number in range(1, 6)]


def backend(ip: str, port: int, state: BackendState, weight: int) -> Backend:
    return Backend(addr_cluster=AddrCluster(ip), port=port, state=state, weight=weight)


# What each body says, but for the one whose frontend does not matter.
SERVICES = {
    "client_put_1.json": SVC(
        frontend=L3n4AddrID(
            protocol=L4Type.TCP, addr_cluster=AddrCluster("10.96.0.10"), port=53, id=1
        ),
        backends=[
            backend("10.0.0.1", 53, BackendState.ACTIVE, 100),
            backend("10.0.0.2", 53, BackendState.ACTIVE, 100),
        ],
        type=SVCType.ClusterIP,
        ext_traffic_policy=SVCTrafficPolicy.Cluster,
        int_traffic_policy=SVCTrafficPolicy.Cluster,
    ),
    "client_put_2.json": SVC(
        frontend=L3n4AddrID(
            protocol=L4Type.TCP,
            addr_cluster=AddrCluster("fd00::10"),
            port=443,
            scope=Scope.INTERNAL,
            id=2,
        ),
        backends=[backend("fd00::1", 8443, BackendState.ACTIVE, 100)],
        type=SVCType.NodePort,
        ext_traffic_policy=SVCTrafficPolicy.Local,
        int_traffic_policy=SVCTrafficPolicy.Cluster,
    ),
    "client_put_3.json": SVC(
        frontend=L3n4AddrID(
            protocol=L4Type.TCP, addr_cluster=AddrCluster("192.0.2.1"), port=80, id=3
        ),
        backends=[
            backend("10.0.1.1", 8080, BackendState.ACTIVE, 10),
            # Quarantined, says the client; a weight of 0 says otherwise.
            backend("10.0.1.2", 8080, BackendState.MAINTENANCE, 0),
        ],
        type=SVCType.LoadBalancer,
        ext_traffic_policy=SVCTrafficPolicy.Cluster,
        int_traffic_policy=SVCTrafficPolicy.Cluster,
    ),
    "client_put_5.json": SVC(
        frontend=L3n4AddrID(protocol=L4Type.TCP, addr_cluster=AddrCluster("10.0.0.1"), id=4),
        backends=[backend("10.0.0.2", 0, BackendState.ACTIVE, 100)],
        type=SVCType.LocalRedirect,
        ext_traffic_policy=SVCTrafficPolicy.Cluster,
        int_traffic_policy=SVCTrafficPolicy.Cluster,
    ),
}


def test_all_bodies_are_looked_at() -> None:
    found = sorted(path.name for path in PAYLOADS.glob("client_put_*.json"))
    assert found == PUTS == sorted([*SERVICES, "client_put_4.json"])


@pytest.mark.parametrize("name", PUTS)
def test_a_body_is_written_as_it_was_read(name: str) -> None:
    text = payload(name)
    assert models.ServiceSpec.model_validate_json(text).model_dump_json() == text.rstrip("\n")


@pytest.mark.parametrize("name", SERVICES)
def test_a_body_is_a_service(name: str) -> None:
    text = payload(name)
    assert new_svc_from_model(models.ServiceSpec.model_validate_json(text)) == SERVICES[name]
    assert load_service_spec(text) == SERVICES[name]


def test_a_frontend_that_does_not_matter_is_no_address() -> None:
    wire = models.ServiceSpec.model_validate_json(payload("client_put_4.json"))
    assert wire == models.ServiceSpec(
        backend_addresses=[
            models.BackendAddress(ip="10.0.0.1", port=53, state="maintenance", weight=100)
        ],
        flags=models.ServiceSpecFlags(
            ext_traffic_policy="Cluster",
            int_traffic_policy="Cluster",
            traffic_policy="Cluster",
            type="ClusterIP",
        ),
        frontend_address=models.FrontendAddress(ip="<nil>", protocol="tcp", scope="external"),
        update_services=True,
    )
    with pytest.raises(ConversionError) as caught:
        new_svc_from_model(wire)
    error = caught.value
    assert (error.reason, error.side, error.pointer) == (
        'ParseAddr("<nil>"): unable to parse IP',
        "frontend",
        "/frontend-address/ip",
    )


class TestServiceList:
    wire = payload("service_list_wire.json")
    adapter: TypeAdapter[list[models.Service]] = TypeAdapter(list[models.Service])

    def test_is_written_as_it_was_read(self) -> None:
        services = self.adapter.validate_json(self.wire)
        assert self.adapter.dump_json(services).decode() == self.wire.rstrip("\n")

    def test_loaded_and_dumped_is_the_same_text(self) -> None:
        assert dump_services(load_services(self.wire)).decode() == self.wire.rstrip("\n")

    def test_the_client_s_json_holds_the_same_services(self) -> None:
        by_id = sorted(load_services(self.wire), key=lambda svc: svc.frontend.id)
        listed = load_services(payload("service_list.json"))
        assert sorted(listed, key=lambda svc: svc.frontend.id) == by_id
        assert dump_services(listed).decode() == compact(payload("service_list.json"))

    def test_the_client_s_table_can_be_printed_of_them(self) -> None:
        lines = [f"{'ID':<5}{'Frontend':<24}{'Service Type':<16}{'Backend':<35}"]
        for svc in sorted(load_services(self.wire), key=lambda svc: svc.frontend.id):
            head = [str(svc.frontend.id), str(svc.frontend), svc.type.value]
            for number, each in enumerate(svc.backends, 1):
                backend = f"{number} => {each} ({each.state})"
                lines.append(f"{head[0]:<5}{head[1]:<24}{head[2]:<16}{backend:<35}")
                head = ["", "", ""]
        table = payload("service_list.txt").rstrip("\n").split("\n")
        assert [line.rstrip() for line in lines] == [line.rstrip() for line in table]

    def test_one_service_alone_is_the_same_as_in_the_list(self) -> None:
        (listed,) = (svc for svc in load_services(self.wire) if svc.frontend.id == 5)
        assert load_service(payload("service_get_5.json")) == listed
