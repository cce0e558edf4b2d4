"""`collect`: what an audit needs of a live cluster, in the layout of a sysdump."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..dumps.json_text.values import is_array, is_object
from .agent import Answer, new_token, parse_answers, script_arguments
from .kubectl import Kubectl, LiveError
from .objects import CLUSTER_KINDS, cut_object, cut_pod
from .redaction import Redaction

__all__ = ["CollectOptions", "Collection", "NodeResult", "collect"]

_OPTIONAL = ("ciliumlocalredirectpolicies.cilium.io", "ciliumnodeconfigs.cilium.io")
_POLICIES = "ciliumlocalredirectpolicies.cilium.io"
_REPORT = "collection.json"
# Agents print nearly the same: what one printed is to be found again in the next one's megabytes,
# which takes more than the 32 KiB that gzip looks back.
_XZ = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 64 << 20}]
# The highest level takes three times as long for a fifth less.
_GZIP_LEVEL = 6
_ARCHIVES = (".tar.xz", ".tar.gz", ".tgz")
_IN_EVERY_RELEASE = ("service list -o json", "bpf lb list")


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """What is collected, and how."""

    agent_namespace: str = "kube-system"
    selector: str = "k8s-app=cilium"
    container: str = "cilium-agent"
    nodes: tuple[str, ...] = ()
    """Patterns of node names; all nodes if there are none."""
    parallel: int = 16
    """How many agents are asked at once."""
    exec: bool = True
    """Whether agents are asked; else Kubernetes objects alone are collected."""
    redact: bool = False
    """Whether names and addresses are replaced by pseudonyms."""


@dataclass(slots=True)
class NodeResult:
    """What became of one node."""

    node: str
    pod: str
    release: str = ""
    seconds: float = 0.0
    reason: str = ""
    """Why the agent could not be asked everything; empty if it could."""


@dataclass(slots=True)
class Collection:
    """A collection that has been written."""

    path: str
    context: str
    started: str
    nodes: list[NodeResult] = field(default_factory=list[NodeResult])
    problems: list[str] = field(default_factory=list[str])
    """What else could not be read."""
    is_cut_off: bool = False
    """Whether it was interrupted."""

    @property
    def is_complete(self) -> bool:
        """Whether everything was read."""
        return not (self.problems or self.is_cut_off or any(x.reason for x in self.nodes))


def collect(
    kubectl: Kubectl,
    folder: str | Path,
    options: CollectOptions | None = None,
    *,
    on_node: Callable[[NodeResult], None] | None = None,
) -> Collection:
    """Collect Kubernetes objects and the answers of agents into a folder.

    Nothing in the cluster is changed. An agent that does not answer is reported with its reason;
    the others are still asked.

    Args:
        kubectl: how kubectl is called.
        folder: where to; a name that ends in `.tar.xz`, `.tar.gz` or `.tgz` becomes an archive;
            the first is several times smaller.
        options: what is collected, and how.
        on_node: called with each node when it has been asked.

    Raises:
        LiveError: kubectl cannot be used, or the agents cannot be found.
        OSError: the folder cannot be written.
    """
    return _Collector(kubectl, Path(folder), options or CollectOptions(), on_node).run()


class _Collector:
    def __init__(
        self,
        kubectl: Kubectl,
        target: Path,
        options: CollectOptions,
        on_node: Callable[[NodeResult], None] | None,
    ) -> None:
        self._kubectl = kubectl
        self._options = options
        self._on_node = on_node
        now = datetime.now(UTC)
        self._time = now.strftime("%Y%m%d-%H%M%S")
        self._is_archive = target.name.endswith(_ARCHIVES)
        self._target = target
        self._folder = target.with_name(f".{target.name}.partial") if self._is_archive else target
        self._redaction = Redaction() if options.redact else None
        self._result = Collection(str(target), "", now.isoformat(timespec="seconds"))

    def run(self) -> Collection:
        self._kubectl.check()
        self._result.context = self._kubectl.current_context()
        agents = self._agents()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._collect_objects()
            if self._options.exec:
                self._ask_agents(agents)
        except KeyboardInterrupt:
            self._result.is_cut_off = True
        self._write(_REPORT, json.dumps(self._report(), indent=2).encode())
        if self._is_archive:
            self._pack()
        return self._result

    def _report(self) -> dict[str, Any]:
        report = asdict(self._result)
        if self._redaction is not None:
            report = json.loads(self._redaction.text(json.dumps(report)))
            report |= {"path": "", "context": ""}
        return report

    def _agents(self) -> list[NodeResult]:
        """Return the pods of the agents, one for each node that is wanted."""
        if not self._options.exec:
            return []
        options = self._options
        pods = self._kubectl.get("pods", "-n", options.agent_namespace, "-l", options.selector)
        found: list[NodeResult] = []
        for pod in pods:
            node = _at(pod, "spec", "nodeName")
            name = _at(pod, "metadata", "name")
            if not isinstance(node, str) or not isinstance(name, str):
                continue
            if options.nodes and not any(fnmatchcase(node, each) for each in options.nodes):
                continue
            result = NodeResult(node, name, release=_image_release(pod, options.container))
            phase = _at(pod, "status", "phase")
            if phase != "Running":
                result.reason = f"the agent is not running: {phase}"
            found.append(result)
        if not found:
            place = f"{options.agent_namespace} with {options.selector}"
            raise LiveError(f"there are no agents in {place} (--agent-namespace, --selector)")
        return found

    def _collect_objects(self) -> None:
        policies: list[dict[str, Any]] = []
        for kind, name in CLUSTER_KINDS.items():
            try:
                objects = self._kubectl.get(kind, "-A")
            except LiveError as error:
                if kind not in _OPTIONAL or "the server doesn't have a resource type" not in str(
                    error
                ):
                    self._result.problems.append(f"{kind}: {error}")
                continue
            if kind == _POLICIES:
                policies = objects
            namespaces = {str(_at(each, "metadata", "namespace")) for each in policies}
            if kind == "pods":
                objects = [cut_pod(each, namespaces) for each in objects]
            else:
                objects = [cut_object(each) for each in objects]
            self._write_objects(f"{name}-{self._time}.json", objects)
        try:
            config = self._kubectl.get(
                "configmap", "cilium-config", "-n", self._options.agent_namespace
            )
            self._write_objects(f"cilium-configmap-{self._time}.json", config, is_single=True)
        except LiveError as error:
            self._result.problems.append(f"configmap cilium-config: {error}")

    def _write_objects(
        self, name: str, objects: list[dict[str, Any]], *, is_single: bool = False
    ) -> None:
        if self._redaction is not None:
            self._redaction.learn(objects)
            objects = self._redaction.objects(objects)
        document: Any = {"apiVersion": "v1", "kind": "List", "items": objects}
        if is_single and objects:
            document = objects[0]
        self._write(name, json.dumps(document, ensure_ascii=False).encode())

    def _ask_agents(self, agents: Sequence[NodeResult]) -> None:
        waiting = [each for each in agents if not each.reason]
        for each in agents:
            if each.reason:
                self._done(each)
        pool = ThreadPoolExecutor(max_workers=self._options.parallel)
        try:
            running: dict[Future[None], NodeResult] = {}
            while waiting or running:
                # No more are under way than are asked at once: what they print is held.
                while waiting and len(running) < self._options.parallel:
                    agent = waiting.pop(0)
                    running[pool.submit(self._ask, agent)] = agent
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    agent = running.pop(future)
                    if (error := future.exception()) is not None:
                        agent.reason = str(error)
                    self._done(agent)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, agent: NodeResult) -> None:
        self._result.nodes.append(agent)
        if self._on_node is not None:
            self._on_node(agent)

    def _ask(self, agent: NodeResult) -> None:
        token = new_token()
        begin = time.monotonic()
        options = self._options
        try:
            output = self._kubectl.execute(
                options.agent_namespace, agent.pod, options.container, script_arguments(token)
            )
        finally:
            agent.seconds = round(time.monotonic() - begin, 3)
        answers, reason = parse_answers(output, token)
        agent.reason = reason
        pod = agent.pod if self._redaction is None else self._redaction.name(agent.pod)
        folder = f"cilium-bugtool-{pod}-{self._time}/cmd"
        files: dict[str, bytes] = {}
        for answer in answers:
            # Each release has some of the commands alone.
            if answer.status == 0 or answer.command in _IN_EVERY_RELEASE:
                files[answer.name] = files.get(answer.name, b"") + self._content(answer)
        for name, content in files.items():
            self._write(f"{folder}/{name}", content)
        listed = [x for x in answers if x.command == "service list -o json" and x.status]
        if listed and not agent.reason:
            text = " ".join(listed[0].output.decode(errors="replace").split())[:200]
            agent.reason = f"service list failed: {text}"

    def _content(self, answer: Answer) -> bytes:
        content = answer.output
        if self._redaction is not None:
            content = self._redaction.text(content.decode(errors="replace")).encode()
        if answer.status:
            command = f"{answer.program} {answer.command}"
            failure = f"> Error while running '{command}':  exit status {answer.status}\n\n"
            content += failure.encode()
        return content

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)

    def _pack(self) -> None:
        """Pack the folder."""
        handle = os.open(self._target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        name = f"cilium-sysdump-{self._time}"
        with (
            os.fdopen(handle, "wb") as file,
            self._compressed(file) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            archive.add(self._folder, arcname=name)
        shutil.rmtree(self._folder)

    def _compressed(self, file: BinaryIO) -> BinaryIO:
        if self._target.name.endswith(".xz"):
            return cast("BinaryIO", lzma.LZMAFile(file, "wb", filters=_XZ))
        return cast("BinaryIO", gzip.GzipFile("", "wb", _GZIP_LEVEL, file))


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if is_object(value) else None
    return value


def _image_release(pod: Mapping[str, Any], container: str) -> str:
    containers = _at(pod, "spec", "containers")
    for each in containers if is_array(containers) else ():
        if _at(each, "name") == container:
            image = str(_at(each, "image") or "")
            return image.partition("@")[0].rpartition(":")[2].removeprefix("v")
    return ""
