"""A service as text and back, for stores that keep texts."""

from __future__ import annotations

from pydantic import ValidationError

from ...domain.service import SVC
from .base import StoreError

__all__ = ["decode_service", "encode_service"]


def encode_service(svc: SVC) -> bytes:
    """The domain object as JSON, ids and states included, every field written out."""
    return svc.model_dump_json().encode()


def decode_service(data: bytes) -> SVC:
    """The service of that JSON, validated; keys that only a later version knows are ignored.

    Raises:
        StoreError: it is the JSON of no service.
    """
    try:
        return SVC.model_validate_json(data, extra="ignore")
    except ValidationError as error:
        raise StoreError(f"a stored service is damaged: {error}") from None
