"""Real etcd clusters on the loopback interface, in temporary directories."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from .live import wait_until

ETCD = shutil.which("etcd", path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/local/bin")
WITHOUT_ETCD = "etcd is not installed (Debian: apt-get install etcd-server)"
_NOBODY = 65534


class Member:
    """One member, which can be killed and started again."""

    def __init__(
        self, name: str, directory: Path, ports: tuple[int, int], tls: ssl.SSLContext | None
    ) -> None:
        self.name = name
        self.address = f"127.0.0.1:{ports[0]}"
        self.tls = tls
        self.client_url = f"{'http' if tls is None else 'https'}://{self.address}"
        self.peer_url = f"http://127.0.0.1:{ports[1]}"
        self.directory = directory / name
        self.options: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert ETCD is not None
        is_root = os.geteuid() == 0
        self.directory.mkdir(mode=0o700, exist_ok=True)
        if is_root:
            os.chown(self.directory, _NOBODY, _NOBODY)
        with (self.directory.parent / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [ETCD, "--data-dir", str(self.directory), *self.options],
                stdout=log,
                stderr=log,
                user=_NOBODY if is_root else None,
                env={"PATH": os.environ.get("PATH", "")},
            )

    def kill(self) -> None:
        """End it at once and without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)


class EtcdCluster:
    """Some members. Those of three go on when one is away."""

    def __init__(
        self,
        directory: Path,
        size: int = 1,
        options: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        ports = _free_ports(2 * size)
        # Others than root have to get to their directories in there.
        for path in (directory, *directory.parents[:-1]):
            if path.stat().st_uid == os.geteuid():
                path.chmod(path.stat().st_mode | 0o011)
        self.members = [
            Member(f"member{n}", directory, (ports[2 * n], ports[2 * n + 1]), tls)
            for n in range(size)
        ]
        peers = ",".join(f"{each.name}={each.peer_url}" for each in self.members)
        for each in self.members:
            each.options = [
                *("--name", each.name, "--initial-cluster", peers),
                *("--listen-client-urls", each.client_url),
                *("--advertise-client-urls", each.client_url),
                *("--listen-peer-urls", each.peer_url),
                *("--initial-advertise-peer-urls", each.peer_url),
                *options,
            ]

    def __enter__(self) -> Self:
        for each in self.members:
            each.start()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.members:
            each.kill()

    def wait(self) -> None:
        """Wait until all members that run can write."""
        for each in self.members:
            if each.process is not None:
                wait_until(lambda each=each: _is_healthy(each))

    def url(self, prefix: str) -> str:
        """The URL of a store in this cluster."""
        return store_url([each.address for each in self.members], prefix)


def store_url(addresses: Sequence[str], prefix: str, scheme: str = "etcd") -> str:
    return f"{scheme}://{','.join(addresses)}/{prefix}"


def call_etcd(member: Member, path: str, **fields: object) -> Any:
    """What a member answers to a request of an operator's, over its JSON gateway."""
    request = urllib.request.Request(
        f"{member.client_url}/v3/{path}", json.dumps(fields).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def _is_healthy(member: Member) -> bool:
    assert member.process is not None
    assert member.process.poll() is None, f"{member.name} has ended"
    try:
        with urllib.request.urlopen(
            f"{member.client_url}/health", timeout=5, context=member.tls
        ) as response:
            return b'"true"' in response.read()
    except OSError:
        return False


def _free_ports(count: int) -> list[int]:
    """Ports below those that the system gives to connections.

    A member that starts again has to find its own free: one of the others would be taken
    meanwhile by some connection of ours.
    """
    sockets: list[socket.socket] = []
    while len(sockets) < count:
        with contextlib.suppress(OSError):
            sockets.append(socket.create_server(("127.0.0.1", random.randrange(20_000, 32_000))))
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def new_prefix() -> str:
    """A prefix that nobody has used."""
    return f"test/{time.time_ns():x}"
