"""The sockets to listen on: made safely, and removed only if they are our own."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ...errors import LoadBalancerError

if sys.platform != "win32":
    import fcntl

__all__ = [
    "DEFAULT_LISTEN",
    "ListenError",
    "UnixSocket",
    "address_text",
    "is_unix",
    "listen_tcp",
    "parse_listen_address",
    "passed_sockets",
]

DEFAULT_LISTEN = "127.0.0.1:9876"
"""Where the server listens by default: on this machine alone."""

_BACKLOG = 1024
_LOCK_SECONDS = 10.0
# Where the sockets begin that a service manager passes (sd_listen_fds(3)).
_FIRST_PASSED = 3


class ListenError(LoadBalancerError):
    """A socket cannot be listened on."""


class UnixSocket:
    """A listening unix socket and its file."""

    def __init__(self, path: Path, mode: int) -> None:
        """Listen on a new file of that mode, in place of a stale one, on which no server listens.

        Raises:
            ListenError: a server listens there, or the file is not a socket.
        """
        self.path = path
        try:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with _only_one_at_a_time(path.parent):
                _remove_stale(path)
                self.socket = _bound(path, mode)
                self._file = _identity(path)
        except OSError as error:
            raise ListenError(f"cannot listen on {path}: {error.strerror or error}") from None

    def close(self) -> None:
        """Stop listening, and remove the file unless another one has taken its place."""
        self.socket.close()
        with contextlib.suppress(OSError, ListenError), _only_one_at_a_time(self.path.parent):
            if _identity(self.path) == self._file:
                self.path.unlink()


@contextmanager
def _only_one_at_a_time(directory: Path) -> Generator[None]:
    """Keep other servers from the directory's sockets meanwhile.

    Two that start at once would both find a stale file, and the slower one would remove the
    new file of the faster one.
    """
    if sys.platform == "win32":
        raise OSError("there are no unix sockets here")
    handle = os.open(directory, os.O_RDONLY)
    try:
        _lock(handle, directory)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, directory: Path) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ListenError(
                    f"another process has held the lock of {directory} (flock) for "
                    f"{_LOCK_SECONDS:g} seconds"
                ) from None
            time.sleep(0.05)


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"{path} exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except TimeoutError:
            pass  # A server is there, and too busy to accept.
    raise ListenError(f"{path} is in use by another process")


def _bound(path: Path, mode: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The file is never open to more than its mode says, not even for a moment.
        before = os.umask(0o777 & ~mode)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        os.chmod(path, mode)
        # Others that check whether the file is stale must find a server listening.
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _identity(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


def parse_listen_address(text: str) -> tuple[str, int]:
    """The host and port of `127.0.0.1:9876`, `[::1]:9876` or `localhost:9876`.

    Raises:
        ListenError: the text is not such an address.
    """
    host, colon, port = text.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if is_bracketed:
        host = host[1:-1]
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535
    if not colon or not host or not is_port or (":" in host and not is_bracketed):
        raise ListenError(f"{text!r} is not an address to listen on: HOST:PORT or [IPV6]:PORT")
    return host, int(port)


def is_unix(listener: socket.socket) -> bool:
    """Whether it is a unix socket, whose addresses are not those of hosts."""
    return not isinstance(listener.getsockname(), tuple)


def address_text(listener: socket.socket) -> str:
    """Where a socket listens: `127.0.0.1:9876`, `[::1]:9876`, a path, or @NAME for one without."""
    name = listener.getsockname()
    if isinstance(name, bytes):  # One of Linux's sockets that have no file.
        return ascii("@" + name[1:].decode(errors="replace"))[1:-1]
    if isinstance(name, str):
        return name
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listen_tcp(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes any that is free.

    Raises:
        ListenError: it cannot be listened on.
    """
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        # create_server() says the address once more.
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise ListenError(f"cannot listen on {host}:{port}: {reason}") from None


def passed_sockets() -> list[socket.socket]:
    """The listening sockets that a service manager such as systemd has passed to this process.

    It says in the environment how many there are, and for whom (sd_listen_fds(3)). They are
    taken over once: the variables are removed, for children not to take them for theirs.

    Raises:
        ListenError: the variables cannot be read, or one of them is not a socket that listens.
    """
    names = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
    pid, count, _ = (os.environ.get(name, "") for name in names)
    if pid != str(os.getpid()):
        return []
    for name in names:
        os.environ.pop(name, None)
    if not (count.isascii() and count.isdigit() and len(count) < 5):
        raise ListenError(f"LISTEN_FDS={count[:20]!a} does not say how many sockets there are")
    return [_passed(handle) for handle in range(_FIRST_PASSED, _FIRST_PASSED + int(count))]


def _passed(handle: int) -> socket.socket:
    try:
        os.set_inheritable(handle, False)
        listener = socket.socket(fileno=handle)
        listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        reason = error.strerror or error
        raise ListenError(f"handle {handle}, which was passed to listen on: {reason}") from None
    if not listens or listener.type != socket.SOCK_STREAM:
        raise ListenError(f"handle {handle} was passed to listen on, but does not accept streams")
    return listener
