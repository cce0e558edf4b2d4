"""The input of an audit: dumps, archives, and the objects of Kubernetes beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ..audit.views import Cluster, NodeView, view_of_dump
from ..dumps.bpf.entry import DatapathEntry
from ..dumps.bpf.maps_dump import leftover_rows
from ..dumps.bpf.reading import read_bpf
from ..dumps.dump import Dump
from ..dumps.reading import read_dumps
from ..kubernetes.documents import DocumentError, iter_objects
from ..kubernetes.options import parse_config_output
from ..kubernetes.reading import Objects, add_objects
from ..releases import Release, ReleaseError
from .containers import format_of
from .kvstore import ClusterService
from .limits import SysdumpError
from .names import node_name_of
from .opening import NodeDump, Sysdump, open_sysdump

__all__ = ["Evidence", "File", "Kernel", "UnreadableError", "read_kernel"]

_TIME = re.compile(r"-(\d{8}-\d{6})(?:\D|\Z)")


class UnreadableError(SysdumpError):
    """A file cannot be read at all; `name` says which one, and `reason` why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


@dataclass(frozen=True, slots=True)
class File:
    """A file or directory; `data` if it has been read, as standard input."""

    path: str
    data: bytes | None = None

    def read(self) -> bytes:
        """Return the content.

        Raises:
            UnreadableError: it cannot be read.
        """
        if self.data is not None:
            return self.data
        try:
            return Path(self.path).read_bytes()
        except OSError as error:
            raise UnreadableError(self.path, error.strerror or str(error)) from None

    @property
    def is_archive(self) -> bool:
        """Whether it is a directory or an archive."""
        if self.data is not None:
            return False
        try:
            return Path(self.path).is_dir() or format_of(Path(self.path)) is not None
        except (OSError, SysdumpError):
            # Reading it gives the reason why it cannot be read.
            return False


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a text has of the kernel's maps."""

    entries: list[DatapathEntry]
    leftovers: dict[tuple[str, int], int]
    """The rows of ids that the service map does not have, see `leftover_rows`."""

    @classmethod
    def read(cls, text: str) -> Kernel:
        """Read the output of `cilium bpf lb list` or `lb/maps-dump`.

        Raises:
            DatapathError: it is something else.
        """
        return cls(read_bpf(text), leftover_rows(text))


def read_kernel(file: File) -> Kernel:
    """Return what a file has of the kernel's maps.

    Raises:
        UnreadableError: it is not the output of `cilium bpf lb list`.
    """
    try:
        return Kernel.read(file.read().decode(errors="replace"))
    except ValueError as error:
        raise UnreadableError(file.path, str(error)) from None


