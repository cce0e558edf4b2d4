"""The names in an archive, those of archives within it too, and the way back to the bytes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Generator
from contextlib import suppress
from typing import NamedTuple

from .containers import Container, Entry, FolderContainer, TarContainer, read_entry
from .limits import Limits, Problem, SysdumpError
from .names import Role, is_bugtool_archive, name_of, pod_of

__all__ = ["Index", "Member"]

# A dump lying by itself in a folder is named after its node, `<node>.json`.
_LOOSE_BPF = re.compile(r"(?P<node>.+?)[.-]bpf(?:-lb-list)?(?:\.txt|\.md)?")
_LOOSE = re.compile(r"(?P<node>.+?)\.(?:(?P<json>json|ya?ml)|txt|md)(?:\.(?:gz|xz|zst))?")


class Member(NamedTuple):
    """A file: its path for people, and its name in each container from the outermost inwards."""

    path: str
    chain: tuple[str, ...]


class _Forward:
    """The files of a tar, read in one pass as long as folders are asked for in their order.

    What is passed in the folder of the file is kept until another folder is asked for: one node's
    files, in any order.
    """

    def __init__(self, container: TarContainer, limits: Limits) -> None:
        self._container = container
        self._limits = limits
        self._pass: Generator[Entry] | None = None
        self._folder = ""
        self._kept: dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        """Return the bytes of a file; raises `SysdumpError`."""
        folder = name.rpartition("/")[0]
        if folder != self._folder:
            self._folder, self._kept = folder, {}
        if name not in self._kept and not self._find(name):
            # It is behind the place that was reached, or not there.
            self.close()
            if not self._find(name):
                raise SysdumpError("it is not there any more")
        return self._kept[name]

    def _find(self, name: str) -> bool:
        if self._pass is None:
            self._pass = self._container.entries()
        for entry in self._pass:
            if entry.refused or entry.name.rpartition("/")[0] != self._folder:
                continue
            if entry.name == name:
                self._kept[name] = read_entry(entry, self._limits)
                return True
            if name_of(entry.name) is not None:
                with suppress(SysdumpError):
                    self._kept[entry.name] = read_entry(entry, self._limits)
        self._pass = None
        return False

    def close(self) -> None:
        """End the pass."""
        if self._pass is not None:
            self._pass.close()
            self._pass = None


class Index:
    """What lies where. `nodes` has the files of each node by role, `cluster` those of all nodes."""

    def __init__(self, container: Container, limits: Limits, title: str) -> None:
        self._container = container
        self._limits = limits
        self._title = title
        self._count = 0
        self.problems: list[Problem] = []
        self.nodes: dict[str, dict[Role, Member]] = {}
        self.pods: dict[str, str] = {}
        self.cluster: dict[Role, list[Member]] = defaultdict(list)
        self._forward = _Forward(container, limits) if isinstance(container, TarContainer) else None
        loose: list[Member] = []
        self._walk(container, (), loose)
        if not self.nodes:
            self._take_loose(loose)
        if not self.nodes and not self.cluster:
            reasons = "; ".join(map(str, self.problems))
            raise SysdumpError(
                f"{title}: nothing in it says anything of services"
                + (f" ({reasons})" * bool(reasons))
            )

    def note(self, path: str, reason: str) -> None:
        """Remember once what was left out."""
        if (problem := Problem(path, reason)) not in self.problems:
            self.problems.append(problem)

    def _walk(self, container: Container, chain: tuple[str, ...], loose: list[Member]) -> None:
        """Note every file that is wanted. What is damaged ends the walk of that archive alone."""
        try:
            for entry in container.entries():
                self._count += 1
                if self._count > self._limits.members:
                    self.note("/".join(chain) or self._title, "it has too many files")
                    return
                self._take(container, entry, chain, loose)
        except SysdumpError as error:
            self.note("/".join(chain) or self._title, str(error))

    def _take(
        self, container: Container, entry: Entry, chain: tuple[str, ...], loose: list[Member]
    ) -> None:
        inner = (*chain, entry.name)
        member = Member("/".join(inner), inner)
        # An archive within an archive is looked into, one within that is not.
        nested = not chain and is_bugtool_archive(
            entry.name, isinstance(container, FolderContainer)
        )
        name = name_of(member.path)
        if entry.refused:
            if name or nested:
                self.note(member.path, entry.refused)
        elif nested:
            self._walk(TarContainer(entry.open, self._limits, on_disk=False), inner, loose)
        elif name is None:
            if not chain and _LOOSE.fullmatch(entry.name.rsplit("/", 1)[-1]):
                loose.append(member)
        elif name.role in ("objects", "config", "kvstore"):
            self.cluster[name.role].append(member)
        else:
            group = name.node or self._title
            pod = name.pod or pod_of(self._title.split(".tar")[0])
            self._add(group, pod, name.role, member)

    def _add(self, group: str, pod: str, role: Role, member: Member) -> None:
        files = self.nodes.setdefault(group, {})
        self.pods.setdefault(group, pod)
        if role in files:
            self.note(member.path, f"it is left out, {files[role].path} is the same for this node")
        else:
            files[role] = member

    def _take_loose(self, loose: list[Member]) -> None:
        """Dumps by the names of their nodes, where there is nothing else."""
        for member in loose:
            base = member.path.rsplit("/", 1)[-1]
            if match := _LOOSE_BPF.fullmatch(base):
                self._add(match["node"], "", "bpf", member)
            elif match := _LOOSE.fullmatch(base):
                self._add(match["node"], "", "json" if match["json"] else "text", member)

    def read(self, member: Member) -> bytes:
        """The bytes of a file; raises `SysdumpError`."""
        if self._forward is not None and len(member.chain) == 1:
            return self._forward.read(member.path)
        return self._read(self._container, member.chain)

    @property
    def is_forward_only(self) -> bool:
        """Whether files are best read in the order in which they lie there."""
        return self._forward is not None

    def close(self) -> None:
        """End the pass through the archive."""
        if self._forward is not None:
            self._forward.close()

    def _read(self, container: Container, chain: tuple[str, ...]) -> bytes:
        name, *inner = chain
        entries = (
            iter([container.entry(name)])
            if isinstance(container, FolderContainer)
            else container.entries()
        )
        for entry in entries:
            if entry.name == name and not entry.refused:
                if inner:
                    nested = TarContainer(entry.open, self._limits, on_disk=False)
                    return self._read(nested, tuple(inner))
                return read_entry(entry, self._limits)
        raise SysdumpError("it is not there any more")
