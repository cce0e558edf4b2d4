"""What is written is the JSON of the wire models, whatever the names and numbers."""

from __future__ import annotations

import json
import sys
from enum import Enum
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    L3n4AddrID,
    ServiceName,
    dump_service,
    dump_services,
    load_service,
    load_service_spec,
    load_services,
    models,
)

from .service_lists import EVERY_FIELD, SPEC, service
from .support import vector


class Host(str):
    def __str__(self) -> str:
        return "db"


class Port(int, Enum):
    HTTP = 80


class TestDump:
    def test_dump_service_is_the_json_of_its_model(self) -> None:
        assert dump_service(EVERY_FIELD).decode() == EVERY_FIELD.get_model().model_dump_json()
        assert dump_service(EVERY_FIELD).decode() == service(
            SPEC.replace('"port":1}', '"port":1,"state":"active","weight":100}')
        )

    def test_without_protocol(self) -> None:
        model = EVERY_FIELD.get_model(include_protocol=False)
        dumped = dump_service(EVERY_FIELD, include_protocol=False)
        assert dumped.decode() == model.model_dump_json()
        assert b"protocol" not in dumped
        assert dump_services([EVERY_FIELD], include_protocol=False) == b"[" + dumped + b"]"

    def test_dump_services_is_the_json_of_the_list(self) -> None:
        texts = [row["payload"] for row in vector("service_spec") if row["stage"] == "ok"]
        services = [load_service_spec(text) for text in texts]
        adapter: TypeAdapter[list[models.Service]] = TypeAdapter(list[models.Service])
        expected = adapter.dump_json([svc.get_model() for svc in services])
        assert dump_services(services) == expected
        assert load_services(expected) == services

    def test_takes_any_iterable(self) -> None:
        assert dump_services(iter([])) == b"[]"
        assert dump_services(svc for svc in [EVERY_FIELD]) == dump_services((EVERY_FIELD,))

    @pytest.mark.parametrize("text", ["ノード😀", '"\\/', "\n\t\0\x7f", "\u2028", "<&>"])
    def test_any_text_comes_back(self, text: str) -> None:
        svc = EVERY_FIELD.deep_copy()
        svc.backends[0].node_name = text
        assert dump_service(svc).decode() == svc.get_model().model_dump_json()
        assert load_service(dump_service(svc)) == svc

    def test_neighbours_that_differ_in_one_thing(self) -> None:
        address = AddrCluster("10.0.0.2")
        backends = [
            Backend(addr_cluster=address),
            Backend(addr_cluster=address, port=1),
            Backend(addr_cluster=address, port=1, preferred=True),
            Backend(addr_cluster=address, port=1, preferred=True, weight=1),
            Backend(addr_cluster=address, port=1, weight=1),
            Backend(addr_cluster=address, port=1, weight=1, state=BackendState.QUARANTINED),
            Backend(addr_cluster=address, port=1, weight=0, state=BackendState.MAINTENANCE),
            Backend(addr_cluster=address, node_name="n", weight=0, state=BackendState.INVALID),
            Backend(addr_cluster=address, weight=0, state=BackendState.INVALID),
        ]
        svc = SVC(
            frontend=L3n4AddrID(addr_cluster=AddrCluster("10.0.0.1")),
            backends=[each.model_copy(update={"id": id}) for id, each in enumerate(backends)],
        )
        assert json.loads(dump_service(svc))["spec"]["backend-addresses"] == [
            {"ip": "10.0.0.2", "state": "active", "weight": 100},
            {"ip": "10.0.0.2", "port": 1, "state": "active", "weight": 100},
            {"ip": "10.0.0.2", "port": 1, "preferred": True, "state": "active", "weight": 100},
            {"ip": "10.0.0.2", "port": 1, "preferred": True, "state": "active", "weight": 1},
            {"ip": "10.0.0.2", "port": 1, "state": "active", "weight": 1},
            {"ip": "10.0.0.2", "port": 1, "state": "quarantined", "weight": 1},
            {"ip": "10.0.0.2", "port": 1, "state": "maintenance", "weight": 0},
            {"ip": "10.0.0.2", "nodeName": "n", "weight": 0},
            {"ip": "10.0.0.2", "weight": 0},
        ]

    def test_names_are_not_remembered(self) -> None:
        name = uuid4().hex
        svc = SVC(
            frontend=L3n4AddrID(addr_cluster=AddrCluster("10.0.0.1")),
            name=ServiceName(namespace=name, name=name),
        )
        references = sys.getrefcount(name)
        flags = json.loads(dump_service(svc))["spec"]["flags"]
        assert (flags["namespace"], flags["name"]) == (name, name)
        assert sys.getrefcount(name) == references

    def test_numbers_and_texts_that_print_as_something_else(self) -> None:
        backend = Backend(addr_cluster=AddrCluster(Host("10.0.0.1")))
        backend = backend.model_copy(update={"port": Port.HTTP, "weight": Port.HTTP})
        svc = SVC(
            frontend=L3n4AddrID(addr_cluster=AddrCluster(Host("10.0.0.1"))).model_copy(
                update={"port": Port.HTTP}
            ),
            backends=[backend],
        )
        assert dump_service(svc).startswith(
            b'{"spec":{"backend-addresses":[{"ip":"10.0.0.1","port":80,"state":"active",'
            b'"weight":80}],"flags":{},"frontend-address":{"ip":"10.0.0.1","port":80,'
        )
        assert svc.get_model().model_dump_json() == dump_service(svc).decode()