@dataclass
class Evidence:
    """What files and archives have of nodes and of the cluster, read as it is asked for."""

    objects: Objects = field(default_factory=Objects)
    problems: list[str] = field(default_factory=list[str])
    """What could not be read."""
    unreadable: list[str] = field(default_factory=list[str])
    """The nodes of which nothing says what the agent lists."""
    _nodes: list[tuple[str, Callable[[], NodeView | None]]] = field(
        default_factory=list[tuple[str, "Callable[[], NodeView | None]"]]
    )
    _places: list[int] = field(default_factory=list[int])
    _remote: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _open: list[Sysdump] = field(default_factory=list[Sysdump])

    def add(self, file: File) -> None:
        """Add a dump, an archive or a folder; of nodes no more than the names are read.

        Raises:
            UnreadableError: it cannot be read at all.
        """
        if file.is_archive:
            self._add_archive(file)
        else:
            self._add_dumps(file)

    def add_objects(self, file: File) -> None:
        """Add the Kubernetes objects of a file.

        Raises:
            UnreadableError: it is neither JSON nor YAML, or has something else in it.
            KubernetesError: an object is not valid.
        """
        try:
            add_objects(self.objects, iter_objects(file.read()))
        except DocumentError as error:
            raise UnreadableError(file.path, str(error)) from None

    @property
    def names(self) -> list[str]:
        """The names of the nodes."""
        return [name for name, _ in self._nodes]

    def cluster(self) -> Cluster:
        """Return the objects of the cluster."""
        remote = {name: frozenset(each) for name, each in self._remote.items()}
        return Cluster(self.objects, remote)

    def views(self, names: Iterable[str] | None = None) -> Iterator[NodeView]:
        """Yield what is known of each node, one at a time; nodes without a dump are skipped.

        They come in the order in which they lie in archives, which takes one pass through each.
        """
        loads = dict(self._nodes)
        for name in self.in_order(self.names if names is None else names):
            view = loads[name]()
            if view is None:
                self.unreadable.append(name)
            else:
                yield view

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Return names of nodes in the order in which they are read the fastest."""
        wanted = {*names}
        places = sorted(range(len(self._nodes)), key=self._places.__getitem__)
        return [self._nodes[each][0] for each in places if self._nodes[each][0] in wanted]

    def reopen(self) -> None:
        """Open the archives anew, in a copy of the process: places in files are not shared."""
        for each in self._open:
            each.reopen()

    def take(self, problems: Iterable[str], unreadable: Iterable[str]) -> None:
        """Add what was found out about nodes elsewhere."""
        self.problems += [each for each in problems if each not in self.problems]
        self.unreadable += [each for each in unreadable if each not in self.unreadable]

    def close(self) -> None:
        """Close the archives."""
        for each in self._open:
            each.close()

    def __enter__(self) -> Evidence:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _add_dumps(self, file: File) -> None:
        dumps = read_dumps(file.read())
        for number, dump in enumerate(dumps, start=1):
            if dump.problems and not dump.services:
                raise UnreadableError(file.path, str(dump.problems[0]))
            self.problems += [f"{file.path}: {each}" for each in dump.problems]
            name = dump.name or ("" if file.data is not None else node_name_of(file.path))
            if len(dumps) > 1 and not dump.name:
                name = f"{name}#{number}"
            view = view_of_dump(dump, name)
            self._append(name, file.path, partial(_itself, view))

    def _append(
        self, name: str, path: str, load: Callable[[], NodeView | None], place: int | None = None
    ) -> None:
        if name in self.names:
            name = path
        self._nodes.append((name, load))
        self._places.append(len(self._places) if place is None else place)

    def _add_archive(self, file: File) -> None:
        try:
            sysdump = open_sysdump(file.path)
        except SysdumpError as error:
            raise UnreadableError(file.path, str(error).removeprefix(f"{file.path}: ")) from None
        self._open.append(sysdump)
        add_objects(self.objects, sysdump.objects())
        own = sysdump.config.get("cluster-name", "")
        for each in sysdump.kvstore_services:
            if each.cluster != own:
                self._add_remote(each)
        begin = len(self._nodes)
        places = {id(node): place for place, node in enumerate(sysdump.nodes_as_they_lie())}
        for node in sysdump.nodes:
            load = partial(self._view, sysdump, node)
            self._append(node.name, file.path, load, begin + places[id(node)])
        self.problems += [f"{file.path}: {each}" for each in sysdump.problems]

    def _add_remote(self, service: ClusterService) -> None:
        addresses = self._remote.setdefault(f"{service.namespace}/{service.name}", set())
        for ip, ports in service.backends.items():
            host = f"[{ip}]" if ":" in ip else ip
            addresses.update(f"{host}:{port.port}" for port in ports.values())

    def _view(self, sysdump: Sysdump, node: NodeDump) -> NodeView | None:
        dump = node.read_services(_read_any)
        if dump is not None:
            self.problems += [f"{node.name}: {each}" for each in dump.problems]
        kernel = node.read_datapath(Kernel.read)
        tables = node.read_tables(_read_any)
        for each in node.problems:
            text = f"{node.name}: {each}"
            if text not in self.problems:
                self.problems.append(text)
        if dump is None:
            self.problems.append(f"{node.name}: nothing has the services that the agent lists")
            return None
        return replace(
            view_of_dump(dump, node.name, _release(node.release)),
            entries=None if kernel is None else kernel.entries,
            leftovers={} if kernel is None else kernel.leftovers,
            tables=dump.tables or (None if tables is None else tables.tables),
            config={**sysdump.config, **parse_config_output(node.config)},
            taken=_taken(str(sysdump.path)),
        )


def _itself(view: NodeView) -> NodeView:
    return view


def _release(text: str) -> Release | None:
    try:
        return Release.parse(text) if text else None
    except ReleaseError:
        return None


def _taken(path: str) -> datetime | None:
    match = _TIME.search(path)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _read_any(data: bytes) -> Dump:
    """Read a dump; if nothing in it can be read, an error makes the caller try the next file."""
    dump = read_dumps(data)[0]
    if dump.problems and not dump.services:
        raise ValueError(str(dump.problems[0]))
    return dump
