"""What addresses look like, as regular expressions for JSON Schema.

They take every text that is read, and little else: a cluster id of ten digits may be too large.
Only what ECMA 262, Python, Go and Rust have in common is used, so that all validators agree.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["ADDR_CLUSTER", "CIDR", "L3N4_ADDR"]

_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"({_BYTE}\.){{3}}{_BYTE}"
_GROUP = "[0-9A-Fa-f]{1,4}"
_GROUPS = 8


def _ipv6_forms() -> Iterator[str]:
    yield f"({_GROUP}:){{7}}{_GROUP}"
    # `::` stands for one group at least: with so many before it, the others may be behind.
    for before in range(_GROUPS):
        left = ":" if before == 0 else f"({_GROUP}:){{{before}}}"
        behind = _GROUPS - 1 - before
        right = f"(:{_GROUP}){{1,{behind}}}|" if behind else ""
        yield f"{left}({right}:)"
    # The last two groups as an IPv4 address.
    yield f"({_GROUP}:){{6}}{_IPV4}"
    for before in range(_GROUPS - 2):
        left = ":" if before == 0 else f"({_GROUP}:){{{before}}}"
        yield f"{left}(:{_GROUP}){{0,{_GROUPS - 3 - before}}}:{_IPV4}"


_IPV6 = "|".join(_ipv6_forms())
_CLUSTER_ID = "@0*[0-9]{1,10}"
# A zone is any text, but what is behind its last `@` is the cluster id.
_ZONE = rf"%([^@]+|[\s\S]+{_CLUSTER_ID})"
_IPV4_IN_CLUSTER = f"{_IPV4}({_CLUSTER_ID})?"
_IPV6_IN_CLUSTER = f"({_IPV6})({_ZONE}|{_CLUSTER_ID})?"

ADDR_CLUSTER = f"^({_IPV4_IN_CLUSTER}|{_IPV6_IN_CLUSTER})$"
"""IP[%zone][@cluster-id]."""

CIDR = f"^({_IPV4}/0*(3[0-2]|[12]?[0-9])|({_IPV6})/0*(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$"
"""IP/prefix-length."""

L3N4_ADDR = (
    rf"^({_IPV4_IN_CLUSTER}|\[{_IPV6_IN_CLUSTER}\])"
    "(:(0|[1-5][0-9]{0,4}|[6-9][0-9]{0,3}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))"
    "(/(NONE|TCP|UDP|SCTP))?(/i)?$"
)
"""IP:port[/protocol][/i], an IPv6 address in brackets."""
