"""What has changed: a digest of each service, and the services with given ids.

The server remembers nothing about clients: any worker, and any server on the same store, gives the
same digests of the same services.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import blake2b

from ..agent.stores.base import Store, View
from .requests import RequestError, parse_id

__all__ = ["MOST_IDS", "Digests", "services_by_id"]

MOST_IDS = 1000
"""How many services may be asked for at once."""

# Two texts of one service have the same digest once in 2⁴⁸ times.
_DIGEST_BYTES = 6


class Digests:
    """The digests of the services in a store, worked out when the services have changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # One tuple: what another thread stores meanwhile goes together.
        self._last = b"", b"{}"

    def read(self) -> bytes:
        """A JSON object of the digests by id, the same one until a service changes.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store.read(self._digests)

    def _digests(self, view: View) -> bytes:
        services, digests = self._last
        # Stores give the same object until something changes.
        text = view.services_json()
        if text is not services:
            found = {str(id): _digest(each) for id, each in view.service_texts().items()}
            digests = json.dumps(found, separators=(",", ":")).encode()
            self._last = text, digests
        return digests


def _digest(text: bytes) -> str:
    return urlsafe_b64encode(blake2b(text, digest_size=_DIGEST_BYTES).digest()).decode()


def services_by_id(store: Store, asked: str) -> bytes:
    """A JSON object of the services with these ids; unknown ids are left out.

    `asked` are ids with commas between.

    Raises:
        RequestError: these are not ids, or too many.
        StoreError: the store cannot be read.
    """
    texts = asked.split(",", MOST_IDS) if asked else []
    if len(texts) > MOST_IDS:
        raise RequestError(422, f"ids in query should have at most {MOST_IDS} items")
    try:
        ids = dict.fromkeys(parse_id(each) for each in texts)
    except RequestError as error:
        raise RequestError(422, f"ids in query: {error}", error.code) from None

    def look(view: View) -> list[bytes]:
        found = ((id, view.service_json(id)) for id in ids)
        return [b'"%d":%b' % (id, text) for id, text in found if text is not None]

    return b"{%b}" % b",".join(store.read(look))
