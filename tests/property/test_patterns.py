"""The patterns of JSON Schemas: what is read they take, whatever else it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loadbalancer import AddrCluster, L3n4Addr, LoadBalancerError, parse_cidr
from loadbalancer.domain.texts import patterns
from loadbalancer.testing.strategies import addr_clusters, cidrs

from .strategies import l3n4_addrs, near_addresses

_parts = st.sampled_from(
    [
        *("0", "1", "9", "19", "255", "256", "ffff", "FD00", "01", "00000", "1.2.3.4", "/", "/24"),
        *("::", ":", ":", ":", "%", "@", "@3", "@007", "@4294967295", "@9999999999", "eth0", "\n"),
        *("[", "]", "]:80", ":65535", ":65536", "/TCP", "/i", "é", "\U0001f40d"),
    ]
)
texts = st.one_of(near_addresses, st.lists(_parts, max_size=12).map("".join), st.text())
READERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "AddrCluster": (patterns.ADDR_CLUSTER, AddrCluster.parse),
    "CIDR": (patterns.CIDR, parse_cidr),
    "L3n4Addr": (patterns.L3N4_ADDR, L3n4Addr.parse),
}
# `$` of Python's expressions is also before a newline at the end.
_newline = "\n"
_too_large = re.compile(r"@0*[4-9][0-9]{9}(\]?:[0-9]+[/A-Zi]*)?$").search


def is_read(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except LoadBalancerError:
        return False
    return True


@pytest.mark.parametrize("name", READERS)
class TestPatterns:
    @given(texts)
    @example("1.2.3.4@4294967295")
    @example("::ffff:1.2.3.4%a@b@00000000000000007")
    @example("1:2:3:4:5:6:7::")
    @example("::2:3:4:5:6:7:8")
    @example("[::]:65535/SCTP/i")
    @example("1.2.3.4/0032")
    def test_what_is_read_is_taken(self, name: str, text: str) -> None:
        pattern, read = READERS[name]
        if is_read(read, text):
            assert re.search(pattern, text)

    @given(texts)
    @example("1:2:3:4:5:6:7:8::")
    @example("::01.2.3.4")
    @example("1.2.3.4%eth0")
    @example("fe80::1%@3")
    @example("fe80::1%a@b")
    @example("1.2.3.4:065")
    @example("1.2.3.4/33")
    def test_what_is_taken_is_read_but_for_large_cluster_ids(self, name: str, text: str) -> None:
        pattern, read = READERS[name]
        taken = re.search(pattern, text) and not text.endswith(_newline) and not _too_large(text)
        assert not taken or is_read(read, text)

    @given(st.data())
    def test_what_is_printed_is_taken(self, name: str, data: st.DataObject) -> None:
        values = {"AddrCluster": addr_clusters(), "CIDR": cidrs(), "L3n4Addr": l3n4_addrs}
        text = str(data.draw(values[name]))
        assert re.search(READERS[name][0], text)

    def test_no_dialect_has_more_than_another(self, name: str) -> None:
        """No groups that look ahead, no flags, no classes by name: Go and Rust have to agree."""
        assert "(?" not in READERS[name][0]
        assert {*re.findall(r"\\(.)", READERS[name][0])} <= {*".[]sS"}
