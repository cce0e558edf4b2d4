"""A sysdump, a bugtool archive or a folder of node dumps: which file of which node is what."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

from ..dumps.json_text.values import is_array, is_object
from ..kubernetes.documents import DocumentError, KubernetesObject, iter_objects
from .containers import Container, ZipContainer, open_container
from .index import Index, Member
from .kvstore import ClusterService, read_kvstore_services
from .limits import Limits, Problem, SysdumpError
from .names import Role

__all__ = ["NodeDump", "Sysdump", "open_sysdump"]

T = TypeVar("T")

# `cilium-bugtool` puts it behind what a command printed before it failed.
_FAILURE = re.compile(rb"> Error while running '.*':  (?P<reason>.*)\s*\Z", re.DOTALL)
_FENCED = re.compile(rb"# [^\n]*\n\n```\n(.*)\n```\s*\Z", re.DOTALL)
_STATUS = re.compile(rb"^Cilium:\s+\S+\s+v?(\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
_IMAGE = re.compile(r"[:/]v?(\d+\.\d+\.\d+)")
_AGENT = "cilium-agent"


class NodeDump:
    """What a sysdump has of one node.

    `name` is that of the node where the sysdump knows it, else that of the agent's pod, else of
    the file or folder. `release` is the agent's (`1.14`), "" where nothing says it. `files` has
    the path of each file by what it is. `problems` grows as the node is read.
    """

    def __init__(self, sysdump: Sysdump, group: str, pod: str, members: dict[Role, Member]) -> None:
        self._sysdump = sysdump
        self.group = group
        """The folder of its files."""
        self._members = members
        self.pod = pod
        self.problems: list[Problem] = []

    def __repr__(self) -> str:
        return f"NodeDump(name={self.name!r}, pod={self.pod!r}, files={self.files!r})"

    @property
    def files(self) -> dict[Role, str]:
        """The paths within the archive, by what they are."""
        return {role: member.path for role, member in self._members.items()}

    @cached_property
    def name(self) -> str:
        """The node's name."""
        node, _ = self._sysdump.agent_of(self.pod)
        if node or self.pod:
            return node or self.pod
        host = (self._read("hostname") or b"").decode("utf-8", "replace").strip()
        return host or self.group.rsplit("/", 1)[-1] or self._sysdump.path.name

    @cached_property
    def release(self) -> str:
        """The release that the agent reports, else that of its image, as `1.14.2`."""
        match = _STATUS.search(self._read("status") or b"")
        return match[1].decode() if match else self._sysdump.agent_of(self.pod)[1]

    def read_services(self, read: Callable[[bytes], T]) -> T | None:
        """The services, by `read` (`loadbalancer.read_dump`): from JSON before text before StateDB.

        What a command printed before it failed and what `read` refuses (a `ValueError`) are
        passed over, which `problems` says. None if nothing is readable.
        """
        for role in cast("tuple[Role, ...]", ("json", "text", "statedb")):
            data = self._read(role)
            if data is None:
                continue
            try:
                return read(data)
            except ValueError as error:
                self._note(role, str(error))
        return None

    def read_tables(self, read: Callable[[bytes], T]) -> T | None:
        """What the StateDB has, by `read` (`loadbalancer.read_dump`), or None."""
        data = self._read("statedb")
        if data is None:
            return None
        try:
            return read(data)
        except ValueError as error:
            self._note("statedb", str(error))
            return None

    @cached_property
    def config(self) -> str:
        """What `cilium config -a` printed; empty where it is not there."""
        return (self._read("settings") or b"").decode("utf-8", "replace")

    def read_datapath(self, read: Callable[[str], T]) -> T | None:
        """What `bpf lb list` printed, by `read` (`loadbalancer.datapath.read_bpf`), or None."""
        data = self._read("bpf")
        if data is None:
            return None
        try:
            return read(data.decode("utf-8", "replace"))
        except ValueError as error:
            self._note("bpf", str(error))
            return None

    def _note(self, role: Role, reason: str) -> None:
        problem = Problem(self._members[role].path, reason)
        if problem not in self.problems:
            self.problems.append(problem)

    def _read(self, role: Role) -> bytes | None:
        """What a command printed; None where it is not there, failed or printed nothing."""
        if role not in self._members:
            return None
        try:
            data = self._sysdump.read(self._members[role])
        except SysdumpError as error:
            self._note(role, str(error))
            return None
        if failure := _FAILURE.search(data, max(0, len(data) - 8192)):
            reason = failure["reason"].decode("utf-8", "replace").strip()
            self._note(role, f"the command failed ({reason}): what it printed is left out")
            return None
        if not data.strip():
            self._note(role, "it is empty")
            return None
        fenced = _FENCED.match(data)
        return fenced[1] if fenced else data


