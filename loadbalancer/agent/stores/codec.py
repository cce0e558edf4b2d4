"""A service as text and back, for stores that keep texts."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from ...domain.addr_cluster import AddrCluster
from ...domain.service import SVC
from .base import StoreError

__all__ = ["decode_service", "encode_service"]


def encode_service(svc: SVC) -> bytes:
    """The domain object as JSON, ids and states included, every field written out."""
    values = svc.model_dump(mode="json")
    _write_out(values["frontend"], svc.frontend.addr_cluster)
    for each, backend in zip(values["backends"], svc.backends, strict=True):
        _write_out(each, backend.addr_cluster)
    return to_json(values)


def decode_service(data: bytes) -> SVC:
    """The service of that JSON, validated.

    Raises:
        StoreError: it is the JSON of no service.
    """
    try:
        return SVC.model_validate_json(data)
    except ValidationError as error:
        raise StoreError(f"a stored service is damaged: {error}") from None


def _write_out(values: dict[str, Any], addr: AddrCluster) -> None:
    """Zones may end in what looks like a cluster id: there the id 0 is written, too."""
    if "@" in addr.zone and not addr.cluster_id:
        values["addr_cluster"] = f"{addr}@0"
