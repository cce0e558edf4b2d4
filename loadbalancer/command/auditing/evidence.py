"""The input of an audit: the dumps of nodes, and the objects of Kubernetes."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loadbalancer import SVC, SVCType, read_dump
from loadbalancer.command.input.sources import CannotRead, Source
from loadbalancer.datapath import DatapathEntry, read_bpf
from loadbalancer.dumps.dump import Dump
from loadbalancer.dumps.formats import archive_format
from loadbalancer.kubernetes import DocumentError, iter_objects
from loadbalancer.releases import Release
from loadbalancer.sysdump import NodeDump, NodeOptions, SysdumpError, open_sysdump

__all__ = ["Evidence", "NodeView", "gather", "read_entries", "served_addresses"]


@dataclass(frozen=True, slots=True)
class NodeView:
    """What is known of one node."""

    name: str
    services: list[SVC]
    omitted: frozenset[str]
    """The facts that the dump does not carry."""
    release: str
    """The release of the agent, such as `1.14`."""
    entries: list[DatapathEntry] | None
    """What the kernel has; None if that is unknown."""
    options: NodeOptions = field(default_factory=NodeOptions)


@dataclass(slots=True)
class Evidence:
    """All that was read, and what could not be read."""

    views: list[NodeView] = field(default_factory=list[NodeView])
    objects: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    problems: list[str] = field(default_factory=list[str])


def gather(paths: Sequence[str], kubernetes: Iterable[str]) -> Evidence:
    """Read dumps, archives and directories, and the objects beside them.

    Raises:
        CannotRead: a file or archive cannot be read at all.
    """
    evidence = Evidence()
    for path in paths:
        if _is_archive(path):
            _take_archive(evidence, path)
        else:
            _take_dump(evidence, path)
    for path in kubernetes:
        try:
            evidence.objects += iter_objects(_bytes(path))
        except DocumentError as error:
            raise CannotRead(path, str(error)) from None
    return evidence


def read_entries(path: str) -> list[DatapathEntry]:
    """The kernel's frontends that a file holds.

    Raises:
        CannotRead: it is not what `cilium bpf lb list` prints.
    """
    try:
        return read_bpf(_bytes(path).decode(errors="replace"))
    except ValueError as error:
        raise CannotRead(path, str(error)) from None


def served_addresses(services: Iterable[SVC]) -> tuple[str, ...]:
    """The addresses at which a node serves node ports, as its dump shows.

    Kubernetes does not say which of a node's addresses are on a device that the agent looks
    at. An address with less than half of the node ports of another one does not count: what
    is listed there is a finding.
    """
    counts = Counter(
        str(each.frontend.addr_cluster) for each in services if each.type is SVCType.NodePort
    )
    most = max(counts.values(), default=0)
    return tuple(address for address, count in counts.items() if 2 * count >= most)


def _is_archive(path: str) -> bool:
    try:
        return path != "-" and (
            Path(path).is_dir() or _begins_as_zip(path) or tarfile.is_tarfile(path)
        )
    except OSError:
        # Reading it gives the reason why it cannot be read.
        return False


def _begins_as_zip(path: str) -> bool:
    """Also if its end, where `zipfile` looks, is cut off: who opens it says so."""
    with open(path, "rb") as file:
        return archive_format(file.read(4)) == "zip"


def _bytes(path: str) -> bytes:
    return b"".join(Source(path).chunks())


def _take_dump(evidence: Evidence, path: str) -> None:
    dump = read_dump(_bytes(path))
    problems = [f"{Source(path).name}: {each}" for each in dump.problems]
    if problems and not dump.services:
        raise CannotRead(Source(path).name, str(dump.problems[0]))
    evidence.problems += problems
    name = "" if path == "-" else Path(path).name.split(".")[0]
    _add(evidence, _view(name, dump, "", None), path)


def _take_archive(evidence: Evidence, path: str) -> None:
    try:
        with open_sysdump(path) as sysdump:
            options = sysdump.options or NodeOptions()
            for node in sysdump.nodes:
                view = _view_of_node(evidence, node)
                if view is not None:
                    _add(evidence, replace(view, options=options), path)
            evidence.objects += sysdump.objects()
            evidence.problems += [f"{path}: {each}" for each in sysdump.problems]
    except SysdumpError as error:
        raise CannotRead(path, str(error).removeprefix(f"{path}: ")) from None


def _view_of_node(evidence: Evidence, node: NodeDump) -> NodeView | None:
    dump = node.read_services(_read_any)
    if dump is None:
        evidence.problems.append(f"{node.name}: nothing says what the agent lists")
        return None
    evidence.problems += [f"{node.name}: {each}" for each in dump.problems]
    return _view(node.name, dump, node.release, node.read_datapath(read_bpf))


def _read_any(data: bytes) -> Dump:
    """Read a dump; if nothing in it can be read, an error makes the caller try the next file."""
    dump = read_dump(data)
    if dump.problems and not dump.services:
        raise ValueError(str(dump.problems[0]))
    return dump


def _view(name: str, dump: Dump, release: str, entries: list[DatapathEntry] | None) -> NodeView:
    # The rules are those of 1.13 unless the dump shows that it is from a later release.
    earliest, _ = dump.releases or ("1.13", "")
    release = release or str(max(Release.parse(earliest), Release(1, 13)))
    return NodeView(name, dump.services, dump.omitted, release, entries)


def _add(evidence: Evidence, view: NodeView, path: str) -> None:
    if any(view.name == each.name for each in evidence.views):
        view = replace(view, name=path)
    evidence.views.append(view)
