"""What is written is the JSON of the wire models, whatever the names and numbers."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from enum import IntEnum
from typing import Any
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
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


class UnusualNumber(IntEnum):
    PORT = 31337


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

    def test_more_names_and_numbers_than_are_remembered(self) -> None:
        numbers = range(2**16)
        svc = SVC(
            frontend=L3n4AddrID(addr_cluster=AddrCluster("10.0.0.1")),
            backends=[
                Backend(
                    id=number,
                    addr_cluster=AddrCluster("10.0.0.2"),
                    node_name=f"node-{number}",
                    port=number,
                    weight=number,
                )
                for number in numbers
            ],
        )
        for _ in range(2):
            spec = json.loads(dump_service(svc))["spec"]
            assert spec["backend-addresses"] == [
                {
                    "ip": "10.0.0.2",
                    "nodeName": f"node-{number}",
                    **({"port": number} if number else {}),
                    "state": "active",
                    "weight": number,
                }
                for number in numbers
            ]

    def test_long_names_are_not_remembered(self) -> None:
        name = uuid4().hex * 100
        svc = SVC(
            frontend=L3n4AddrID(addr_cluster=AddrCluster("10.0.0.1")),
            name=ServiceName(namespace=name, name=name),
        )
        references = sys.getrefcount(name)
        flags = json.loads(dump_service(svc))["spec"]["flags"]
        assert (flags["namespace"], flags["name"]) == (name, name)
        assert sys.getrefcount(name) == references

    @pytest.mark.parametrize("port", [UnusualNumber.PORT, 31338.0])
    def test_what_nobody_has_validated_does_no_harm_to_others(self, port: Any) -> None:
        # An equal number is the same key: what is remembered of it has to do for both.
        plain = SVC(
            frontend=L3n4AddrID(addr_cluster=AddrCluster("10.0.0.1")),
            health_check_node_port=int(port),
        )
        with suppress(ValueError):
            dump_service(plain.model_copy(update={"health_check_node_port": port}))
        assert b'"flags":{"healthCheckNodePort":%d}' % port in dump_service(plain)
