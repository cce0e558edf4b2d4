"""The agent's service API, ready to mount or to start (extra `server`).

`create_router(store)` is for an application of one's own, `create_app()` a whole one.
The rules and the stores need no web framework, and are loaded without one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import ServiceAPI
    from .app import create_app
    from .memory_store import MemoryStore
    from .requests import Limits
    from .router import create_router
    from .rules import Settings
    from .sqlite_store import SQLiteStore
    from .store import Store, StoreBusyError, StoreError

_MODULE_OF_NAME = {
    "Limits": "requests",
    "MemoryStore": "memory_store",
    "SQLiteStore": "sqlite_store",
    "ServiceAPI": "api",
    "Settings": "rules",
    "Store": "store",
    "StoreBusyError": "store",
    "StoreError": "store",
    "create_app": "app",
    "create_router": "router",
}

__all__ = [
    "Limits",
    "MemoryStore",
    "SQLiteStore",
    "ServiceAPI",
    "Settings",
    "Store",
    "StoreBusyError",
    "StoreError",
    "create_app",
    "create_router",
]


def __getattr__(name: str) -> Any:
    try:
        module = _MODULE_OF_NAME[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f".{module}", __name__), name)
