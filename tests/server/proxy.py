"""A proxy that does what networks do to HTTP: lose, delay, cut off."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self


class Proxy:
    """Passes requests and answers on, as long as it is not told otherwise."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.drops = False
        """Whether nothing arrives any longer, in either direction: nobody is told."""
        self.delay = 0.0
        """How many seconds each piece waits, in either direction."""
        self.loses_answer: Callable[[bytes], bool] = lambda request: False
        """Of a request for which this holds, the answer is lost and the connection cut."""
        self.answer_instead = b""
        """What comes in place of an answer that is lost."""
        self.loses_request: Callable[[bytes], bool] = lambda request: False
        """A request for which this holds is kept, and the connection cut."""
        self.kept: list[bytes] = []
        self._is_closed = False
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def deliver_kept(self) -> None:
        """Send on what was kept, on connections that nobody listens to."""
        for each in self.kept:
            with socket.create_connection(self._target, timeout=10) as connection:
                connection.sendall(each)
                connection.recv(1 << 16)
        self.kept.clear()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if self.drops:
                self._hold(client)
                return
            with (
                socket.create_connection(self._target, timeout=10) as server,
                selectors.DefaultSelector() as selector,
            ):
                selector.register(client, selectors.EVENT_READ)
                selector.register(server, selectors.EVENT_READ)
                self._pass(client, server, selector)

    def _pass(
        self, client: socket.socket, server: socket.socket, selector: selectors.BaseSelector
    ) -> None:
        request = b""
        is_lost = False
        while not self._is_closed:
            for key, _ in selector.select(0.1):
                source = key.fileobj
                assert isinstance(source, socket.socket)
                data = source.recv(1 << 20)
                if self.drops:
                    self._hold(client)
                    return
                if not data:
                    return
                if source is server and is_lost:
                    client.sendall(self.answer_instead)
                    return
                if self.delay:
                    time.sleep(self.delay)
                if source is server:
                    client.sendall(data)
                    continue
                request += data
                if not _is_whole(request):
                    continue
                if self.loses_request(request):
                    self.kept.append(request)
                    return
                is_lost = self.loses_answer(request)
                server.sendall(request)
                request = b""

    def _hold(self, client: socket.socket) -> None:
        """Say nothing for as long as the net is down."""
        client.settimeout(0.1)
        while self.drops and not self._is_closed:
            try:
                if not client.recv(1 << 16):
                    return
            except TimeoutError:
                continue


def _is_whole(request: bytes) -> bool:
    """Whether this is all of a request that says how long it is."""
    head, _, body = request.partition(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"content-length:")
    return len(body) >= int(length.split(b"\r\n")[0] or b"0") if length else True
