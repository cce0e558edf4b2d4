"""What is written for a release is read back, as far as the release and format can say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbalancer import (
    SVC,
    Backend,
    BackendState,
    L4Type,
    LossyError,
    Scope,
    ServiceName,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
    lossy_facts,
    read_dump,
    write_dump,
)
from loadbalancer.domain.scalars import UInt16
from loadbalancer.testing.strategies import from_annotation, texts

from .strategies import backends, l3n4_addr_ids, services

releases = st.integers(6, 20).map(lambda minor: f"1.{minor}")
policies = st.sampled_from([SVCTrafficPolicy.Cluster, SVCTrafficPolicy.Local])
types = st.sampled_from([each for each in SVCType if each is not SVCType.NONE])
states = st.sampled_from([each for each in BackendState if each is not BackendState.INVALID])


def listed(backend: Backend, state: BackendState) -> Backend:
    """The backend as an agent lists it."""
    facts = {"id": 0, "fe_port_name": "", "scope": Scope.EXTERNAL, "state": state}
    return backend.model_copy(update={**facts, "serving": True})


wire_backends = st.lists(st.builds(listed, backends, states), max_size=3)
# All that JSON and YAML of the latest release can say.
sayable = st.builds(
    SVC,
    frontend=l3n4_addr_ids,
    backends=wire_backends,
    type=types,
    ext_traffic_policy=policies,
    int_traffic_policy=policies,
    nat_policy=st.sampled_from(SVCNatPolicy),
    health_check_node_port=from_annotation(UInt16),
    name=st.builds(ServiceName, namespace=texts(), name=texts(), cluster=texts()),
)


def in_the_table(svc: SVC) -> SVC:
    """The same service with nothing but what the table has columns for."""
    return SVC(
        frontend=svc.frontend,
        backends=[
            each.model_copy(update={"weight": 100, "node_name": "", "zone": ""})
            for each in svc.backends
        ],
        type=svc.type,
        ext_traffic_policy=SVCTrafficPolicy.Cluster,
        int_traffic_policy=SVCTrafficPolicy.Cluster,
    )


def in_1_6(svc: SVC) -> SVC:
    """The same service with nothing but what 1.6 knows."""
    table = in_the_table(svc)
    plain = {"protocol": L4Type.NONE, "scope": Scope.EXTERNAL}
    backend = {**plain, "state": BackendState.ACTIVE, "preferred": False}
    return table.model_copy(
        update={
            "frontend": table.frontend.model_copy(update=plain),
            "backends": [each.model_copy(update=backend) for each in table.backends],
            "type": SVCType.NodePort if svc.type is SVCType.NodePort else SVCType.ClusterIP,
        }
    )


@given(
    st.lists(sayable, max_size=3),
    st.sampled_from(["1.17", "1.18", "1.20"]),
    st.sampled_from(["json", "yaml"]),
)
def test_later_releases_say_all_that_their_agents_know(
    given_services: list[SVC], release: str, format: str
) -> None:
    written = write_dump(given_services, release=release, format=format, strict=True)
    dump = read_dump(written, release=release)
    assert (dump.services, dump.problems) == (given_services, [])


@given(st.lists(sayable.map(in_1_6), max_size=3), releases)
def test_every_release_says_what_the_first_says(given_services: list[SVC], release: str) -> None:
    written = write_dump(given_services, release=release, strict=True)
    assert read_dump(written, release=release).services == given_services


@given(st.lists(sayable.map(in_the_table), max_size=3), st.sampled_from(["1.17", "1.20"]))
def test_the_table_says_what_it_has_columns_for(given_services: list[SVC], release: str) -> None:
    # An address may hold any text in its zone, but not in a table of words and blanks.
    given_services = [
        svc
        for svc in given_services
        if not any(each.addr_cluster.zone for each in (svc.frontend, *svc.backends))
    ]
    given_services.sort(key=lambda svc: svc.frontend.id)
    written = write_dump(given_services, release=release, format="text", strict=True)
    assert read_dump(written, release=release).services == given_services


@given(st.lists(services, max_size=2), releases, st.sampled_from(["json", "text"]))
def test_nothing_is_lost_in_silence(given_services: list[SVC], release: str, format: str) -> None:
    facts = lossy_facts(given_services, release=release, format=format)
    if facts:
        with pytest.raises(LossyError) as caught:
            write_dump(given_services, release=release, format=format, strict=True)
        assert caught.value.facts == facts
    else:
        written = write_dump(given_services, release=release, format=format, strict=True)
        read = read_dump(written, release=release).services
        assert sorted(map(repr, read)) == sorted(map(repr, given_services))


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60)), releases)
def test_whatever_it_is_is_read_or_told_of(data: bytes | str, release: str) -> None:
    dump = read_dump(data, release=release)
    assert all(each.reason for each in dump.problems)
    assert {each.rule for each in dump.notes} <= {"trailing-text", "yaml-spelling"}
