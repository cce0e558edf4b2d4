"""How near the server comes to one that only sends the same bytes: `make bench-server`.

Both run on the first core and `wrk`, which has to be installed, on the second, over TCP with 8
connections that stay open. Shares are of the same run. (`server_load` asks over a unix socket.)
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from .server_load import body

BARE_PORT = 19876
PORT = 19877

BARE = """
import sys
from uvicorn import Config, Server

answer = open(sys.argv[2], "rb").read()

async def app(scope, receive, send):
    content = b"" if scope["method"] == "PUT" else answer
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})

Server(Config(app, port=int(sys.argv[1]), access_log=False, lifespan="off")).run()
"""
PUT = """
wrk.method = "PUT"
wrk.body = io.open("{}"):read("*a")
wrk.headers["Content-Type"] = "application/json"
"""


@contextmanager
def running(port: int, *command: str) -> Generator[None]:
    """A server on the first core, as soon as it answers."""
    pinned = ["taskset", "-c", "0", sys.executable, *command]
    process = subprocess.Popen(pinned, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                ask(port, "GET", "/healthz")
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def ask(port: int, method: str, path: str, data: bytes | None = None) -> bytes:
    """One request on a connection of its own; the body of the answer."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request(method, path, data, {"Content-Type": "application/json"})
    answer = connection.getresponse().read()
    connection.close()
    return answer


def wrk(port: int, seconds: int, script: Path | None = None, connections: int = 8) -> list[str]:
    """The command that asks for one service for some seconds."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency"]
    if script is not None:
        command += ["-s", str(script)]
    return [*command, f"http://127.0.0.1:{port}/v1/service/1"]


def rate(command: list[str]) -> float:
    """Requests per second."""
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in text, text
    return float(re.findall(r"Requests/sec:\s+([0-9.]+)", text)[0])


def late(command: list[str]) -> str:
    """The time within which 99 % of the requests are answered."""
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return str(re.findall(r"99%\s+(\S+)", text)[0])


def script(directory: Path, name: str, data: bytes) -> Path:
    """A script for `wrk` that sends PUTs of this body."""
    content = directory / f"{name}.json"
    content.write_bytes(data)
    made = directory / f"{name}.lua"
    made.write_text(PUT.format(content))
    return made


def large() -> bytes:
    """The body of a service with 1,000 backends."""
    spec = json.loads(body(2))
    spec["backend-addresses"] = [
        {"ip": f"10.9.{n >> 8}.{n & 255}", "port": 80} for n in range(1000)
    ]
    return json.dumps(spec).encode()


def measure(db: str, kind: str, directory: Path, seconds: int) -> None:
    small = script(directory, "small", body(1))
    server = ("-m", "loadbalancer.server", "--no-access-log", "--db", db)
    with running(PORT, *server, "--listen", f"127.0.0.1:{PORT}"):
        ask(PORT, "PUT", "/v1/service/1", body(1))
        answer = directory / "answer"
        answer.write_bytes(ask(PORT, "GET", "/v1/service/1"))
        with running(BARE_PORT, "-c", BARE, str(BARE_PORT), str(answer)):
            for name, sent in (("GET one", None), ("PUT", small)):
                bare = rate(wrk(BARE_PORT, seconds, sent))
                ours = rate(wrk(PORT, seconds, sent))
                print(
                    f"{kind:<7} {name:<8} {ours:>8,.0f} of {bare:>8,.0f} a second: "
                    f"{ours / bare:.2f}"
                )
        writer = wrk(PORT, seconds + 1, script(directory, "large", large()), connections=1)
        with subprocess.Popen(writer, stdout=subprocess.DEVNULL):
            print(
                f"{kind:<7} 99 % of GETs beside PUTs of 1,000 backends: {late(wrk(PORT, seconds))}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="per measurement")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        measure(":memory:", "memory", directory, options.seconds)
        measure(str(directory / "services.db"), "SQLite", directory, options.seconds)


if __name__ == "__main__":
    main()
