"""Serving the application: sockets, store, worker processes and an orderly stop."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import re
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Protocol

from starlette.types import ASGIApp
from uvicorn import Server
from uvicorn.supervisors import Multiprocess

from ...agent.settings import Settings
from ...agent.stores.base import Store
from ...agent.stores.memory import MemoryStore
from ...agent.stores.opening import StoreTLS, open_store, store_place
from ...agent.stores.sqlite import SQLiteStore
from ..app import create_server
from ..guard import Guard, is_loopback
from ..requests import Limits
from .access_log import AccessLog, LogFormat
from .faults import Faults
from .loading import load_dump
from .logs import log_config
from .open_files import connections_that_fit
from .protocol import server_config
from .sockets import (
    DEFAULT_LISTEN,
    ListenError,
    UnixSocket,
    address_text,
    is_unix,
    listen_tcp,
    parse_listen_address,
    passed_sockets,
)

__all__ = ["IN_MEMORY", "ServeOptions", "default_database", "run_server"]

IN_MEMORY = ":memory:"

_is_token = re.compile(rb"[!-~]+").fullmatch
_SWITCH_SECONDS = 0.00025
# A worker that starts on a busy machine is not taken for one that hangs.
_WORKER_SECONDS = 60


class ParentProcess(Protocol):
    """A process that can be waited for."""

    def join(self) -> None: ...


_log = logging.getLogger(__name__)


def default_database() -> Path:
    """Where services are kept by default: in the user's data directory."""
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
    socket_mode: int = 0o600
    listen: tuple[str, ...] = ()
    """TCP addresses to listen on; `DEFAULT_LISTEN` if there is no unix socket either.

    Sockets that a service manager has passed are listened on in any case.
    """
    db: str | None = None
    """The database file, or `:memory:`; by default `default_database()`."""
    store: str | None = None
    """The URL of the store, as `open_store` takes it; it goes before `db`."""
    store_tls: StoreTLS | None = None
    """The files for TLS to the store."""
    workers: int = 1
    """How many processes answer; with a database only."""
    access_log: LogFormat | None = "text"
    """How requests are logged, if they are."""
    connections: int = 1000
    """How many connections a worker keeps; others get 503 and may try again later."""
    stop_seconds: int = 30
    """How many seconds requests in flight may take to finish when the server is stopped."""
    allow_hosts: tuple[str, ...] = ()
    """Host names that TCP requests may name, beside loopback and the addresses listened on."""
    token_file: Path | None = None
    """The file with the token that clients need for changes over TCP."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """Serve only clients with a certificate of these authorities."""
    log_format: LogFormat = "text"
    """How the server's own messages are logged."""
    load: Path | None = None
    """A dump whose services are put into the store before the server listens."""
    faults: Faults | None = None
    """Delays and failures on purpose."""
    create: bool = False
    """Whether the directories of the database and of the socket are made if they are not there."""
    insecure: bool = False
    """Listen beyond loopback although every client that gets there may change the services."""
    settings: Settings = field(default_factory=Settings)
    limits: Limits = field(default_factory=Limits)


def run_server(options: ServeOptions) -> None:
    """Serve until SIGTERM or SIGINT arrives, then finish the requests in flight.

    Raises:
        LoadBalancerError: a socket cannot be listened on, or the store cannot be opened.
    """
    if _place(options) is None and options.workers > 1:
        raise ListenError("several workers need a database that they share")
    # Opened here first: an error is reported before the server listens.
    _check_tls(options)
    _token(options)
    _check_directories(options)
    store, loaded = _loaded_store(options)
    with _Stop() as stop, ExitStack() as stack:
        sockets = list(_listen(options, stack))
        connections = connections_that_fit(options.connections)
        config = server_config(
            partial(_worker_app, options, _hosts(options, sockets), store),
            factory=True,
            lifespan="on",
            log_config=log_config(options.log_format),
            ssl_certfile=options.tls_cert,
            ssl_keyfile=options.tls_key,
            ssl_ca_certs=None if options.tls_client_ca is None else str(options.tls_client_ca),
            ssl_cert_reqs=ssl.CERT_NONE if options.tls_client_ca is None else ssl.CERT_REQUIRED,
            limit_concurrency=connections,
            timeout_graceful_shutdown=options.stop_seconds,
            workers=options.workers,
            timeout_worker_healthcheck=_WORKER_SECONDS,
        )
        _announce(options, sockets)
        if options.load is not None:
            _log.info("%d services have been loaded from %s", loaded, options.load)
        if connections < options.connections:
            _log.warning(
                "No more than %d connections instead of %d: see ulimit -n",
                *(connections, options.connections),
            )
        if options.workers > 1:
            _Supervisor(config, sockets=sockets).run()
        else:
            stop.server = Server(config)
            stop.server.run(sockets=sockets)


def _loaded_store(options: ServeOptions) -> tuple[Store | None, int]:
    """Open the store and load a dump into it; return it if it is in memory, and the number."""
    store = _open_store(options)
    try:
        loaded = load_dump(store, options.load, options.settings) if options.load else 0
    except BaseException:
        store.close()
        raise
    if isinstance(store, MemoryStore):
        return store, loaded
    # Each worker opens its own.
    store.close()
    return None, loaded


def _worker_app(
    options: ServeOptions, hosts: tuple[str, ...], store: Store | None = None
) -> ASGIApp:
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_with, args=(supervisor,), daemon=True).start()
    log = AccessLog(sys.stdout.buffer, options.access_log) if options.access_log else None
    guard = Guard(hosts, _token(options))
    signal.signal(signal.SIGHUP, partial(_reload, options, guard))
    # The file was there when the server started: in its place, a worker makes no empty one.
    app = create_server(
        store or _open_store(options, create=False),
        settings=options.settings,
        limits=options.limits,
        guard=guard,
        access_log=log,
        faults=options.faults,
    )
    _be_prompt()
    return app


