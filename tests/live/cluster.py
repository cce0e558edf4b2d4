"""A small API server that the real kubectl talks to, with a shell in place of each agent.

It answers what kubectl asks: version, discovery, lists in pages, and exec over WebSocket with its
exit-status channel. In the shell `cilium-dbg` is a script that prints files.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

__all__ = ["Agent", "TestCluster", "has_kubectl", "serve_cluster"]

_CHANNELS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_PAGE = 100
# The API groups, with the resources of each: name, kind and whether it has namespaces.
_GROUPS: dict[str, list[tuple[str, str, bool]]] = {
    "v1": [
        ("services", "Service", True),
        ("nodes", "Node", False),
        ("pods", "Pod", True),
        ("configmaps", "ConfigMap", True),
    ],
    "discovery.k8s.io/v1": [("endpointslices", "EndpointSlice", True)],
    "cilium.io/v2": [
        ("ciliumlocalredirectpolicies", "CiliumLocalRedirectPolicy", True),
        ("ciliumnodeconfigs", "CiliumNodeConfig", True),
    ],
}
_PROGRAM = """#!/bin/sh
# Prints the file that is named after its arguments.
name=$(echo "$*" | tr ' /' '--')
[ -n "$DELAY" ] && sleep "$DELAY"
if [ "$HANG" = "$name" ]; then sleep 600; fi
if [ ! -f "$FILES/$name" ]; then echo "unknown command: $*" >&2; exit 1; fi
cat "$FILES/$name"
"""


@dataclass
class Agent:
    """One agent: the files that its program prints, and how it misbehaves."""

    files: Path
    program: str = "cilium-dbg"
    variables: dict[str, str] = field(default_factory=dict[str, str])
    is_forbidden: bool = False
    garbage: bytes | None = None
    cut_at: int | None = None
    """After how many bytes the connection breaks off."""


@dataclass
class TestCluster:
    """The objects and agents that are served; both may be changed meanwhile."""

    __test__ = False

    objects: dict[str, list[dict[str, Any]]]
    """By resource, such as `services`."""
    agents: dict[str, Agent]
    """By the name of the agent's pod."""
    folder: Path
    port: int = 0
    on_exec: Callable[[], None] | None = None
    """Called before each agent is asked."""
    processes: list[subprocess.Popen[bytes]] = field(
        default_factory=list["subprocess.Popen[bytes]"]
    )
    """The shells of agents."""

    @property
    def kubeconfig(self) -> str:
        """The file that leads kubectl here."""
        path = self.folder / "kubeconfig"
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "users": [{"name": "test", "user": {}}],
        }
        path.write_text(json.dumps(config))
        return str(path)

    def app(self) -> Starlette:
        """The server."""
        exec_path = "/api/v1/namespaces/{namespace}/pods/{pod}/exec"
        routes: list[Any] = [
            Route("/version", self._version),
            Route("/api", self._api),
            Route("/apis", self._apis),
            WebSocketRoute(exec_path, self._exec),
            Route(exec_path, self._forbidden, methods=["GET", "POST"]),
        ]
        for group, resources in _GROUPS.items():
            base = "/api/v1" if group == "v1" else f"/apis/{group}"
            routes.append(Route(base, self._resources_of(group)))
            for name, kind, _ in resources:
                handler = self._list_of(name, kind, group)
                routes.append(Route(f"{base}/{name}", handler))
                routes.append(Route(f"{base}/namespaces/{{namespace}}/{name}", handler))
                one = self._one_of(name)
                routes.append(Route(f"{base}/namespaces/{{namespace}}/{name}/{{name}}", one))
        return Starlette(routes=routes)

    async def _version(self, request: Request) -> JSONResponse:
        return JSONResponse({"major": "1", "minor": "32", "gitVersion": "v1.32.0"})

    async def _api(self, request: Request) -> JSONResponse:
        return JSONResponse({"kind": "APIVersions", "versions": ["v1"]})

    async def _apis(self, request: Request) -> JSONResponse:
        groups: list[dict[str, Any]] = []
        for each in _GROUPS:
            if each != "v1":
                name, _, version = each.partition("/")
                found = {"groupVersion": each, "version": version}
                groups.append({"name": name, "versions": [found], "preferredVersion": found})
        return JSONResponse({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})

    def _resources_of(self, group: str) -> Callable[[Request], Any]:
        async def resources(request: Request) -> JSONResponse:
            found = [
                {
                    "name": name,
                    "singularName": kind.lower(),
                    "namespaced": namespaced,
                    "kind": kind,
                    "verbs": ["get", "list"],
                }
                for name, kind, namespaced in _GROUPS[group]
                if name in self.objects
            ]
            document = {"kind": "APIResourceList", "groupVersion": group, "resources": found}
            return JSONResponse(document)

        return resources

    def _list_of(self, name: str, kind: str, group: str) -> Callable[[Request], Any]:
        async def listed(request: Request) -> JSONResponse:
            items = self.objects.get(name, [])
            namespace = request.path_params.get("namespace")
            if namespace is not None:
                items = [x for x in items if x["metadata"].get("namespace") == namespace]
            if selector := request.query_params.get("labelSelector"):
                key, _, value = selector.partition("=")
                items = [x for x in items if x["metadata"].get("labels", {}).get(key) == value]
            start = int(request.query_params.get("continue") or 0)
            page = items[start : start + _PAGE]
            rest = str(start + _PAGE) if start + _PAGE < len(items) else ""
            metadata = {"resourceVersion": "1", "continue": rest}
            return JSONResponse(
                {"kind": f"{kind}List", "apiVersion": group, "metadata": metadata, "items": page}
            )

        return listed

    def _one_of(self, resource: str) -> Callable[[Request], Any]:
        async def one(request: Request) -> JSONResponse:
            wanted = request.path_params["namespace"], request.path_params["name"]
            for each in self.objects.get(resource, []):
                metadata = each["metadata"]
                if (metadata.get("namespace"), metadata["name"]) == wanted:
                    return JSONResponse(each)
            status = {"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound"}
            return JSONResponse(status | {"message": f"{wanted[1]} not found"}, 404)

        return one

    async def _forbidden(self, request: Request) -> JSONResponse:
        message = "pods is forbidden: cannot create resource pods/exec"
        status = {"kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden"}
        return JSONResponse(status | {"message": message}, 403)

    async def _exec(self, socket: WebSocket) -> None:
        agent = self.agents[socket.path_params["pod"]]
        if agent.is_forbidden:
            await socket.close()
            return
        offered = socket.scope["subprotocols"]
        await socket.accept(next(each for each in _CHANNELS if each in offered))
        if self.on_exec is not None:
            self.on_exec()
        if agent.garbage is not None:
            await socket.send_bytes(b"\x01" + agent.garbage)
            await socket.send_bytes(b"\x03" + b'{"metadata":{},"status":"Success"}')
            await socket.close()
            return
        process = subprocess.Popen(
            socket.query_params.getlist("command"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={
                "PATH": f"{self._programs(agent)}:/usr/bin:/bin",
                "FILES": str(agent.files),
                **agent.variables,
            },
        )
        self.processes.append(process)
        try:
            out, err = await asyncio.to_thread(process.communicate)
        finally:
            self.kill(process)
        out = out if agent.cut_at is None else out[: agent.cut_at]
        for start in range(0, len(out), 32768):
            await socket.send_bytes(b"\x01" + out[start : start + 32768])
        if err:
            await socket.send_bytes(b"\x02" + err)
        if agent.cut_at is not None:
            await socket.close(1011)
            return
        status: dict[str, Any] = {"metadata": {}, "status": "Success"}
        if process.returncode:
            cause = {"reason": "ExitCode", "message": str(process.returncode)}
            status |= {"status": "Failure", "reason": "NonZeroExitCode", "message": "failed"}
            status["details"] = {"causes": [cause]}
        await socket.send_bytes(b"\x03" + json.dumps(status).encode())
        await socket.close()

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        """End a shell that still runs, and all that it has started."""
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _programs(self, agent: Agent) -> Path:
        return self.folder / f"programs-{agent.program or 'none'}"

    def write_programs(self) -> None:
        """Write the programs that agents may have."""
        for name in ("cilium-dbg", "cilium", ""):
            folder = self.folder / f"programs-{name or 'none'}"
            folder.mkdir()
            if name:
                program = folder / name
                program.write_text(_PROGRAM)
                program.chmod(0o755)


def has_kubectl() -> bool:
    """Whether a kubectl is installed that uses WebSockets for exec: 1.31 or later."""
    if shutil.which("kubectl") is None:
        return False
    asked = ["kubectl", "version", "--client", "-o", "json"]
    answer = subprocess.run(asked, capture_output=True, timeout=30, check=False).stdout
    version = json.loads(answer)["clientVersion"]
    return (int(version["major"]), int(re.sub(r"\D", "", version["minor"]))) >= (1, 31)


@contextmanager
def serve_cluster(cluster: TestCluster) -> Generator[TestCluster]:
    """Serve a cluster on a port of its own."""
    cluster.write_programs()
    config = uvicorn.Config(
        cluster.app(),
        port=0,
        log_level="critical",
        loop="asyncio",
        ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        cluster.port = server.servers[0].sockets[0].getsockname()[1]
        yield cluster
    finally:
        server.should_exit = True
        for process in cluster.processes:
            cluster.kill(process)
        thread.join()
