"""Properties of the conversions: round trips, and the bulk functions as the plain way."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from loadbalancer import (
    SVC,
    Backend,
    BackendState,
    L3n4Addr,
    L3n4AddrID,
    L4Type,
    Scope,
    dump_service,
    dump_services,
    load_service,
    load_service_spec,
    load_services,
    models,
    new_backend_from_backend_model,
    new_l3n4_addr_from_backend_model,
    new_l3n4_addr_from_model,
    new_svc_from_model,
    new_svc_from_service,
)
from loadbalancer.testing.strategies import wire_backends, wire_frontends, wire_services
from loadbalancer.wire.model import WireModel

from ..support import children, outcome, plain_service, plain_service_spec, plain_services
from .strategies import (
    backends,
    l3n4_addrs,
    service_specs,
    services,
    wire_model_services,
    wire_models,
)


class TestWireModels:
    @given(wire_models)
    def test_json_gives_back_what_was_written(self, model: WireModel) -> None:
        text = model.model_dump_json()
        again = type(model).model_validate_json(text)
        assert (again, repr(again), again.model_dump_json()) == (model, repr(model), text)

    @given(wire_models)
    def test_json_is_compact_and_without_null(self, model: WireModel) -> None:
        text = model.model_dump_json()
        values = json.loads(text)
        assert text == json.dumps(values, separators=(",", ":"), ensure_ascii=False)
        assert model.model_dump() == values
        assert not holds_none(values)

    @given(wire_models)
    def test_python_values_give_back_what_was_dumped(self, model: WireModel) -> None:
        assert type(model).model_validate(model.model_dump()) == model
        assert type(model)(**dict(model)) == model


def holds_none(value: Any) -> bool:
    return value is None or any(map(holds_none, children(value)))


class TestRoundTrips:
    @given(wire_frontends().map(attrgetter("l3n4_addr")))
    def test_of_a_frontend(self, addr: L3n4Addr) -> None:
        assert new_l3n4_addr_from_model(addr.get_model()) == addr
        without = new_l3n4_addr_from_model(addr.get_model(include_protocol=False))
        assert without == with_protocol(addr, L4Type.NONE)

    @given(wire_backends())
    def test_of_a_backend(self, backend: Backend) -> None:
        model = backend.get_backend_model()
        assert new_backend_from_backend_model(model) == backend
        assert new_l3n4_addr_from_backend_model(model) == backend.l3n4_addr

    @given(wire_services())
    def test_of_a_service(self, svc: SVC) -> None:
        model = svc.get_model()
        assert new_svc_from_service(model) == svc
        assert model.spec is not None
        assert new_svc_from_model(model.spec) == svc
        assert load_service(dump_service(svc)) == svc

    @given(services, st.booleans())
    def test_a_model_of_a_service_is_the_one_that_its_text_is_read_as(
        self, svc: SVC, include_protocol: bool
    ) -> None:
        model = svc.get_model(include_protocol=include_protocol)
        text = dump_service(svc, include_protocol=include_protocol)
        read = type(model).model_validate_json(text)
        assert model == read
        assert model.model_dump_json().encode() == text
        # Which fields are set as well, in all objects.
        assert model.model_dump(exclude_unset=True) == read.model_dump(exclude_unset=True)

    @given(l3n4_addrs)
    def test_any_frontend_comes_back_but_for_sctp(self, addr: L3n4Addr) -> None:
        protocol = L4Type.NONE if addr.protocol is L4Type.SCTP else addr.protocol
        assert new_l3n4_addr_from_model(addr.get_model()) == with_protocol(addr, protocol)

    @given(backends)
    def test_any_backend_comes_back_as_far_as_the_wire_goes(self, backend: Backend) -> None:
        state = BackendState.ACTIVE if backend.state is BackendState.INVALID else backend.state
        expected = Backend(
            addr_cluster=backend.addr_cluster,
            port=backend.port,
            protocol=L4Type.NONE,
            scope=Scope.EXTERNAL,
            weight=backend.weight,
            node_name=backend.node_name,
            state=state if backend.weight else BackendState.MAINTENANCE,
            preferred=backend.preferred,
        )
        assert new_backend_from_backend_model(backend.get_backend_model()) == expected

    @given(service_specs)
    def test_what_converts_keeps_its_facts(self, spec: models.ServiceSpec) -> None:
        """Payload → domain → payload → domain: the first and the second object are one."""
        found = outcome(lambda: new_svc_from_model(spec))
        if found[0] == "result":
            svc = found[1]
            assert isinstance(svc, SVC)
            assert new_svc_from_service(svc.get_model()) == svc


def with_protocol(addr: L3n4Addr, protocol: L4Type) -> L3n4Addr:
    fields: dict[str, Any] = {**dict(addr), "protocol": protocol}
    return L3n4Addr(**fields)


class TestBulk:
    @given(service_specs)
    def test_load_service_spec(self, spec: models.ServiceSpec) -> None:
        data = spec.model_dump_json()
        assert outcome(lambda: load_service_spec(data)) == outcome(lambda: plain_service_spec(data))

    @given(wire_model_services)
    def test_load_service(self, service: models.Service) -> None:
        data = service.model_dump_json()
        assert outcome(lambda: load_service(data)) == outcome(lambda: plain_service(data))

    @given(st.lists(wire_model_services, max_size=4), st.booleans(), st.booleans())
    def test_load_services(self, listed: list[models.Service], realize: bool, spaced: bool) -> None:
        if realize:
            listed = [
                models.Service(spec=each.spec, status=models.ServiceStatus(realized=each.spec))
                for each in listed
            ]
        values = [each.model_dump() for each in listed]
        text = json.dumps(values, separators=None if spaced else (",", ":"), ensure_ascii=False)
        data = text.encode()
        assert outcome(lambda: load_services(data)) == outcome(lambda: plain_services(data))

    @given(st.lists(wire_services(), max_size=3))
    def test_load_services_of_what_was_dumped(self, listed: list[SVC]) -> None:
        data = dump_services(listed)
        assert load_services(data) == listed == plain_services(data)
        spaced = json.dumps(json.loads(data))
        assert load_services(spaced) == listed == plain_services(spaced)

    @given(st.lists(services, max_size=3), st.booleans())
    def test_dump_services(self, listed: list[SVC], include_protocol: bool) -> None:
        adapter: TypeAdapter[list[models.Service]] = TypeAdapter(list[models.Service])
        expected = [svc.get_model(include_protocol=include_protocol) for svc in listed]
        found = dump_services(listed, include_protocol=include_protocol)
        assert found == adapter.dump_json(expected)

    @given(services)
    def test_backends_are_written_in_the_order_of_their_ids(self, svc: SVC) -> None:
        places = sorted(range(len(svc.backends)), key=lambda n: (svc.backends[n].id, n))
        expected = [svc.backends[place].get_backend_model() for place in places]
        spec = svc.get_model().spec
        assert spec is not None
        assert spec.backend_addresses == expected

    @given(services, l3n4_addrs, st.integers(0, 2**32 - 1))
    def test_the_frontend_is_written_alone(self, svc: SVC, addr: L3n4Addr, id: int) -> None:
        svc.frontend = L3n4AddrID(**dict(addr), id=id)
        spec = svc.get_model().spec
        assert spec is not None
        assert (spec.frontend_address, spec.id) == (addr.get_model(), id or None)
