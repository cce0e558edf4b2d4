"""Every data file is used by a test, and every test that needs one has it."""

from __future__ import annotations

from .support import DATA, ROOT

SERVER = ROOT / "tests" / "server"

# Which test reads a file. The vector files are found by their test itself.
READERS = {
    "dialects/dumps.jsonl": "tests/test_dialects.py",
    "kubernetes/services.jsonl": "tests/kubernetes/test_vectors.py",
    "kubernetes/later.jsonl.gz": "tests/kubernetes/test_later.py",
    "audits/later.jsonl.gz": "tests/kubernetes/test_later.py",
    "payloads/client_put_1.json": "tests/test_payloads.py",
    "payloads/client_put_2.json": "tests/test_payloads.py",
    "payloads/client_put_3.json": "tests/test_payloads.py",
    "payloads/client_put_4.json": "tests/test_payloads.py",
    "payloads/client_put_5.json": "tests/test_payloads.py",
    "payloads/service_get_5.json": "tests/test_payloads.py",
    "payloads/service_list.json": "tests/test_payloads.py",
    "payloads/service_list.txt": "tests/test_payloads.py",
    "payloads/service_list_wire.json": "tests/test_payloads.py",
    "audits/audits.jsonl": "tests/test_audit_cases.py",
    "transcripts/service_api.jsonl": "tests/server/test_transcripts.py",
}


def test_no_file_is_without_a_reader() -> None:
    files = {str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file()}
    # These are found by their tests themselves.
    found = {name for name in files if name.startswith(("vectors/", "field/"))}
    assert found
    assert files - found == set(READERS)


def test_each_reader_of_the_library_names_its_file() -> None:
    readers = {file: name for file, name in READERS.items() if "/server/" not in name}
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in set(readers.values())}
    assert [f for f, name in readers.items() if f.rpartition("/")[2] not in texts[name]] == []


def test_each_reader_of_the_server_names_its_file() -> None:
    reader = ROOT / READERS["transcripts/service_api.jsonl"]
    assert "service_api.jsonl" in reader.read_text(encoding="utf-8")
