"""Files that are checked in several processes: everything is as if there were just one."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from loadbalancer.command.input import checking
from loadbalancer.command.input.checking import Checks
from loadbalancer.command.input.sources import CannotRead, Source
from loadbalancer.command.output.printing import Printer
from loadbalancer.command.output.progress import Bar
from loadbalancer.command.output.reporting import JsonReporter

from ..support import DATA
from .conftest import Invoke
from .running import EXAMPLES, Finished, environment

START = checking._START  # pyright: ignore[reportPrivateUsage]

OPTIONS: list[list[str]] = [
    [],
    ["--strict"],
    ["--strict-keys", "--max-problems", "3"],
    ["--max-problems", "0"],
    ["--quiet"],
    ["--release", "1.18"],
    ["--as", "service"],
    ["--format", "json"],
    ["--format", "json", "--max-problems", "1"],
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files of all kinds, of which some cannot be read, wholly or to their ends."""
    folder = tmp_path_factory.mktemp("files")
    packed = gzip.compress((EXAMPLES / "broken.json").read_bytes() * 50)
    written = {
        "cut.json.gz": packed[:-100],
        "empty.json": b"",
        "half.json": (EXAMPLES / "service_list.json").read_bytes()[:-300],
        "no.json": b"nothing of the kind",
        "packed.json.gz": packed,
    }
    for name, content in written.items():
        (folder / name).write_bytes(content)
    lines = (DATA / "dialects" / "dumps.jsonl").read_text().splitlines()
    for number, line in enumerate(lines[::40]):
        (folder / f"dump-{number}.json").write_text(json.loads(line)["text"])
    missing = [str(folder / "missing.json"), str(folder / "missing*")]
    return [str(EXAMPLES), *missing, str(folder), str(EXAMPLES / "broken.json")]


@pytest.fixture(params=["fork", "spawn"])
def start(request: pytest.FixtureRequest) -> str:
    method: str = request.param
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("this system begins no processes like that")
    return method


