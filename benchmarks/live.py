"""`collect` of a large cluster: memory, time and size, with a stand-in for kubectl.

`python -m benchmarks.live --nodes 500 --services 2000`: the stand-in prints the objects of a seeded
cluster, and for each agent real-sized output after a delay. It runs the script that `collect` sends
in a shell of its own, as an agent's container does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from loadbalancer.live.collecting import CollectOptions, collect
from loadbalancer.live.kubectl import Kubectl

from .cluster import TIME, agents_of, objects_of, write_cluster

# So many that equal ones are further apart than the archive looks back: 64 MiB.
_LISTS = 10
_KUBECTL = """#!/bin/sh
case "$1" in
config) echo benchmark ;;
version) echo '{"clientVersion": {"major": "1", "minor": "34"}}' ;;
get)
  case "$*" in
  *kube-system*pods*|*pods*kube-system*) cat "$CLUSTER/agents.json" ;;
  *configmap*) cat "$CLUSTER/configmap.json" ;;
  *) cat "$CLUSTER/$2.json" 2>/dev/null || echo '{"kind": "List", "items": []}' ;;
  esac ;;
exec)
  pod=$4
  while [ "$1" != -- ]; do shift; done
  shift
  sleep "$DELAY"
  FILES="$CLUSTER/lists/$(( ${pod#"${pod%?}"} % 10 ))" PATH="$CLUSTER/bin:$PATH" exec "$@" ;;
esac
"""
_PROGRAM = """#!/bin/sh
case "$*" in
"service list -o json") cat "$FILES/cilium-dbg-service-list--o-json.md" ;;
"bpf lb list") cat "$FILES/cilium-dbg-bpf-lb-list.md" ;;
version) echo "Client: 1.19.4" ;;
*) echo "unknown command" >&2; exit 1 ;;
esac
"""


def _write(folder: Path, nodes: int, services: int) -> None:
    """Write what the stand-in prints; the lists of ten nodes stand for those of all."""
    write_cluster(folder / "seed", _LISTS, services)
    objects = objects_of(nodes, services)
    agents = agents_of(nodes)
    objects["pods"] += agents
    names = {"endpointslices": "endpointslices.discovery.k8s.io"}
    for kind, items in {**objects, "agents": agents}.items():
        (folder / f"{names.get(kind, kind)}.json").write_text(
            json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        )
    (folder / "seed" / f"cilium-configmap-{TIME}.json").rename(folder / "configmap.json")
    (folder / "lists").mkdir()
    for number in range(_LISTS):
        found = folder / "seed" / f"cilium-bugtool-cilium-{number:05d}-{TIME}" / "cmd"
        found.rename(folder / "lists" / str(number))
    (folder / "bin").mkdir()
    for path, text in (("kubectl", _KUBECTL), ("bin/cilium-dbg", _PROGRAM)):
        (folder / path).write_text(text)
        (folder / path).chmod(0o755)


def main() -> None:
    """Collect, and print what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--nodes", type=int, default=500)
    parser.add_argument("--services", type=int, default=2000)
    parser.add_argument("--parallel", type=int, default=16)
    parser.add_argument("--delay", type=float, default=1.0, help="of each agent, in seconds")
    parser.add_argument("--format", choices=("tar.xz", "tar.gz"), default="tar.xz")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _write(folder, arguments.nodes, arguments.services)
        os.environ |= {"CLUSTER": str(folder), "DELAY": str(arguments.delay)}
        kubectl = Kubectl(program=str(folder / "kubectl"))
        target = folder / f"collection.{arguments.format}"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        found = collect(kubectl, target, CollectOptions(parallel=arguments.parallel))
        took = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = target.stat().st_size
    if not found.is_complete:
        sys.exit(f"not complete: {found.problems or [x.reason for x in found.nodes if x.reason]}")
    waiting = arguments.delay * -(-arguments.nodes // arguments.parallel)
    print(f"{len(found.nodes)} nodes, {arguments.services} services, {arguments.parallel} at once")
    print(f"time    {took:8.1f} s, of which agents are waited for at least {waiting:.1f} s")
    print(f"memory  {peak / 1024:8.0f} MB at most ({before / 1024:.0f} MB before)")
    each = size / 1e6 / len(found.nodes)
    print(f"archive {size / 1e6:8.1f} MB, {each * 100:.1f} MB for each 100 nodes")


if __name__ == "__main__":
    main()
