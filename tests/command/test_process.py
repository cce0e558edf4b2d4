"""The command as a process: how it starts and ends, and what it does in a terminal."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest

from loadbalancer import __version__
from loadbalancer.command import main

from .running import COMMAND, EXAMPLES, environment, read_terminal, run, run_in_terminal

NAMES = ("validate", "list", "convert", "diff", "flags", "state", "schema", "completion")
BACKEND = b'{"ip": "10.0.0.1"}\n'


def test_version_and_help() -> None:
    finished = run("--version")
    assert (finished.code, finished.out) == (0, f"loadbalancer {__version__}\n")
    assert run("-V") == finished
    assert run("-h") == run("--help") == run("help")
    for name in (*NAMES, "help"):
        finished = run(name, "--help")
        assert run("help", name) == finished
        assert finished.out.startswith(f"Usage: loadbalancer {name} [OPTIONS]")
        assert "Examples:\n" in finished.out
        assert (finished.code, finished.err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["valdate"], "Error: No such command 'valdate'. Did you mean 'validate'?"),
        (["xyz"], "Error: No such command 'xyz'."),
        (["help", "valdate"], "Error: No such command 'valdate'. Did you mean 'validate'?"),
        (
            ["state", "--format", "jsn"],
            "Error: Invalid value for '--format': 'jsn' is not one of 'text', 'json'. "
            "Did you mean 'json'?",
        ),
        (
            ["audit", "--fail-on", "warn"],
            "Error: Invalid value for '--fail-on': 'warn' is not one of 'error', 'warning', "
            "'never'. Did you mean 'warning'?",
        ),
        (
            ["--color", "xyz", "state"],
            "Error: Invalid value for '--color': 'xyz' is not one of 'auto', 'always', 'never'.",
        ),
        (["diff", "a.json"], "Error: give A and B, or A and two --node"),
        (
            ["validate", "--max-problems", "-1", "-"],
            "Error: Invalid value for '--max-problems': -1 is not in the range x>=0.",
        ),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    finished = run(*arguments)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.splitlines()[-1] == message


def test_no_arguments_at_all() -> None:
    finished = run()
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("Usage: loadbalancer [OPTIONS] COMMAND [ARGS]...\n")


def test_no_file_and_nothing_piped_in() -> None:
    ours, theirs = pty.openpty()
    process = subprocess.run(
        [*COMMAND, "validate"], stdin=theirs, capture_output=True, env=environment(), check=False
    )
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 2
    assert process.stderr.decode().splitlines()[-1] == (
        "Error: no FILE given, and nothing piped in (- is standard input)"
    )


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find_all_but_one(name: str) -> ModuleSpec | None:
        return None if name == missing else find_spec(name)

    monkeypatch.setattr("loadbalancer.command.find_spec", find_all_but_one)
    assert main(["--version"]) == 2
    captured = capsys.readouterr()
    assert captured.err == (
        "loadbalancer: the command needs packages that are not installed; install them with\n"
        "    pip install 'cilium-loadbalancer[cli]'\n"
    )
    assert captured.out == ""


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"pydantic", "rich", "loadbalancer.models"}),
        (["schema", "SVC"], {"pydantic", "rich", "loadbalancer.models"}),
        (["state", "active", "active"], {"pydantic.main", "rich", "loadbalancer.models"}),
        (["validate", "service_list.json"], {"rich", "loadbalancer.checking.diagnosis", "difflib"}),
        (["list", "service_list.json"], {"rich", "loadbalancer.checking.diagnosis", "difflib"}),
    ],
)
def test_nothing_is_loaded_for_nothing(arguments: list[str], unwanted: set[str]) -> None:
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "loadbalancer", *arguments],
        capture_output=True,
        cwd=EXAMPLES,
        env=environment(),
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in process.stderr.decode().splitlines()}
    assert "click" in loaded
    assert loaded & unwanted == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert", "--to", "ndjson", "-"],
        ["list", "service_list.json"],
        ["state"],
        ["schema"],
        ["--help"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_nobody_reads_the_output(arguments: list[str]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    process = subprocess.run(
        [*COMMAND, *arguments],
        input=BACKEND * 100_000,
        cwd=EXAMPLES,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=60,
        check=False,
    )
    os.close(theirs)
    assert (process.returncode, process.stderr) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
def test_no_space_for_the_output() -> None:
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [*COMMAND, "list", "service_list.json"],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=EXAMPLES,
            env=environment(),
            check=False,
        )
    assert process.stderr == b"loadbalancer: cannot write: No space left on device\n"
    assert process.returncode == 2


@pytest.mark.parametrize(
    ("script", "code", "err"),
    [
        ('"$@" list service_list.json >&-', 0, ""),
        ('"$@" validate - <&-', 2, "loadbalancer: cannot read <stdin>: it is closed\n"),
        ('"$@" validate nowhere.json 2>&-', 2, ""),
    ],
)
def test_closed_streams(script: str, code: int, err: str) -> None:
    process = subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND],
        capture_output=True,
        cwd=EXAMPLES,
        env=environment(),
        check=False,
    )
    assert (process.returncode, process.stderr.decode()) == (code, err)


def test_interrupted() -> None:
    process = subprocess.Popen(
        [*COMMAND, "validate", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        # A shell has its background jobs ignore it, and their children do so, too.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin
    process.stdin.write(BACKEND)
    process.stdin.flush()
    # By then it waits for more.
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err) == (b"", b"")


INTERRUPTING = """
import os, signal, sys
class Finder:
    def find_spec(name, *_):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