class Sysdump:
    """An opened sysdump; use it as a context manager.

    Opening it looks at names, and at the pods to know the nodes. Other files are read when they
    are asked for, one at a time and into memory, never to disk.
    """

    def __init__(self, path: Path, container: Container, limits: Limits) -> None:
        self.path = path
        self._container = container
        self._limits = limits
        self._agents: dict[str, tuple[str, str]] | None = None
        self._index = Index(container, limits, path.name)
        self.nodes = [
            NodeDump(self, group, self._index.pods.get(group, ""), members)
            for group, members in self._index.nodes.items()
        ]
        self.nodes.sort(key=lambda node: node.name)
        """One for each node, by name."""

    def nodes_as_they_lie(self) -> list[NodeDump]:
        """Return the nodes in the order in which they are read the fastest."""
        if not self._index.is_forward_only:
            return self.nodes
        places = {group: place for place, group in enumerate(self._index.nodes)}
        return sorted(self.nodes, key=lambda node: places[node.group])

    @property
    def problems(self) -> list[Problem]:
        """What was left out so far, of the nodes as well."""
        return [*self._index.problems, *(each for node in self.nodes for each in node.problems)]

    def objects(self) -> Iterator[KubernetesObject]:
        """The Kubernetes objects of the cluster, read as they are asked for.

        Services, EndpointSlices, Endpoints, Pods and Nodes; a file that cannot be read is a
        problem, and what came before its damaged place is there.
        """
        for member in self._index.cluster["objects"]:
            for each in self._objects_of(member):
                if isinstance(each.get("kind"), str):
                    yield each

    def _objects_of(
        self, member: Member, mention: re.Pattern[str] | None = None
    ) -> Iterator[KubernetesObject]:
        try:
            yield from iter_objects(self.read(member), mention)
        except (SysdumpError, DocumentError) as error:
            self._index.note(member.path, str(error))

    @cached_property
    def config(self) -> dict[str, str]:
        """The `data` of the ConfigMap `cilium-config`; empty where it is not there."""
        for member in self._index.cluster["config"]:
            for each in self._objects_of(member):
                data = each.get("data")
                if is_object(data):
                    return {str(key): str(value) for key, value in data.items()}
        return {}

    @cached_property
    def kvstore_services(self) -> list[ClusterService]:
        """The services that the cluster mesh shares."""
        services: list[ClusterService] = []
        for member in self._index.cluster["kvstore"]:
            try:
                found, problems = read_kvstore_services(self.read(member), member.path)
            except SysdumpError as error:
                self._index.note(member.path, str(error))
                continue
            services += found
            self._index.problems += problems
        return services

    def agent_of(self, pod: str) -> tuple[str, str]:
        """The node on which an agent's pod runs, and the release of its image; "" if unknown."""
        if not pod:
            return "", ""
        if self._agents is None:
            self._agents = dict(self._agents_found())
        return self._agents.get(pod, ("", ""))

    def _agents_found(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Every agent's pod. Other pods are passed over unread where that can be told."""
        for member in self._index.cluster["objects"]:
            if not member.path.rsplit("/", 1)[-1].removeprefix("k8s-").startswith("pods"):
                continue
            for each in self._objects_of(member, re.compile(rf"\b{_AGENT}")):
                name = _at(each, "metadata", "name")
                node = _at(each, "spec", "nodeName")
                containers = _at(each, "spec", "containers")
                images = [
                    str(_at(each, "image"))
                    for each in (containers if is_array(containers) else [])
                    if _at(each, "name") == _AGENT
                ]
                image = _IMAGE.search(images[0]) if images else None
                if images and isinstance(name, str):
                    release = image[1] if image else ""
                    yield name, (node if isinstance(node, str) else "", release)

    def read(self, member: Member) -> bytes:
        """The bytes of a file; raises `SysdumpError` where there are none or too many."""
        return self._index.read(member)

    def reopen(self) -> None:
        """Open the archive anew, in a copy of the process that opened it."""
        self._index.close()
        if isinstance(self._container, ZipContainer):
            self._container.reopen()

    def close(self) -> None:
        """Close the archive."""
        self._index.close()
        if isinstance(self._container, ZipContainer):
            self._container.close()

    def __enter__(self) -> Sysdump:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if is_object(value) else None
    return value


def open_sysdump(path: str | os.PathLike[str], *, limits: Limits | None = None) -> Sysdump:
    """Open a sysdump, a bugtool archive or a folder of either, or of dumps of nodes.

    A folder, zip or tar, by its content; a tar may be compressed by gzip, xz or, from Python 3.14
    on, zstd. Raises `SysdumpError` if it is none of these or has nothing about services.
    """
    limits = limits or Limits()
    place = Path(path)
    try:
        container = open_container(place, limits)
    except OSError as error:
        raise SysdumpError(f"{place}: {error.strerror or error}") from None
    try:
        return Sysdump(place, container, limits)
    except BaseException:
        if isinstance(container, ZipContainer):
            container.close()
        raise
