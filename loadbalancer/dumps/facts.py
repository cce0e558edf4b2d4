"""The facts of a service that a form of dump may omit: one rule for readers, audits and diffs."""

from __future__ import annotations

from ..releases import ReleaseRange

__all__ = ["FACTS", "JSON_OMITS", "omitted_facts"]

# From which release on agents print a fact at all.
_SINCE = {
    "names": 7,
    "types": 7,
    "nodes": 7,
    "health-check-ports": 7,
    "scopes": 8,
    "states": 12,
    "nat-policies": 12,
    "policies": 13,
    "weights": 13,
    "zones": 16,
    "protocols": 17,
}
_SERVICE_TABLE = {"affinity", "source-ranges", "proxy-ports", "loopback"}
JSON_OMITS = frozenset(_SERVICE_TABLE)
"""The facts that the JSON of no release has."""
FACTS = frozenset({*_SINCE, *_SERVICE_TABLE})
"""Every fact that a form may omit."""

_OMITTED = {
    "json": _SERVICE_TABLE,
    "yaml": _SERVICE_TABLE,
    # The table has columns for frontends, types and backends alone.
    "text": FACTS - {"types", "scopes", "states", "protocols"},
    "statedb": {"proxy-ports"},
}


def omitted_facts(
    format: str, releases: ReleaseRange, *, has_service_table: bool = False
) -> frozenset[str]:
    """Return the facts that a dump does not carry, whatever the services are.

    Facts that came with a release are omitted if the dump cannot be from it. StateDB without
    its table of services says nothing of what is in that table.
    """
    omitted = {fact for fact, minor in _SINCE.items() if not releases.latest.since(minor)}
    omitted |= _OMITTED[format]
    if format == "statedb" and not has_service_table:
        omitted |= _SERVICE_TABLE | {"policies", "nat-policies", "health-check-ports"}
    return frozenset(omitted)
