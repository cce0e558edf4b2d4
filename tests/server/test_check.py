"""`loadbalancer validate` and the service's `/check` say the same of every payload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from loadbalancer.command import main
from loadbalancer.server import create_app

from ..support import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.json"))
VECTORS = sorted((ROOT / "tests" / "data" / "vectors").glob("*.jsonl"))
MORE = [
    '{"ip":"10.0.0.1","port":80}',
    '{"frontend-address":{"ip":"x","scope":"external"},"flags":{"type":5}}',
    '[{"frontend-address":{"ip":"::","scope":"external"}},{"ip":"::"},{"ip":1},7]',
    '{"ip":"::"}\n{"ip":\n{"ip":"::1"}\n',
    '{"apiVersion":"v1","kind":"Service","spec":{}}',
    '{"frontend-address":{"ip":"<nil>"},"updateServices":true,"backend-addresses":[{"ip":"x"}]}',
    '{"ip":"\\ud800"}',
    '{"ip":"::","state":"<script>","a/b~c":NaN}',
    "\ufeff[]",
]


def payloads() -> dict[str, bytes]:
    """Everything that both are asked about, by a name of its own."""
    found = {path.name: path.read_bytes() for path in EXAMPLES}
    for path in VECTORS:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        texts = [row["payload"] for row in rows if "payload" in row]
        found.update({f"{path.name}-{n}": text.encode() for n, text in enumerate(texts)})
    found.update({f"more-{n}": text.encode() for n, text in enumerate(MORE)})
    return found


def test_the_same_verdict_and_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = payloads()
    assert len(asked) > 500
    for name, data in asked.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    main(["validate", "--format", "json", "--max-problems", "0", *asked])
    validated: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["files"]
    assert [each["file"] for each in validated] == list(asked)
    with TestClient(create_app()) as client:
        for file in validated:
            name = file.pop("file")
            assert file.pop("unreadable") is None
            for key in ("releases", "rules", "notes"):
                del file[key]
            for problem in file["problems"]:
                assert problem.pop("file") == name
            checked = client.post("/check", content=asked[name]).json()
            del checked["contents"]
            assert checked.pop("stopped") is None
            assert checked == file
