"""One answer to what a text is: `read_dump`, the checker and `list` read the same of it."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from loadbalancer import SVC, read_dump, read_dumps
from loadbalancer.checking.checker import Checker

from ..support import DATA, payload, rows
from .conftest import Invoke

HEADER = b"ID   Frontend   Service Type   Backend\n"


def _samples() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for case in rows(DATA / "dialects" / "dumps.jsonl"):
        if len(case["text"]) < 40_000:
            found.setdefault(f"{case['format']}-{case['release']}", case["text"].encode())
    found["list"] = payload("service_list_wire.json").encode()
    found["nothing"] = b"[]"
    found["null"] = b"null\n"
    found["whole StateDB"] = (DATA / "field" / "B2-statedb-whole.json").read_bytes()
    return found


def _quoted(data: bytes) -> bytes:
    return b"".join(b"> " + line for line in data.splitlines(keepends=True))


def _coloured(data: bytes) -> bytes:
    return b"\x1b[1m" + data.rstrip(b"\n") + b"\x1b[0m\n"


MANGLED: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "blank lines": lambda data: b"\n\n" + data + b"\n\n",
    "prompt": lambda data: b"root@node-1:/# cilium-dbg service list\n" + data,
    "defaulted": lambda data: b'Defaulted container "cilium-agent" out of: cilium-agent\n' + data,
    "fence": lambda data: b"Here:\n\n```\n" + data.rstrip(b"\n") + b"\n```\n",
    "heading": lambda data: b"=== cilium-aaaaa ===\n" + data,
    "bugtool": lambda data: b"# cilium service list\n\n```\n" + data.rstrip(b"\n") + b"\n\n```\n",
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "quoted": _quoted,
    "coloured": _coloured,
}
SAMPLES = _samples()


def checked(data: bytes) -> list[SVC]:
    found: list[SVC] = []
    for each in Checker().check([data]):
        assert [x.message for x in each.problems] == []
        found += [x.domain for x in each.items if isinstance(x.domain, SVC)]
    return found


@pytest.mark.parametrize("form", MANGLED)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_same_services_whatever_surrounds_them(
    sample: str, form: str, invoke: Invoke, tmp_path: Path
) -> None:
    plain = SAMPLES[sample]
    if plain.rstrip().endswith(b"exit status 1") and form in ("quoted", "fence", "bugtool"):
        pytest.skip("the end of a failed command, which bugtool writes by itself")
    data = MANGLED[form](plain)
    dump = read_dump(data)
    assert dump.problems == []
    assert dump.services == read_dump(plain).services
    assert checked(data) == dump.services
    path = tmp_path / "dump.txt"
    path.write_bytes(data)
    finished = invoke("list", "--count", str(path))
    assert (finished.code, finished.out) == (0, f"{len(dump.services)}\n")


def test_several_dumps_in_one_text() -> None:
    table, listed = SAMPLES["text-1.18"], SAMPLES["list"]
    text = (
        b"=== worker-1 ===\n" + table + b"\n=== worker-2 ===\n" + listed + b"\n--- worker-3 ---\n"
    )
    text += table
    dumps = read_dumps(text)
    assert [each.name for each in dumps] == ["worker-1", "worker-2", "worker-3"]
    assert [each.services for each in dumps] == [
        *(read_dump(table).services, read_dump(listed).services, read_dump(table).services)
    ]
    (problem,) = read_dump(text).problems
    assert problem.reason == "3 dumps in one text: read_dumps reads them all"


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"- spec:\n    frontendaddress: {{ip: 10.0.0.1}}\n{BOMB}", "broken YAML"),
        ("- spec: &x {frontendaddress: {ip: 10.0.0.1}}\n- *x\n", "aliases are not read"),
        ('[{"spec": {"id": ' + "9" * 5000 + "}}]", ""),
        ("spec: {id: !!int ''}\n", ""),
        ("spec: {id: !!bool x}\n", ""),
        ("spec: {id: 2026-01-01}\n", ""),
        ("items: 1\nkind: List\n", "Kubernetes objects"),
        (json.dumps([{"spec": {"frontend-address": {"ip": "10.0.0.1\ud800"}}}]), ""),
        ("", "empty"),
        (" \n\t\n", "empty"),
    ],
)
def test_hostile_and_empty_input_is_a_problem(
    text: str, reason: str, invoke: Invoke, tmp_path: Path
) -> None:
    (problem, *_) = read_dump(text).problems
    assert reason in problem.reason
    path = tmp_path / "dump.txt"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    for command in ("validate", "list", "convert"):
        finished = invoke(command, str(path))
        assert finished.code in (1, 2)
        assert "Traceback" not in finished.err
