"""Real servers for tests: in a thread of this process, or in a process of their own."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Server

from loadbalancer.server import create_app
from loadbalancer.server.process.protocol import server_config
from loadbalancer.server.process.sockets import UnixSocket, listen_tcp

JSON_TYPE = {"Content-Type": "application/json"}


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a unix socket."""

    def __init__(self, path: Path, timeout: float = 30) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(compare=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    path: Path,
    method: str,
    target: str,
    body: bytes | str | None = None,
    headers: Mapping[str, str] = JSON_TYPE,
) -> Reply:
    """One request on a connection of its own."""
    connection = UnixConnection(path)
    try:
        return ask_on(connection, method, target, body, headers)
    finally:
        connection.close()


def ask_on(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes | str | None = None,
    headers: Mapping[str, str] = JSON_TYPE,
) -> Reply:
    """One request on an open connection."""
    data = body.encode() if isinstance(body, str) else body
    sent = dict(headers) if data is not None else {}
    connection.request(method, target, data, sent)
    response = connection.getresponse()
    answer = response.read()
    given = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, answer, given)


class ThreadServer:
    """uvicorn in a thread, on a unix socket and on TCP; the application can be exchanged."""

    def __init__(self, path: Path, connections: int | None = None) -> None:
        self.app: ASGIApp = create_app()
        self.path = path
        self._socket = UnixSocket(path, 0o600)
        self._tcp = listen_tcp("127.0.0.1", 0)
        self.port: int = self._tcp.getsockname()[1]
        config = server_config(
            self._dispatch,
            interface="asgi3",
            lifespan="off",
            log_level="critical",
            limit_concurrency=connections,
        )
        self._server = Server(config)
        self._thread = threading.Thread(target=self._run)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
            runner.run(self._server.serve(sockets=[self._socket.socket, self._tcp]))

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self._server.started)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()
        self._tcp.close()

    def ask(self, method: str, target: str, body: bytes | str | None = None) -> Reply:
        return ask(self.path, method, target, body)


class ProcessServer:
    """`python -m loadbalancer.server` with options, in a process group of its own."""

    def __init__(
        self, *options: str | Path, socket: Path | None = None, prefix: tuple[str, ...] = ()
    ) -> None:
        """`prefix` is a program that starts the one that is given to it."""
        self.socket = socket
        self._prefix = prefix
        self._options = [*map(str, options)]
        if socket is not None:
            self._options += ["--socket", str(socket)]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [*self._prefix, sys.executable, "-m", "loadbalancer.server", *self._options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if self.socket is not None:
            path = self.socket
            wait_until(lambda: self.process.poll() is not None or answers(path))
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.output()

    def kill(self) -> None:
        """End all its processes, at once and without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def read_match(self, pattern: str) -> str:
        """The group of a pattern, of the next line of its output that has it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(pattern, line.decode()):
                return found[1]
        raise AssertionError(f"it ended without {pattern}")

    def output(self) -> str:
        """All it has written, once it has ended."""
        if self.process.stdout is None or self.process.stdout.closed:
            return ""
        with self.process:
            text, _ = self.process.communicate(timeout=60)
        return text.decode()

    def ask(self, method: str, target: str, body: bytes | str | None = None) -> Reply:
        assert self.socket is not None
        return ask(self.socket, method, target, body)


def answers(path: Path) -> bool:
    """Whether a server answers on the socket."""
    try:
        return ask(path, "GET", "/healthz").status == 200
    except (OSError, http.client.HTTPException):
        return False


def wait_until(holds: Any, seconds: float = 60) -> None:
    """Wait for something to hold."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
