"""An agent that serves the API from a thread, on a unix socket and on TCP (extra `server`)."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from starlette.types import ASGIApp
from uvicorn import Config, Server

from ..agent.settings import Settings
from ..agent.stores.base import Store
from ..agent.stores.memory import MemoryStore
from ..server.app import create_app
from ..server.process.protocol import server_config
from ..server.process.sockets import UnixSocket, listen_tcp
from ..server.requests import Limits

__all__ = ["ServedAgent"]

_SECONDS_TO_START = 60


class ServedAgent:
    """A running agent, to be used in a `with` statement."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        settings: Settings | None = None,
        limits: Limits | None = None,
        app: ASGIApp | None = None,
    ) -> None:
        """Serve a store, by default one in memory. The store is not closed in the end.

        `app` is an application of your own in place of `create_app`.
        """
        self.store: Store = store if store is not None else MemoryStore()
        self._app = app or create_app(self.store, settings=settings, limits=limits)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # Not in a directory of pytest: the path of a socket has at most 107 bytes.
            directory = stack.enter_context(TemporaryDirectory(prefix="agent-"))
            unix = UnixSocket(Path(directory) / "cilium.sock", 0o600)
            stack.callback(unix.close)
            tcp = stack.enter_context(listen_tcp("127.0.0.1", 0))
            self.socket: Path = Path(directory) / "cilium.sock"
            """The unix socket it listens on."""
            self.url: str = f"http://127.0.0.1:{tcp.getsockname()[1]}"
            """Where it listens on TCP; the API is at `/v1`."""
            server = _Server(server_config(self._app, lifespan="off", log_level="critical"))
            thread = threading.Thread(target=server.run, args=([unix.socket, tcp],))
            thread.start()
            stack.callback(thread.join)
            stack.callback(setattr, server, "should_exit", True)
            if not server.has_started.wait(_SECONDS_TO_START):
                raise TimeoutError(f"no agent after {_SECONDS_TO_START} seconds")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class _Server(Server):
    """A server that sets an event once it listens."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.has_started = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()
