"""The agent's own verdict: the status of frontends in its StateDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ..dumps.statedb.tables import Frontend, Tables
from .findings import Finding, FindingKind
from .meanings import MEANINGS

__all__ = ["agent_findings"]

_LONG_PENDING = timedelta(minutes=1)


def agent_findings(tables: Tables | None, taken: datetime | None) -> Iterator[Finding]:
    """Yield the frontends that the agent could not write, or has not written for a minute.

    `taken` is when the dump was taken; without it, the time of the latest change counts.
    """
    if tables is None:
        return
    times = [_time(each) for each in tables.frontends]
    latest = taken or max((each for each in times if each is not None), default=None)
    for frontend, time in zip(tables.frontends, times, strict=True):
        status = frontend.status
        if status is None:
            continue
        if status.kind == "Error":
            since = f" since {status.updated_at}" if status.updated_at else ""
            reason = status.error or "unknown error"
            yield _finding("agent-error", frontend, f"could not be written{since}: {reason}")
        elif status.kind == "Pending" and time and latest and latest - time > _LONG_PENDING:
            yield _finding("agent-pending", frontend, f"is pending since {status.updated_at}")


def _time(frontend: Frontend) -> datetime | None:
    text = frontend.status.updated_at if frontend.status else ""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else None


def _finding(kind: FindingKind, frontend: Frontend, what: str) -> Finding:
    address, _, protocol = frontend.address.partition("/")
    scope = "/i" if protocol.endswith("/i") else ""
    return Finding(
        kind,
        address + scope,
        None,
        None,
        None,
        MEANINGS[kind].severity,
        f"{frontend.service_name} at {frontend.address} {what}",
        service=frontend.service_name,
        type=frontend.type,
        protocol=protocol.removesuffix("/i"),
        layer="write",
    )
