"""Services as tables of Arrow and Polars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbalancer import SVC, Backend, BackendState, L3n4AddrID, ServiceName, SVCType
from loadbalancer.domain.backend import state_word

from .property.strategies import services

pytest.importorskip("pyarrow", reason="the extra `arrow` is not installed")

from loadbalancer.frames import to_arrow, to_polars

WEB = SVC(
    frontend=L3n4AddrID.parse("10.96.0.10:80/TCP", id=7),
    type=SVCType.ClusterIP,
    name=ServiceName(namespace="shop", name="web"),
    backends=[
        Backend.parse("10.0.1.7:8080/TCP", id=1, node_name="worker-1"),
        Backend.parse("[fd00::1]:8080/TCP", state=BackendState.QUARANTINED, weight=7),
        Backend.parse("10.0.1.9:1/TCP", state=BackendState.TERMINATING, serving=False),
    ],
)
EMPTY = SVC(frontend=L3n4AddrID.parse("[fd00::10]:53/UDP/i"))


def rows(*given: SVC, **options: Any) -> list[dict[str, Any]]:
    return to_arrow(given, **options).to_pylist()


def test_a_backend_has_a_row() -> None:
    found = rows(WEB)
    assert {(each["id"], each["type"], each["namespace"], each["name"]) for each in found} == {
        (7, "ClusterIP", "shop", "web")
    }
    assert {(each["frontend_addr"], each["frontend_port"]) for each in found} == {
        ("10.96.0.10", 80)
    }
    assert [(each["backend_addr"], each["backend_state"]) for each in found] == [
        ("10.0.1.7", "active"),
        ("fd00::1", "quarantined"),
        ("10.0.1.9", "terminating-not-serving"),
    ]
    assert [each["backend_weight"] for each in found] == [100, 7, 100]


def test_a_service_without_backends_has_one() -> None:
    (row,) = rows(EMPTY)
    assert (row["frontend_protocol"], row["frontend_scope"]) == ("UDP", "internal")
    assert {row[key] for key in row if key.startswith("backend_")} == {None}
    assert {key for key, value in row.items() if value is None} - {"time"} == {
        key for key in row if key.startswith("backend_")
    }


def test_every_row_says_where_it_is_from_and_when() -> None:
    time = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    found = rows(WEB, EMPTY, cluster="eu-1", node="worker-3", time=time)
    assert {(each["cluster"], each["node"], each["time"]) for each in found} == {
        ("eu-1", "worker-3", datetime(2026, 1, 1, tzinfo=UTC))
    }
    assert {each["time"] for each in rows(WEB)} == {None}
    with pytest.raises(ValueError, match=r"^time has no time zone$"):
        to_arrow([], time=datetime(2026, 1, 1))


def test_tables_of_one_kind_have_one_schema() -> None:
    schema = to_arrow([]).schema
    assert to_arrow([WEB], cluster="a", time=datetime.now(UTC)).schema == schema
    lines = {*str(schema).splitlines()}
    assert {"id: uint32", "backend_id: uint32", "time: timestamp[us, tz=UTC]"} <= lines


def test_every_field_has_a_column() -> None:
    columns = {*to_arrow([]).column_names}
    of_backend = {f"backend_{each}" for each in Backend.model_fields}
    missing = (SVC.model_fields.keys() | of_backend) - columns
    # The first two are several columns; the last two are in `backend_addr` and `backend_state`.
    assert missing == {"frontend", "backends", "backend_addr_cluster", "backend_serving"}


@given(st.lists(services))
def test_any_services(given: list[SVC]) -> None:
    expected: list[tuple[int, str | None, int | None]] = []
    for svc in given:
        expected += [(svc.frontend.id, state_word(each), each.id) for each in svc.backends]
        if not svc.backends:
            expected.append((svc.frontend.id, None, None))
    found = to_arrow(iter(given)).to_pylist()
    assert [(each["id"], each["backend_state"], each["backend_id"]) for each in found] == expected


def test_polars_and_parquet(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = to_polars([WEB, EMPTY], node="worker-3")
    assert frame.shape == (4, len(to_arrow([]).column_names))
    frame.write_parquet(tmp_path / "services.parquet")
    read = polars.read_parquet(tmp_path / "services.parquet")
    assert read.equals(frame)
    assert read["backend_state"].drop_nulls().to_list() == [
        *("active", "quarantined", "terminating-not-serving"),
    ]
