"""Serving the application: sockets, store, worker processes and an orderly end."""

from __future__ import annotations

import ipaddress
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Protocol

from fastapi import FastAPI
from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from ..agent.settings import Settings
from ..agent.stores.base import Store
from ..agent.stores.memory import MemoryStore
from ..agent.stores.opening import store_file
from ..agent.stores.sqlite import SQLiteStore
from .app import create_app
from .requests import Limits
from .slow_clients import best_protocol
from .sockets import DEFAULT_LISTEN, ListenError, UnixSocket, listen_tcp, parse_listen_address

__all__ = ["IN_MEMORY", "ServeOptions", "default_database", "run_server"]

IN_MEMORY = ":memory:"


class ParentProcess(Protocol):
    """A process that can be waited for."""

    def join(self) -> None: ...


_log = logging.getLogger("uvicorn.error")


def default_database() -> Path:
    """Where services are kept unless told otherwise: in the user's data directory."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "cilium-loadbalancer" / "services.db"


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve."""

    socket: Path | None = None
    """The unix socket to listen on."""
    socket_mode: int = 0o660
    listen: tuple[str, ...] = ()
    """TCP addresses to listen on; `DEFAULT_LISTEN` if there is no unix socket either."""
    db: str | None = None
    """The database file, or `:memory:`; by default `default_database()`."""
    store: str | None = None
    """The URL of the store, as `open_store` takes it; it goes before `db`."""
    workers: int = 1
    """How many processes answer; with a database only."""
    access_log: bool = True
    connections: int = 1000
    """How many connections a worker keeps; others are told to come back later (503)."""
    stop_seconds: int = 30
    """How long requests in flight may take to finish when the server is stopped."""
    settings: Settings = field(default_factory=Settings)
    limits: Limits = field(default_factory=Limits)


def run_server(options: ServeOptions) -> None:
    """Serve until told to stop by SIGTERM or SIGINT, then finish what has been started.

    Raises:
        LoadBalancerError: a socket cannot be listened on, or the store cannot be opened.
    """
    if _database(options) is None and options.workers > 1:
        raise ListenError("several workers need a database that they share")
    # Opened here first: what is wrong with it is told before anybody listens.
    _open_store(options).close()
    with _Stop() as stop, ExitStack() as stack:
        sockets = list(_listen(options, stack))
        config = Config(
            partial(_worker_app, options),
            factory=True,
            http=best_protocol(),
            ws="none",
            lifespan="on",
            access_log=options.access_log,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=options.connections,
            timeout_graceful_shutdown=options.stop_seconds,
            workers=options.workers,
        )
        _announce(options, sockets)
        if options.workers > 1:
            Multiprocess(config, sockets=sockets).run()
        else:
            stop.server = Server(config)
            stop.server.run(sockets=sockets)


def _worker_app(options: ServeOptions) -> FastAPI:
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_with, args=(supervisor,), daemon=True).start()
    return create_app(
        _open_store(options),
        settings=options.settings,
        limits=options.limits,
        closes_store=True,
    )


def _end_with(supervisor: ParentProcess) -> None:
    """Stop when the supervisor is gone: nobody else could ever stop the worker."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _database(options: ServeOptions) -> Path | None:
    """The database file, or None if services are kept in memory only."""
    if options.store is not None:
        return store_file(options.store)
    if options.db == IN_MEMORY:
        return None
    return Path(options.db or default_database())


def _open_store(options: ServeOptions) -> Store:
    path = _database(options)
    return MemoryStore() if path is None else SQLiteStore(path)


def _listen(options: ServeOptions, stack: ExitStack) -> Generator[socket.socket]:
    if options.socket is not None:
        unix_socket = UnixSocket(options.socket, options.socket_mode)
        stack.callback(unix_socket.close)
        yield unix_socket.socket
    addresses = options.listen
    if not addresses and options.socket is None:
        addresses = (DEFAULT_LISTEN,)
    for text in addresses:
        yield stack.enter_context(listen_tcp(*parse_listen_address(text)))


def _announce(options: ServeOptions, sockets: list[socket.socket]) -> None:
    for each in sockets:
        name = each.getsockname()
        if isinstance(name, str):
            _log.info("Listening on unix socket %s", name)
            continue
        host, port = name[:2]
        _log.info("Listening on http://%s:%d", f"[{host}]" if ":" in host else host, port)
        if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            _log.warning("Anybody who reaches %s can change the services: there is no login", host)
    path = _database(options)
    if path is None:
        _log.info("Services are kept in memory only")
    else:
        _log.info("Services are kept in %s", path)


class _Stop:
    """Lets SIGTERM and SIGINT end the process in order, also before and after uvicorn runs.

    uvicorn handles them while it runs and raises them again when it has stopped, which would
    kill the process before its socket file is removed.
    """

    def __init__(self) -> None:
        self.server: Server | None = None

    def __enter__(self) -> _Stop:
        signals = (signal.SIGTERM, signal.SIGINT)
        self._before = {each: signal.signal(each, self._stop) for each in signals}
        return self

    def __exit__(self, *_: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.server is None or not self.server.should_exit:
            raise SystemExit(0)
