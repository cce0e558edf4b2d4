"""How many requests a second the server answers, and what share of the work is ours.

`python benchmarks/server_load.py` starts the server as a process, once over memory and once
over SQLite, and asks it from other processes over a unix socket. The share is measured inside
one process: the whole application against one that answers the same bytes by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Scope

from loadbalancer.server import MemoryStore, ServiceAPI, SQLiteStore, Store, create_app

SERVICES = 1000
BACKENDS = 3
CLIENTS = 4


def body(id: int, turn: int = 0) -> bytes:
    """The body of a PUT of a service with some backends."""
    frontend = {"ip": f"10.96.{id >> 8}.{id & 255}", "port": 80, "scope": "external"}
    backends = [
        {"ip": f"10.{n}.{id >> 8}.{id & 255}", "port": 8080, "weight": 1 + turn % 100}
        for n in range(BACKENDS)
    ]
    spec = {"id": id, "frontend-address": frontend, "backend-addresses": backends}
    return json.dumps(spec).encode()


def get_one(client: int, turn: int) -> tuple[str, str, bytes]:
    return "GET", f"/v1/service/{1 + (client * 251 + turn) % SERVICES}", b""


def get_all(client: int, turn: int) -> tuple[str, str, bytes]:
    return "GET", "/v1/service", b""


def put(client: int, turn: int) -> tuple[str, str, bytes]:
    id = 1 + (client * 251 + turn) % SERVICES
    return "PUT", f"/v1/service/{id}", body(id, turn)


Call = Callable[[int, int], tuple[str, str, bytes]]
CALLS: dict[str, Call] = {"GET one": get_one, f"GET all of {SERVICES:,}": get_all, "PUT": put}


def message(method: str, path: str, data: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + data


def ask(connection: socket.socket, request: bytes) -> bytes:
    """Send a request; the status line of the answer, once all of it has come."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1 << 20)
    head, _, rest = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    missing = length - len(rest)
    while missing > 0:
        missing -= len(connection.recv(1 << 20))
    return head[:12]


def client(
    path: Path, number: int, name: str, seconds: float, results: multiprocessing.Queue[list[float]]
) -> None:
    """Ask for some seconds, one request after the other; report how many and how long each."""
    times: list[float] = []
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        end = time.perf_counter() + seconds
        turn = 0
        while (start := time.perf_counter()) < end:
            status = ask(connection, message(*CALLS[name](number, turn)))
            assert status in (b"HTTP/1.1 200", b"HTTP/1.1 201"), status
            times.append(time.perf_counter() - start)
            turn += 1
    results.put(times)


def serve(db: str, path: Path, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "loadbalancer.server", "--no-access-log"]
    command += ["--db", db, "--socket", str(path), "--workers", str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                ask(connection, message("GET", "/healthz", b""))
                return process
        except OSError:
            time.sleep(0.05)


def load(db: str, path: Path, seconds: float, workers: int) -> None:
    process = serve(db, path, workers)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            for id in range(1, SERVICES + 1):
                ask(connection, message("PUT", f"/v1/service/{id}", body(id)))
        for name in CALLS:
            results: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
            clients = [
                multiprocessing.Process(target=client, args=(path, n, name, seconds, results))
                for n in range(CLIENTS)
            ]
            for each in clients:
                each.start()
            times: list[float] = sorted(chain.from_iterable(results.get() for _ in clients))
            for each in clients:
                each.join()
            rate = len(times) / seconds
            median, late = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
            kind = "memory" if db == ":memory:" else f"SQLite, {workers} worker(s)"
            print(
                f"{kind:<22} {name:<18} {rate:>8,.0f} requests/s   "
                f"median {median:6.2f} ms   99 % {late:7.2f} ms"
            )
    finally:
        process.terminate()
        process.wait()


def framework_alone(answer: bytes) -> ASGIApp:
    """An application that does nothing: what the framework costs by itself."""
    app = FastAPI()

    async def get(request: Request) -> Response:
        return Response(answer, media_type="application/json")

    async def get_id(request: Request, id: str) -> Response:
        return Response(answer, media_type="application/json")

    async def put_id(request: Request) -> Response:
        await request.body()
        return Response()

    app.add_api_route("/v1/service", get, methods=["GET"])
    app.add_api_route("/v1/service/{id}", get_id, methods=["GET"])
    app.add_api_route("/v1/service/{id}", put_id, methods=["PUT"])
    return app


async def seconds_per_call(app: ASGIApp, name: str, count: int) -> float:
    """How long the application takes for one request, without any network."""

    async def run(turn: int) -> None:
        method, path, data = CALLS[name](0, turn)
        sent: Message = {"type": "http.request", "body": data, "more_body": False}

        async def receive() -> Message:
            return sent

        async def send(message: Message) -> None:
            pass

        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
            "client": None,
            "server": None,
            "state": {},
        }
        await app(scope, receive, send)

    await run(0)
    start = time.perf_counter()
    for turn in range(count):
        await run(turn)
    return (time.perf_counter() - start) / count


def shares(kind: str, store: Store) -> None:
    api = ServiceAPI(store)
    for id in range(1, SERVICES + 1):
        assert api.put_service(str(id), None, body(id)).status == 201
    app = create_app(store)
    for name, call in CALLS.items():
        count = 300 if call is get_all else 2000
        whole = asyncio.run(seconds_per_call(app, name, count))
        answer = api.get_services().body if call is get_all else api.get_service("1").body
        alone = asyncio.run(seconds_per_call(framework_alone(answer), name, count))
        start = time.perf_counter()
        for turn in range(count):
            direct(api, *call(0, turn))
        ours = (time.perf_counter() - start) / count
        print(
            f"{kind:<8} {name:<18} application {1e6 * whole:7.0f} µs   "
            f"framework alone {1e6 * alone:6.0f} µs   "
            f"our calls alone {1e6 * ours:6.0f} µs ({100 * ours / whole:.0f} %)"
        )


def direct(api: ServiceAPI, method: str, path: str, data: bytes) -> None:
    """The same call without the framework."""
    id = path.removeprefix("/v1/service").strip("/")
    if method == "PUT":
        api.put_service(id, "application/json", data)
    elif id:
        api.get_service(id)
    else:
        api.get_services()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="per measurement")
    parser.add_argument("--workers", type=int, default=2, help="of the last measurement")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        print(f"Over a unix socket, {CLIENTS} clients, {SERVICES} services of {BACKENDS} backends")
        load(":memory:", directory / "memory.sock", options.seconds, 1)
        load(str(directory / "one.db"), directory / "one.sock", options.seconds, 1)
        load(str(directory / "two.db"), directory / "two.sock", options.seconds, options.workers)
        print("\nIn one process, without a network")
        shares("memory", MemoryStore())
        sqlite = SQLiteStore(directory / "shares.db")
        shares("SQLite", sqlite)
        sqlite.close()


if __name__ == "__main__":
    main()
