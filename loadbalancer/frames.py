"""Services as tables of Arrow and Polars (extra `arrow`), one row for each backend.

    from loadbalancer.frames import to_arrow

    table = to_arrow(services, cluster="eu-1", node="worker-3", time=datetime.now(UTC))
    pyarrow.parquet.write_table(table, "services.parquet")

A service without backends has one row, in which all columns of the backend are null. Columns are
named after the fields of `SVC` and `Backend`; states, scopes, types and policies are words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .domain.backend import Backend, state_word
from .domain.service import SVC

if TYPE_CHECKING:
    import polars
    import pyarrow

__all__ = ["to_arrow", "to_polars"]

# Its types are not of the package itself, and say too little.
_arrow: Any = import_module("pyarrow")
_TEXT, _FLAG = _arrow.string(), _arrow.bool_()
_UINT16, _UINT32 = _arrow.uint16(), _arrow.uint32()
_TEXTS = _arrow.list_(_TEXT)
_TIME = _arrow.timestamp("us", "UTC")

_OF_SERVICE: dict[str, tuple[Any, Callable[[SVC], Any]]] = {
    "id": (_UINT32, lambda svc: svc.frontend.id),
    "frontend_addr": (_TEXT, lambda svc: str(svc.frontend.addr_cluster)),
    "frontend_port": (_UINT16, lambda svc: svc.frontend.port),
    "frontend_protocol": (_TEXT, lambda svc: svc.frontend.protocol.value),
    "frontend_scope": (_TEXT, lambda svc: str(svc.frontend.scope)),
    "type": (_TEXT, lambda svc: svc.type.value),
    "ext_traffic_policy": (_TEXT, lambda svc: svc.ext_traffic_policy.value),
    "int_traffic_policy": (_TEXT, lambda svc: svc.int_traffic_policy.value),
    "nat_policy": (_TEXT, lambda svc: svc.nat_policy.value),
    "session_affinity": (_FLAG, lambda svc: svc.session_affinity),
    "session_affinity_timeout_sec": (_UINT32, lambda svc: svc.session_affinity_timeout_sec),
    "health_check_node_port": (_UINT16, lambda svc: svc.health_check_node_port),
    "namespace": (_TEXT, lambda svc: svc.name.namespace),
    "name": (_TEXT, lambda svc: svc.name.name),
    "name_cluster": (_TEXT, lambda svc: svc.name.cluster),
    "load_balancer_source_ranges": (
        _TEXTS,
        lambda svc: [*map(str, svc.load_balancer_source_ranges)],
    ),
    "l7lb_proxy_port": (_UINT16, lambda svc: svc.l7lb_proxy_port),
    "l7lb_frontend_ports": (_TEXTS, lambda svc: svc.l7lb_frontend_ports),
    "loopback_hostport": (_FLAG, lambda svc: svc.loopback_hostport),
}
_OF_BACKEND: dict[str, tuple[Any, Callable[[Backend], Any]]] = {
    "backend_id": (_UINT32, lambda backend: backend.id),
    "backend_addr": (_TEXT, lambda backend: str(backend.addr_cluster)),
    "backend_port": (_UINT16, lambda backend: backend.port),
    "backend_protocol": (_TEXT, lambda backend: backend.protocol.value),
    "backend_scope": (_TEXT, lambda backend: str(backend.scope)),
    "backend_fe_port_name": (_TEXT, lambda backend: backend.fe_port_name),
    "backend_state": (_TEXT, state_word),
    "backend_weight": (_UINT16, lambda backend: backend.weight),
    "backend_preferred": (_FLAG, lambda backend: backend.preferred),
    "backend_node_name": (_TEXT, lambda backend: backend.node_name),
    "backend_zone": (_TEXT, lambda backend: backend.zone),
}


def to_arrow(
    services: Iterable[SVC], *, cluster: str = "", node: str = "", time: datetime | None = None
) -> pyarrow.Table:
    """Make a table of services with one row for each backend.

    `cluster`, `node` and `time` are the same in all rows: what tells apart the rows of many dumps
    that are kept together. The `id` is unique on one node only.

    Raises:
        ValueError: `time` has no time zone.
    """
    if time is not None and time.tzinfo is None:
        raise ValueError("time has no time zone")
    services = list(services)
    rows = [(at, each) for at, svc in enumerate(services) for each in svc.backends or (None,)]
    columns: dict[str, Any] = {
        name: _arrow.repeat(_arrow.scalar(value, kind), len(rows))
        for name, kind, value in (
            ("cluster", _TEXT, cluster),
            ("node", _TEXT, node),
            ("time", _TIME, time),
        )
    }
    of_row = _arrow.array([at for at, _ in rows], _arrow.int64())
    for name, (kind, of_service) in _OF_SERVICE.items():
        columns[name] = _arrow.array(map(of_service, services), kind).take(of_row)
    for name, (kind, of_backend) in _OF_BACKEND.items():
        values = (None if each is None else of_backend(each) for _, each in rows)
        columns[name] = _arrow.array(values, kind)
    table: pyarrow.Table = _arrow.table(columns)
    return table


def to_polars(
    services: Iterable[SVC], *, cluster: str = "", node: str = "", time: datetime | None = None
) -> polars.DataFrame:
    """Make what `to_arrow` makes a data frame of Polars, which has to be installed, too."""
    from_arrow: Any = import_module("polars").from_arrow
    frame: polars.DataFrame = from_arrow(to_arrow(services, cluster=cluster, node=node, time=time))
    return frame
