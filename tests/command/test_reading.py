"""Reading JSON piece by piece, and finding places in it, compared with reading it whole."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from loadbalancer.dumps.json_text.positions import Path, find_spans, pointer
from loadbalancer.dumps.json_text.splitting import Batch, read_batches
from loadbalancer.dumps.json_text.values import is_array, is_object

VALUES: list[Any] = [
    {"ip": "10.0.0.1", "text": 'a "quoted" \\ text, with ] and }', "x": [1, [2, {}], []]},
    {"ünïcödé": "€ 😀", "": {"": [None, True, False]}, "a/b": {"m~n": -1.5e300}},
    [],
    [[[]], {}],
    {"deep": [[[[[[{"a": [0]}]]]]]]},
    12345678901234567890,
    "",
    None,
]
TEXTS = {
    "array": json.dumps(VALUES),
    "indented": json.dumps(VALUES, indent=2, ensure_ascii=False),
    "lines": "\n".join(json.dumps(each, ensure_ascii=False) for each in VALUES),
    "documents": "\r\n\r\n".join(json.dumps(each, indent=1) for each in VALUES),
    "arrays": json.dumps(VALUES) * 3,
}


def chunks(text: str, size: int) -> Iterator[bytes]:
    data = text.encode()
    return (data[start : start + size] for start in range(0, len(data), size))


def told(text: str, batch: Batch, at: int) -> bool:
    """Whether the place a batch tells of an index is where its text goes on."""
    line, column = batch.place(at)
    rest = "\n".join([text.split("\n")[line - 1][column - 1 :], *text.split("\n")[line:]])
    return rest.startswith(batch.text[at : at + 50])


def expected(name: str) -> list[tuple[str, Any]]:
    listed = [(f"/{index}", value) for index, value in enumerate(VALUES)]
    if name in ("array", "indented"):
        return listed
    if name == "arrays":
        return listed * 3
    # An array of its own is a list of values, too.
    return [
        pair
        for value in VALUES
        for pair in (
            [(f"/{index}", each) for index, each in enumerate(value)]
            if is_array(value)
            else [("", value)]
        )
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("name", TEXTS)
def test_in_pieces_of_any_size(name: str, size: int) -> None:
    text = TEXTS[name]
    found: list[tuple[str, Any]] = []
    for batch in read_batches(chunks(text, size)):
        assert batch.broken is None
        for element in batch.elements:
            found.append((element.pointer, element.value))
            assert json.loads(batch.text[element.start : element.end]) == element.value
            assert told(text, batch, element.start)
    assert found == expected(name)


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_cut_off_anywhere(size: int) -> None:
    text = TEXTS["indented"]
    for end in range(1, len(text) - 1):
        batches = list(read_batches(chunks(text[:end], size)))
        broken = batches[-1].broken
        assert broken is not None
        assert all(batch.broken is None for batch in batches[:-1])
        values = [element.value for batch in batches for element in batch.elements]
        wanted = VALUES[: len(values)]
        if values and isinstance(values[-1], int):
            # What is left of a number is a number.
            assert str(wanted.pop()).startswith(str(values.pop()))
        assert values == wanted


def test_only_a_piece_is_in_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield b"["
        while True:
            yield b'{"ip": "10.0.0.1"},' * 1000

    batches = read_batches(endless())
    for _ in range(100):
        assert len(next(batches).text) < 60_000


def paths(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, value
    pairs: list[tuple[str | int, Any]] = []
    if is_object(value):
        pairs = list(value.items())
    elif is_array(value):
        pairs = list(enumerate(value))
    for token, each in pairs:
        yield from paths(each, (*path, token))


@pytest.mark.parametrize("indent", [None, 0, 3])
def test_places_of_all_parts(indent: int | None) -> None:
    text = "  " + json.dumps(VALUES, indent=indent) + ", and more"
    parts = dict(paths(VALUES))
    spans = find_spans(text, 2, random.Random(1).sample(list(parts), len(parts)))
    assert spans.keys() == parts.keys()
    decode = json.JSONDecoder().raw_decode
    for path, part in parts.items():
        assert decode(text, spans[path].value)[0] == part
        key = spans[path].key
        if path and isinstance(path[-1], str):
            assert key is not None
            assert decode(text, key)[0] == path[-1]
        else:
            assert key is None


def test_places_of_what_is_not_there_or_twice() -> None:
    text = '{"a": {"b": 1}, "c": 2, "c": 3}'
    spans = find_spans(text, 0, [("a", "x", "y"), ("c",), ("d",)])
    assert {path: text[span.value] for path, span in spans.items()} == {
        ("a", "x", "y"): "{",
        ("c",): "3",
        ("d",): "{",
    }
    assert spans["a", "x", "y"].value == 6
    assert spans["d",].value == 0


def test_pointers() -> None:
    assert pointer(()) == ""
    assert pointer(("a/b", 0, "m~n", "")) == "/a~1b/0/m~0n/"
