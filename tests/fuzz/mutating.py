"""Examples of each format, damaged at random, and the readers that they are given to."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import signal
import tarfile
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

from loadbalancer import SVC, LoadBalancerError, read_dump, write_dump
from loadbalancer.checking.checker import Checker
from loadbalancer.checking.verdict import Verdict
from loadbalancer.datapath import read_bpf
from loadbalancer.kubernetes import Node, expected_services, read_objects, read_state_file
from loadbalancer.kubernetes.documents import iter_objects
from loadbalancer.sysdump import audit_cluster, open_sysdump

from ..support import DATA, ROOT

__all__ = ["FORMATS", "Format", "SlowError", "mutated", "try_one"]

SECONDS = 10
"""How long one input may take. They have some 100 KB; a machine may be slow."""
_TOKENS = [
    *(b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"\0", b"\n", b"---\n", b"- ", b"null"),
    *(b"\xff", b"\xef\xbb\xbf", b"\\ud800", b"\\udc00\\ud800", "\u202e".encode(), b"1e999", b"-0"),
    *(b"9" * 5000, b"[" * 5000, b'{"a":' * 2000, b"&a [*a]", b"*a", b"<<: ", b"!!int ''", b"NaN"),
    *(b"!!timestamp 2020-01-01", b"2020-01-01", b"{}" * 500, b"::ffff:1.2.3.4", b"0x1F", b"1.5"),
    *(b"-" * 50_000, b"== " * 20_000, b"1 " + b"a." * 20_000, b":1" * 20_000, b"-a a " * 9_000),
    *(b'"spec":', b'"status":{"realized":', b'"backend-addresses":', b" => ", b"ID   Frontend"),
]


class SlowError(Exception):
    """A reader took longer than `SECONDS`."""


def mutated(data: bytes, other: bytes, random: Random) -> bytes:
    """Return data with some damages; `other` is what parts are taken from."""
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        at = random.randrange(len(found) + 1)
        end = min(len(found), at + random.choice((1, 4, 40, 400, 4000)))
        match random.randrange(7):
            case 0 if at < len(found):
                found[at] ^= 1 << random.randrange(8)
            case 1:
                del found[at:end]
            case 2:
                found[at:at] = found[at:end] * random.choice((1, 2, 50))
            case 3:
                found[at:at] = random.choice(_TOKENS)
            case 4:
                begin = random.randrange(len(other) + 1)
                found[at:end] = other[begin : begin + end - at]
            case 5:
                found[at:end] = random.choice(_TOKENS)
            case _:
                del found[at:]
    return bytes(found[:200_000])


def _dump(data: bytes) -> None:
    dump = read_dump(data)
    for format in ("json", "yaml", "text"):
        write_dump(dump.services, format=format)
    for svc in dump.services:
        assert SVC.model_validate_json(svc.model_dump_json()) == svc
    _ = dump.notes, dump.release_range


def _check(data: bytes) -> None:
    verdict = Verdict()
    for checked in Checker(looks_at_releases=True, most_diagnosed=200).check([data]):
        verdict.add(checked)
    json.dumps(verdict.as_json())


def _objects(data: bytes) -> None:
    objects = [*iter_objects(data)]
    json.dumps(objects)
    expected_services(read_objects(objects), Node("worker-1"))


def _sysdump(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sysdump.tar")
        path.write_bytes(data)
        with open_sysdump(path) as sysdump:
            for node in sysdump.nodes:
                node.read_services(read_dump)
        audit_cluster([str(path)])


def _tars(folder: Path) -> list[bytes]:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(folder, arcname=folder.name)
    return [each(stream.getvalue()) for each in (bytes, gzip.compress, lzma.compress)]


def _texts(*patterns: str) -> list[bytes]:
    paths = [path for each in patterns for path in sorted(DATA.parent.parent.glob(each))]
    return [path.read_bytes()[:100_000] for path in paths if path.is_file()]


def _dialects(format: str) -> list[bytes]:
    lines = (DATA / "dialects" / "dumps.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [each["text"].encode() for each in found if each["format"] == format][:30]


@dataclass(frozen=True)
class Format:
    """A format: examples of it, and what reads it."""

    read: Callable[[bytes], object]
    examples: Callable[[], list[bytes]]


FORMATS = {
    "json": Format(_dump, lambda: _texts("examples/*.json", "tests/data/field/*.json")),
    "text": Format(_dump, lambda: [*_dialects("text"), *_texts("tests/data/field/*.txt")]),
    "yaml": Format(_dump, lambda: _dialects("yaml")),
    "statedb": Format(_dump, lambda: [*_dialects("statedb"), *_texts("tests/data/field/B2*")]),
    "validate": Format(_check, lambda: _texts("examples/*.json", "tests/data/field/*.*")),
    "bpf": Format(
        lambda data: read_bpf(data.decode(errors="replace")),
        lambda: _texts("tests/data/field/*bpf*", "examples/sysdump/*/cmd/*bpf*"),
    ),
    "state file": Format(
        lambda data: read_state_file(data.decode(errors="replace")),
        lambda: _texts("tests/data/field/*state-file*.yaml"),
    ),
    "objects": Format(
        _objects, lambda: _texts("examples/sysdump/*.yaml", "tests/data/field/*.objects.json")
    ),
    "sysdump": Format(_sysdump, lambda: _tars(ROOT / "examples" / "sysdump")),
}


@contextmanager
def _limited() -> Generator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise SlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def try_one(format: Format, data: bytes) -> None:
    """Give an input to the reader of a format, which may refuse it.

    Raises:
        Exception: the reader raised something else than an error of the package.
        SlowError: it took too long.
    """
    with _limited(), suppress(LoadBalancerError):
        format.read(data)
