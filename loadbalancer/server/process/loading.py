"""Services of a dump, put into a store when the server starts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from ...agent.rules import RuleError, upsert_service
from ...agent.settings import Settings
from ...agent.stores.base import Store, Transaction
from ...domain.l3n4 import L3n4AddrID
from ...domain.service import SVC
from ...dumps.reading import read_dump
from ...errors import LoadBalancerError

__all__ = ["LoadError", "load_dump"]


class LoadError(LoadBalancerError):
    """A dump cannot be loaded, in part or as a whole."""


def load_dump(store: Store, path: Path, settings: Settings) -> int:
    """Put the services of a dump of any release into a store; return how many there are.

    All are stored, or none. A service without an id gets one that is free.

    Raises:
        LoadError: the file cannot be read, or a service in it is refused.
    """
    try:
        dump = read_dump(path.read_bytes())
    except OSError as error:
        raise LoadError(f"cannot read {path}: {error.strerror or error}") from None
    for problem in dump.problems:
        place = f"{path}:{problem.line}" if problem.line else str(path)
        raise LoadError(f"{place}: {problem.pointer} {problem.reason}".replace(":  ", ": "))

    def load(tx: Transaction) -> None:
        for svc in _with_ids(dump.services):
            try:
                upsert_service(tx, svc, settings)
            except RuleError as error:
                raise LoadError(f"{path}: service {svc.frontend.id}: {error}") from None

    store.write(load)
    return len(dump.services)


def _with_ids(services: list[SVC]) -> Iterator[SVC]:
    used = {svc.frontend.id for svc in services}
    free = (id for id in count(1) if id not in used)
    for svc in services:
        if svc.frontend.id:
            yield svc
        else:
            frontend: L3n4AddrID = svc.frontend.model_copy(update={"id": next(free)})
            yield svc.model_copy(update={"frontend": frontend})
