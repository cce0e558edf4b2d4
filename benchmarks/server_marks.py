"""How near the server comes to one that only sends the same bytes: `make bench-server`.

Both are served alike, by uvicorn with this package's protocol, and run on the first core; who asks
runs on the second, over 8 connections that stay open. Over TCP that is `wrk`, which has to be
installed, over a unix socket a client of our own. Rates are by the processor time of the server,
which other work on the machine does not add to, as it does to how long a GET waits; rounds go by
turns, and the best one of each counts. Shares are of the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path

from .server_load import body, message

CONNECTIONS = 8
PORTS = {"bare": 19876, "ours": 19877}
# What is wanted over TCP; of PUTs with services in memory, since SQLite waits for the disk.
MARKS = {"GET one": 0.6, "PUT": 0.3}
LATE_MS = 10.0

BARE = """
import sys
from pathlib import Path
from uvicorn import Server
from loadbalancer.server.process.protocol import server_config
from loadbalancer.server.process.sockets import UnixSocket, listen_tcp

answer = open(sys.argv[3], "rb").read()

async def app(scope, receive, send):
    content = b"" if scope["method"] == "PUT" else answer
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})

sockets = [listen_tcp("127.0.0.1", int(sys.argv[1])), UnixSocket(Path(sys.argv[2]), 0o600).socket]
Server(server_config(app, lifespan="off")).run(sockets=sockets)
"""
# Each PUT changes something: it is not the one before it.
PUT = """
local requests, turn = {{}}, 0
function init()
  wrk.headers["Content-Type"] = "application/json"
  for line in io.lines("{}") do
    requests[#requests + 1] = wrk.format("PUT", nil, nil, line)
  end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
"""
TURNS = 10
Sides = Mapping[str, tuple[int, Callable[[], int]]]
"""By the side: the server's process, and what asks it and says how often."""


@contextmanager
def running(path: Path, *command: str) -> Generator[int]:
    """A server on the first core, as soon as it listens on its unix socket; its process id."""
    pinned = ["taskset", "-c", "0", sys.executable, *command]
    process = subprocess.Popen(pinned, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert process.poll() is None, "the server does not start"
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def once(path: Path, method: str, target: str, data: bytes = b"") -> bytes:
    """One request on a connection of its own; the body of the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(message(method, target, data))
        return read_answer(connection)


def wrk(port: int, seconds: int, script: Path | None, connections: int = CONNECTIONS) -> list[str]:
    """The command that asks for one service for some seconds."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency"]
    if script is not None:
        command += ["-s", str(script)]
    return [*command, f"http://127.0.0.1:{port}/v1/service/1"]


def processor_seconds(pid: int) -> float:
    """How long a process has run, in itself and in the kernel for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask_tcp(port: int, seconds: int, script: Path | None) -> int:
    """Ask over TCP for some seconds; how often."""
    command = wrk(port, seconds, script)
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in text, text
    return int(re.findall(r"(\d+) requests in", text)[0])


def late_ms(port: int, seconds: int) -> float:
    """The time within which 99 % of the GETs are answered."""
    text = subprocess.run(wrk(port, seconds, None), capture_output=True, text=True, check=True)
    number, unit = re.findall(r"99%\s+([0-9.]+)(us|ms|s)", text.stdout)[0]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def ask_unix(path: Path, seconds: int, requests: list[bytes]) -> int:
    """Ask over a unix socket for some seconds, on all connections by turns; how often."""
    turns = cycle(requests)
    os.sched_setaffinity(0, {1})
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(CONNECTIONS)
        ]
        for each in connections:
            each.connect(str(path))
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            for each in connections:
                each.sendall(next(turns))
            for each in connections:
                read_answer(each)
            count += CONNECTIONS
    return count


def read_answer(connection: socket.socket) -> bytes:
    """The body of an answer of success."""
    received = connection.recv(1 << 16)
    assert received.startswith(b"HTTP/1.1 20"), received
    head, _, content = received.partition(b"\r\n\r\n")
    length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(content) < length:
        content += connection.recv(length - len(content))
    return content


def script(directory: Path, name: str, bodies: list[bytes]) -> Path:
    """A script for `wrk` that sends PUTs of these bodies by turns."""
    content = directory / f"{name}.json"
    content.write_bytes(b"\n".join(bodies))
    made = directory / f"{name}.lua"
    made.write_text(PUT.format(content))
    return made


def put(data: bytes) -> bytes:
    """The request that sends a body."""
    return message("PUT", "/v1/service/1", data)


def large(turn: int) -> bytes:
    """The body of a service with 1,000 backends."""
    spec = json.loads(body(2))
    spec["backend-addresses"] = [
        {"ip": f"10.9.{n >> 8}.{n & 255}", "port": 80, "weight": 1 + turn} for n in range(1000)
    ]
    return json.dumps(spec).encode()


def compare(kind: str, name: str, sides: Sides, rounds: int, mark: float | None = None) -> bool:
    """Print what share of the bare server's rate ours has. Returns whether the mark is met."""
    best = dict.fromkeys(sides, 0.0)
    for _ in range(rounds):
        for side, (pid, asks) in sides.items():
            start = processor_seconds(pid)
            count = asks()
            best[side] = max(best[side], count / (processor_seconds(pid) - start))
    share = best["ours"] / best["bare"]
    is_met = mark is None or share >= mark
    wanted = "" if mark is None else f"   wanted {mark}: {'met' if is_met else 'NOT MET'}"
    rates = f"{best['ours']:>8,.0f} of {best['bare']:>8,.0f} a second of the core"
    print(f"{kind:<12} {name:<8} {rates}: {share:.2f}{wanted}", flush=True)
    return is_met


def measure(db: str, kind: str, directory: Path, seconds: int, rounds: int) -> bool:
    """All figures of one store; whether its marks are met."""
    in_memory = kind == "memory"
    paths = {side: directory / f"{kind}-{side}.sock" for side in PORTS}
    bodies = [body(1, turn) for turn in range(TURNS)]
    sent = {
        "GET one": (None, [message("GET", "/v1/service/1", b"")]),
        "PUT": (script(directory, "small", bodies), [put(each) for each in bodies]),
        "PUT same": (script(directory, "same", bodies[:1]), [put(bodies[0])]),
    }
    answer = directory / "answer"
    server = ("-m", "loadbalancer.server", "--no-access-log", "--db", db)
    listen = ("--listen", f"127.0.0.1:{PORTS['ours']}", "--socket", str(paths["ours"]))
    with ExitStack() as stack:
        pids = {"ours": stack.enter_context(running(paths["ours"], *server, *listen))}
        once(paths["ours"], "PUT", "/v1/service/1", body(1))
        answer.write_bytes(once(paths["ours"], "GET", "/v1/service/1"))
        bare = ("-c", BARE, str(PORTS["bare"]), str(paths["bare"]), str(answer))
        pids["bare"] = stack.enter_context(running(paths["bare"], *bare))
        all_met = True
        for name, (lua, requests) in sent.items():
            tcp = {
                side: (pid, partial(ask_tcp, PORTS[side], seconds, lua))
                for side, pid in pids.items()
            }
            unix = {
                side: (pid, partial(ask_unix, paths[side], seconds, requests))
                for side, pid in pids.items()
            }
            mark = MARKS.get(name) if in_memory or name == "GET one" else None
            all_met &= compare(f"{kind} TCP", name, tcp, rounds, mark)
            compare(f"{kind} unix", name, unix, rounds)
        late = alone = LATE_MS * 1000
        larges = [large(turn) for turn in range(TURNS)]
        writer = wrk(PORTS["ours"], seconds + 1, script(directory, "large", larges), 1)
        for _ in range(rounds):
            alone = min(alone, late_ms(PORTS["ours"], seconds))
            with subprocess.Popen(writer, stdout=subprocess.DEVNULL):
                late = min(late, late_ms(PORTS["ours"], seconds))
    is_prompt = late < LATE_MS
    wanted = f"   wanted < {LATE_MS:g}: {'met' if is_prompt else 'NOT MET'}"
    told = f"99 % of GETs beside PUTs of 1,000 backends: {late:.1f} ms, without {alone:.1f} ms"
    print(f"{kind:<12} {told}{wanted}")
    return all_met and is_prompt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="per measurement")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best one counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        met = measure(":memory:", "memory", directory, options.seconds, options.rounds)
        database = str(directory / "services.db")
        met &= measure(database, "SQLite", directory, options.seconds, options.rounds)
    print("All marks are met." if met else "Not all marks are met.")


if __name__ == "__main__":
    main()