"""


@pytest.mark.parametrize(
    "name",
    [
        "loadbalancer.command",
        "click",
        "loadbalancer.command.app",
        "loadbalancer.command.list_services",
        "pydantic",
        "loadbalancer.models",
    ],
)
def test_interrupted_while_modules_are_imported(tmp_path: Path, name: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTING.format(name=name), encoding="utf-8")
    process = subprocess.run(
        [*COMMAND, "list", "service_list.json"],
        capture_output=True,
        cwd=EXAMPLES,
        env=environment(PYTHONPATH=str(tmp_path)),
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        check=False,
    )
    assert (process.returncode, process.stdout, process.stderr) == (130, b"", b"")


def test_a_fault_of_its_own_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import loadbalancer.checking.suggestions as module\n"
        "def fail(*_): raise RuntimeError('of no use')\n"
        "module.nearest = fail\n",
        encoding="utf-8",
    )
    env = environment(PYTHONPATH=str(tmp_path))
    finished = run("valdate", env=env)
    assert finished.err == (
        "loadbalancer: an error in the command itself, please report it: "
        "RuntimeError: of no use (LOADBALANCER_DEBUG=1 shows where)\n"
    )
    assert (finished.code, finished.out) == (2, "")
    finished = run("valdate", env={**env, "LOADBALANCER_DEBUG": "1"})
    assert finished.err.startswith("Traceback (most recent call last):\n")


def test_an_encoding_that_has_not_all_characters() -> None:
    env = environment(PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C")
    finished = run("validate", "-q", "-", stdin=b'{"ip": "::", "port": -1}', env=env)
    assert finished.out == (
        "<stdin>:1:22: error: /port: found -1, expected an integer, 0 \\u2026 65535\n"
    )
    assert finished.code == 1


def slow_input(*arguments: str, stderr_is_terminal: bool) -> tuple[int, str, str]:
    """Run the command on input that takes its time; return code, output, and what it says."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=theirs if stderr_is_terminal else subprocess.PIPE,
        env=environment(TERM="xterm-256color", COLUMNS="80"),
    )
    os.close(theirs)
    assert process.stdin
    for _ in range(4):
        process.stdin.write(BACKEND)
        process.stdin.flush()
        time.sleep(0.4)
    process.stdin.close()
    process.stdin = None
    shown = read_terminal(ours)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), shown if stderr_is_terminal else err.decode()


def test_progress_in_a_terminal() -> None:
    code, out, shown = slow_input("validate", "-", stderr_is_terminal=True)
    assert (code, out) == (0, "<stdin>: ok, 4 backends\n1 file: 1 valid\n")
    assert "reading" in shown
    assert "bytes" in shown
    # The bar is gone in the end, and the cursor is back.
    assert shown.endswith("\x1b[2K")
    assert "\x1b[?25h" in shown


def test_no_progress_elsewhere() -> None:
    code, out, shown = slow_input("validate", "-", stderr_is_terminal=False)
    assert (code, out) == (0, "<stdin>: ok, 4 backends\n1 file: 1 valid\n")
    assert shown == ""


def test_problems_in_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"frontend-address": {"ip": "<nil>", "scope": "external"}}')
    shown = run_in_terminal("validate", str(tmp_path / "a.json"), columns=60)
    name = f"{tmp_path}/a.json"
    assert shown.text == (
        f"\x1b[1m{name}:1:29:\x1b[0m\x1b[1;31m error:\x1b[0m"
        "\x1b[36m /frontend-address/ip:\x1b[0m\n"
        '    ParseAddr("<nil>"): unable to parse IP: expected an IP\n'
        "    address, such as 10.0.0.1 or fd00::1\n"
        f"{name}: \x1b[1;31minvalid\x1b[0m, 1 error\n"
        "1 file: \x1b[32m0 valid\x1b[0m, \x1b[1;31m1 invalid\x1b[0m; 1 error, 0 warnings\n"
    )
    assert shown.code == 1


def test_completion() -> None:
    env = environment(_LOADBALANCER_COMPLETE="bash_complete", COMP_CWORD="1")
    finished = run(env={**env, "COMP_WORDS": "loadbalancer va"})
    assert finished.out == "plain,validate\n"
    env["COMP_CWORD"] = "2"
    finished = run(env={**env, "COMP_WORDS": "loadbalancer schema ServiceSp"})
    assert finished.out == "plain,ServiceSpec\nplain,ServiceSpecFlags\n"
    finished = run(env={**env, "COMP_WORDS": "loadbalancer state quar"})
    assert re.fullmatch("plain,quarantined\n", finished.out)
