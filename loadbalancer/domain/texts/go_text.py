"""How Go writes text down in its error messages."""

from __future__ import annotations

__all__ = ["quote", "to_lower"]

_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}


def quote(text: str) -> str:
    """`text` as Go's `strconv.Quote` prints it: in double quotes, unprintable runes escaped."""
    return '"' + "".join(map(_rune, text)) + '"'


def _rune(rune: str) -> str:
    if rune in _ESCAPES:
        return _ESCAPES[rune]
    if rune.isprintable():
        return rune
    code = ord(rune)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def to_lower(text: str) -> str:
    """`text` in lower case as Go's `strings.ToLower` has it, rune by rune."""
    # The one rune whose full lower case, Python's, spells ASCII words otherwise.
    return text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i").lower()