def _reload(options: ServeOptions, guard: Guard, number: int, frame: FrameType | None) -> None:
    """Read the token again, on SIGHUP; where that fails, the one before it stays."""
    try:
        guard.token = _token(options)
    except ListenError as error:
        _log.error("%s: the token stays as it was", error)
    else:
        _log.info("The token file has been read again")


def _be_prompt() -> None:
    """Let no request wait for long because of what Python does for another one."""
    # A thread that converts a long body gives way after a twentieth of what is Python's default.
    sys.setswitchinterval(_SWITCH_SECONDS)
    # What has been imported is not looked through again and again for garbage.
    gc.collect()
    gc.freeze()


def _hosts(options: ServeOptions, sockets: list[socket.socket]) -> tuple[str, ...]:
    """The hosts that requests may name: those allowed, and the addresses listened on."""
    names = [each.getsockname()[0] for each in sockets if not is_unix(each)]
    return (*options.allow_hosts, *names)


def _token(options: ServeOptions) -> bytes | None:
    if options.token_file is None:
        return None
    try:
        token = options.token_file.read_bytes().strip()
    except OSError as error:
        reason = error.strerror or error
        raise ListenError(f"cannot read the token in {options.token_file}: {reason}") from None
    if not _is_token(token):
        raise ListenError(
            f"{options.token_file} is not a token: one line of printable ASCII without spaces"
        )
    return token


def _check_directories(options: ServeOptions) -> None:
    """Refuse paths in directories that are not there, unless they are to be made."""
    for path in (options.socket, options.db and options.db != IN_MEMORY and Path(options.db)):
        if path and not options.create and not path.parent.exists():
            raise ListenError(f"there is no directory {path.parent}: --create makes it")


def _check_tls(options: ServeOptions) -> None:
    """Load the TLS files once, so that an error is reported before the server listens."""
    if options.tls_cert is None:
        if options.tls_key or options.tls_client_ca:
            raise ListenError("TLS needs a certificate: --tls-cert")
        return
    if options.socket is not None:
        raise ListenError("a unix socket is served without TLS: start a server for each")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Without a key that can be read, the default would ask for a password on the terminal.
        context.load_cert_chain(options.tls_cert, options.tls_key, password="")
        if options.tls_client_ca is not None:
            context.load_verify_locations(options.tls_client_ca)
    except (OSError, ValueError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        raise ListenError(f"cannot use the certificates for TLS: {reason}") from None


def _end_with(supervisor: ParentProcess) -> None:
    """Stop when the supervisor is gone: nothing else could stop the worker."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _place(options: ServeOptions) -> str | None:
    """Where the services are kept, or None if in memory only."""
    if options.store is not None:
        return store_place(options.store)
    if options.db == IN_MEMORY:
        return None
    return str(options.db or default_database())


def _open_store(options: ServeOptions, *, create: bool = True) -> Store:
    if options.store is not None:
        return open_store(
            options.store, settings=options.settings, tls=options.store_tls, create=create
        )
    path = _place(options)
    return MemoryStore() if path is None else SQLiteStore(path, create=create)


def _listen(options: ServeOptions, stack: ExitStack) -> Generator[socket.socket]:
    if options.socket is not None:
        unix_socket = UnixSocket(options.socket, options.socket_mode)
        stack.callback(unix_socket.close)
        yield unix_socket.socket
    passed = [stack.enter_context(each) for each in passed_sockets()]
    for each in passed:
        if is_unix(each) and options.tls_cert is not None:
            raise ListenError("a unix socket is served without TLS: start a server for each")
        _check_reach(options, each, address_text(each))
    yield from passed
    addresses = options.listen
    if not addresses and options.socket is None and not passed:
        addresses = (DEFAULT_LISTEN,)
    for text in addresses:
        listener = stack.enter_context(listen_tcp(*parse_listen_address(text)))
        _check_reach(options, listener, text)
        yield listener


def _check_reach(options: ServeOptions, listener: socket.socket, name: str) -> None:
    """Refuse to listen where programs on other machines could change the services."""
    is_guarded = options.token_file is not None or options.tls_client_ca is not None
    if not is_guarded and not options.insecure and _is_reachable(listener):
        raise ListenError(
            f"every client that reaches {name} could change the services: give a --token-file or a "
            "--tls-client-ca, or say that it is to be --insecure"
        )


def _is_reachable(listener: socket.socket) -> bool:
    """Whether programs on other machines can reach a socket."""
    if is_unix(listener):
        return False
    return not is_loopback(listener.getsockname()[0].partition("%")[0])


def _announce(options: ServeOptions, sockets: list[socket.socket]) -> None:
    for each in sockets:
        name = address_text(each)
        if is_unix(each):
            _log.info("Listening on unix socket %s", name)
            continue
        scheme = "http" if options.tls_cert is None else "https"
        _log.info("Listening on %s://%s", scheme, name)
        if options.insecure and _is_reachable(each):
            _log.warning("Every client that reaches %s can change the services", name)
    place = _place(options)
    if place is None:
        _log.info("Services are kept in memory only")
    else:
        _log.info("Services are kept in %s", place)


class _Supervisor(Multiprocess):
    """Stops listening before its workers end: new clients are refused and do not wait.

    SIGHUP is passed on to the workers; uvicorn would replace them.
    """

    def handle_hup(self) -> None:
        for each in self.processes:
            if each.pid is not None:
                os.kill(each.pid, signal.SIGHUP)

    def terminate_all(self) -> None:
        for each in self.sockets:
            each.close()
        super().terminate_all()


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
