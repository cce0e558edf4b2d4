"""How many requests a second replicas on one etcd answer, and how often they meet.

`python -m benchmarks.replicas` starts an etcd cluster on the loopback interface and 1, 2 and 4
replicas, processes of their own, each asked by two clients over its unix socket. All of them
share the cores of this machine with etcd: what more replicas bring can only be seen on more
machines, what they cost each other is seen here.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import tempfile
import threading
import time
from contextlib import closing
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path

from uvicorn import Server

from benchmarks.server_load import CALLS, SERVICES, ask, body, client, message
from loadbalancer.agent.stores.etcd.address import parse_etcd_url
from loadbalancer.agent.stores.etcd.store import EtcdStore
from loadbalancer.server import ServiceAPI, create_app
from loadbalancer.server.process.protocol import server_config
from tests.server.etcd_cluster import EtcdCluster, new_prefix

CLIENTS = 2
"""Of each replica."""
NAMES = ["GET one", "PUT"]


def replica(url: str, path: Path, orders: Connection) -> None:
    """Serve until told to stop; tell the number of conflicts whenever asked."""
    store = EtcdStore(parse_etcd_url(url))
    server = Server(server_config(create_app(store), uds=str(path), log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while orders.recv():
        orders.send(store.conflicts)
    server.should_exit = True
    thread.join()
    store.close()


def wait_for(path: Path) -> None:
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                ask(connection, message("GET", "/healthz", b""))
                return
        except OSError:
            time.sleep(0.05)


def measure(name: str, paths: list[Path], seconds: float) -> list[float]:
    """Ask all replicas at once; how long each request took, sorted."""
    results: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    clients = [
        multiprocessing.Process(target=client, args=(path, n, name, seconds, results))
        for n, path in enumerate(paths * CLIENTS)
    ]
    for each in clients:
        each.start()
    times = sorted(chain.from_iterable(results.get() for _ in clients))
    for each in clients:
        each.join()
    return times


def load(url: str, count: int, directory: Path, seconds: float) -> None:
    paths = [directory / f"{count}-{n}.sock" for n in range(count)]
    pipes = [multiprocessing.Pipe() for _ in paths]
    replicas = [
        multiprocessing.Process(target=replica, args=(url, path, there))
        for path, (_, there) in zip(paths, pipes, strict=True)
    ]
    for each in replicas:
        each.start()
    for path in paths:
        wait_for(path)

    def conflicts() -> int:
        for here, _ in pipes:
            here.send(True)
        return sum(here.recv() for here, _ in pipes)

    for name in NAMES:
        before = conflicts()
        times = measure(name, paths, seconds)
        rerun = conflicts() - before
        median, late = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
        share = (
            f"   {rerun:,} run again ({100 * rerun / len(times):.0f} %)" if name == "PUT" else ""
        )
        print(
            f"{count} replica(s)   {name:<8} {len(times) / seconds:>7,.0f} requests/s   "
            f"median {median:6.2f} ms   99 % {late:7.2f} ms{share}"
        )
    for here, _ in pipes:
        here.send(False)
    for each in replicas:
        each.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="per measurement")
    parser.add_argument("--members", type=int, default=1, choices=(1, 3), help="of etcd")
    options = parser.parse_args()
    assert set(NAMES) <= CALLS.keys()
    with tempfile.TemporaryDirectory() as name, EtcdCluster(Path(name), options.members) as etcd:
        url = etcd.url(new_prefix())
        with closing(EtcdStore(parse_etcd_url(url))) as store:
            api = ServiceAPI(store)
            for id in range(1, SERVICES + 1):
                assert api.put_service(str(id), None, body(id)).status == 201
        print(f"{options.members} etcd member(s), {CLIENTS} clients a replica, {SERVICES} services")
        for count in (1, 2, 4):
            load(url, count, Path(name), options.seconds)


if __name__ == "__main__":
    main()
