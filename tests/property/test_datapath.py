"""`cilium bpf lb list` of every release, written and read back."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from loadbalancer import AddrCluster, L3n4Addr, L3n4AddrID, L4Type, Scope, ServiceFlags
from loadbalancer.datapath import DatapathEntry, read_bpf
from loadbalancer.domain.service_flags import LATER_FLAG_WORDS, parse_service_flags

from ..bpf_tables import RELEASES, Row, as_json, minor, rows_of, table

_protocols = st.sampled_from(L4Type)
_ports = st.integers(1, 2**16 - 1)


def _addresses(*, is_ipv6: bool) -> st.SearchStrategy[L3n4Addr]:
    return st.builds(
        L3n4Addr,
        addr_cluster=st.ip_addresses(v=6 if is_ipv6 else 4).map(str).map(AddrCluster),
        port=_ports,
        protocol=_protocols,
    )


@st.composite
def entries(draw: st.DrawFn) -> DatapathEntry:
    is_ipv6 = draw(st.booleans())
    frontend = draw(_addresses(is_ipv6=is_ipv6))
    backends = st.one_of(_addresses(is_ipv6=is_ipv6), st.integers(0, 2**32 - 1))
    flags, _ = parse_service_flags(str(ServiceFlags(draw(st.integers(0, 2**14 - 1)))))
    words = draw(st.sets(st.sampled_from(LATER_FLAG_WORDS)))
    return DatapathEntry(
        L3n4AddrID(
            addr_cluster=frontend.addr_cluster,
            protocol=frontend.protocol,
            port=frontend.port,
            scope=draw(st.sampled_from(Scope)),
            id=draw(st.integers(1, 2**16 - 1)),
        ),
        flags,
        tuple(word for word in LATER_FLAG_WORDS if word in words),
        tuple(draw(st.lists(backends, max_size=4))),
        draw(st.integers(1, 2**16 - 1)) if flags.is_l7lb else 0,
    )


def _as_of(entry: DatapathEntry, release: str) -> DatapathEntry:
    """What that release says of an entry."""
    frontend, backends = entry.frontend, entry.backends
    if minor(release) < 17:
        frontend = frontend.model_copy(update={"protocol": L4Type.NONE})
        backends = tuple(
            each if isinstance(each, int) else each.model_copy(update={"protocol": L4Type.NONE})
            for each in backends
        )
        entry = replace(entry, later_words=())
    if minor(release) < 14:
        entry = replace(entry, l7lb_proxy_port=0)
    return replace(entry, frontend=frontend, backends=backends)


def _key(entry: DatapathEntry) -> object:
    return entry.frontend.hash(), entry.frontend.protocol


_lists = st.lists(entries(), max_size=4)


@given(release=st.sampled_from(RELEASES), entries=_lists, data=st.data())
def test_each_release_is_read_back(
    release: str, entries: list[DatapathEntry], data: st.DataObject
) -> None:
    wanted = {_key(each): each for each in (_as_of(entry, release) for entry in entries)}
    rows = [row for entry in wanted.values() for row in rows_of(entry, release)]
    shuffled = _shuffled(rows, release, data)
    for text in (table(shuffled, release), as_json(shuffled)):
        assert {_key(each): each for each in read_bpf(text)} == wanted


def _shuffled(rows: list[Row], release: str, data: st.DataObject) -> list[Row]:
    """The rows in any order in which they still say which slot is which."""
    if minor(release) >= 14:
        return data.draw(st.permutations(rows))
    # Without the slot the order of backends is all there is: flags may stand anywhere.
    others = [row for row in rows if row[1].endswith("]")]
    kept = [row for row in rows if not row[1].endswith("]")]
    for row in others:
        kept.insert(data.draw(st.integers(0, len(kept))), row)
    return kept