def one_after_another(invoke: Invoke, *arguments: str) -> Finished:
    """What `validate` says with a single process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "_processors", lambda: 1)
        return invoke("validate", *arguments)


def at_once(patch: pytest.MonkeyPatch, start: str = START) -> list[int]:
    """Have small files checked at once; how many processes were wanted, each time."""
    wanted: list[int] = []
    submitted = checking._submitted  # pyright: ignore[reportPrivateUsage]

    def noted(*arguments: Any) -> object:
        if arguments[-1]:
            wanted.append(arguments[-1])
        return submitted(*arguments)

    patch.setattr(checking, "_processors", lambda: 3)
    patch.setattr(checking, "_WORTH_PROCESSES", 0)
    patch.setattr(checking, "_START", start)
    patch.setattr(checking, "_submitted", noted)
    return wanted


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_all_is_said_as_if_there_were_one_process(
    options: list[str], files: list[str], invoke: Invoke
) -> None:
    expected = one_after_another(invoke, *options, *files)
    with pytest.MonkeyPatch.context() as patch:
        wanted = at_once(patch)
        assert invoke("validate", *options, *files) == expected
    assert wanted == [3]
    assert expected.code == 2
    # Of dumps of other releases there are notes, which JSON has.
    assert ('"rule": ' in expected.out) == ("json" in options)


def test_processes_may_begin_anew(start: str, files: list[str], invoke: Invoke) -> None:
    expected = one_after_another(invoke, *files)
    with pytest.MonkeyPatch.context() as patch:
        wanted = at_once(patch, start)
        assert invoke("validate", *files) == expected
    assert wanted == [3]


def is_worker() -> bool:
    return multiprocessing.parent_process() is not None


@pytest.mark.skipif(START != "fork", reason="patches are not passed on")
@pytest.mark.parametrize("name", ["packed.json.gz", "service_list.json"])
def test_what_a_process_has_not_told_before_its_end_is_read_again(
    name: str, files: list[str], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = one_after_another(invoke, *files)
    verdict = Checks.of

    def dies(self: Checks, source: Source | CannotRead, *arguments: Callable[..., None]) -> object:
        if is_worker() and source.name.endswith(name):
            os.kill(os.getpid(), signal.SIGKILL)
        return verdict(self, source, *arguments)

    at_once(monkeypatch)
    monkeypatch.setattr(Checks, "of", dies)
    assert invoke("validate", *files) == expected


def test_a_system_without_processes_to_give_does_without(
    files: list[str], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    expected = one_after_another(invoke, *files)
    wanted = at_once(monkeypatch)
    monkeypatch.setattr("os.fork", refuse)
    assert invoke("validate", *files) == expected
    assert wanted == [3]


class OfAnotherWorldError(Exception):
    """It cannot be sent to another process."""

    def __init__(self) -> None:
        super().__init__(lambda: None)


@pytest.mark.parametrize("error", [MemoryError, OfAnotherWorldError])
def test_an_error_in_a_process_is_told_as_in_this_one(
    error: type[Exception], files: list[str], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> object:
        raise error

    monkeypatch.setattr(Checks, "of", fails)
    expected = one_after_another(invoke, str(EXAMPLES))
    at_once(monkeypatch)
    found = invoke("validate", str(EXAMPLES))
    assert (found.code, found.out) == (2, "")
    assert without_addresses(found.err) == without_addresses(expected.err)


def without_addresses(text: str) -> str:
    return re.sub("0x[0-9a-f]+", "0x", text)


def test_small_files_and_streams_are_left_to_this_process(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wanted = at_once(monkeypatch)
    os.mkfifo(tmp_path / "pipe")
    streams = ["/dev/null", str(tmp_path / "pipe")]
    writer = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    os.write(writer, b"{}")
    assert [Source(name).is_stream for name in ("-", *streams)] == [True] * 3
    assert Source(str(EXAMPLES / "broken.json")).is_stream is False
    invoke("validate", "service_get_5.json", "/dev/null", "service_list.json")
    invoke("validate", "service_get_5.json")
    monkeypatch.setattr(checking, "_WORTH_PROCESSES", 1 << 30)
    invoke("validate", "service_get_5.json", "service_list.json")
    os.close(writer)
    assert wanted == []


def test_the_bar_shows_what_all_of_them_have_read(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    names = sorted(str(path) for path in EXAMPLES.glob("*.json"))
    bar = Bar(None, is_terminal=False)
    sources = [Source(name) for name in names]
    checks = Checks(None, strict_keys=False, is_strict=False, release=None)
    checked = checking.check_files(sources, checks, JsonReporter(Printer(), 0), bar)
    assert [source.name for source, _ in checked] == names
    assert bar.read == sum(Path(name).stat().st_size for name in names)


# Each of the processes stands still as soon as it has begun.
HANGING = """
import os, sys, time
from multiprocessing import parent_process
from loadbalancer.command import main
from loadbalancer.command.input import checking
from loadbalancer.checking.verdict import Verdict

def of(_, source, *__):
    assert parent_process() is not None
    os.write(2, b"begun\\n")
    if source.name == "broken.json":
        return Verdict()
    time.sleep(600)

checking.Checks.of = of
checking._WORTH_PROCESSES = 0
checking._processors = lambda: 2
sys.exit(main(sys.argv[1:]))
"""


@contextmanager
def hanging(*names: str) -> Generator[subprocess.Popen[str]]:
    """The command, in a group of processes of its own, both of its processes begun."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANGING, "validate", *names],
        cwd=EXAMPLES,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell has its background jobs ignore it, and their children do so, too.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def begun(process: subprocess.Popen[str]) -> list[str]:
    assert process.stderr is not None
    return [process.stderr.readline() for _ in range(2)]


def has_ended(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.skipif(START != "fork", reason="patches are not passed on")
@pytest.mark.parametrize("by_terminal", [True, False])
def test_interrupted_it_ends_without_a_word_and_leaves_nobody_behind(by_terminal: bool) -> None:
    with hanging("service_list.json", "service_get_5.json") as process:
        assert begun(process) == ["begun\n"] * 2
        if by_terminal:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 130
        wait_for(lambda: has_ended(process.pid))


@pytest.mark.skipif(START != "fork", reason="patches are not passed on")
def test_killed_it_leaves_nobody_behind() -> None:
    with hanging("service_list.json", "service_get_5.json") as process:
        assert begun(process) == ["begun\n"] * 2
        process.kill()
        process.wait(30)
        wait_for(lambda: has_ended(process.pid))


@pytest.mark.skipif(START != "fork", reason="patches are not passed on")
def test_it_ends_when_nobody_reads_on() -> None:
    with hanging("broken.json", "service_list.json") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(30)
        assert process.returncode == 141
        wait_for(lambda: has_ended(process.pid))


def wait_for(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it does not come to pass")
