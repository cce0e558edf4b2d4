"""The agent's service API, ready to mount or to start (extra `server`).

`create_router(store)` is a part for your own application, `create_app()` a complete one.
The rules and the stores need no web framework, and are loaded without one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..agent.settings import Settings
    from ..agent.stores.base import (
        KnownBackend,
        Store,
        StoreBusyError,
        StoreError,
        Transaction,
        View,
    )
    from ..agent.stores.memory import MemoryStore
    from ..agent.stores.sqlite import SQLiteStore
    from .api import ServiceAPI
    from .app import create_app
    from .requests import Limits
    from .router import create_router

_MODULE_OF_NAME = {
    "KnownBackend": "..agent.stores.base",
    "Limits": ".requests",
    "MemoryStore": "..agent.stores.memory",
    "SQLiteStore": "..agent.stores.sqlite",
    "ServiceAPI": ".api",
    "Settings": "..agent.settings",
    "Store": "..agent.stores.base",
    "StoreBusyError": "..agent.stores.base",
    "StoreError": "..agent.stores.base",
    "Transaction": "..agent.stores.base",
    "View": "..agent.stores.base",
    "create_app": ".app",
    "create_router": ".router",
}

__all__ = [
    "KnownBackend",
    "Limits",
    "MemoryStore",
    "SQLiteStore",
    "ServiceAPI",
    "Settings",
    "Store",
    "StoreBusyError",
    "StoreError",
    "Transaction",
    "View",
    "create_app",
    "create_router",
]


def __getattr__(name: str) -> Any:
    try:
        module = _MODULE_OF_NAME[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(module, __name__), name)
