"""Sending the list of all services: only if it has changed, and compressed if wanted."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from hashlib import blake2b

from .answers import Answer, Header

__all__ = ["Listing", "Preferences", "preferences"]

# The time that it takes is better spent on the network; half of the time saves 1 % of it.
_COMPRESSION = 4
_SHORTEST_COMPRESSED = 1024
_VARY: Header = (b"vary", b"accept-encoding")
# What browsers keep has to be asked about again each time.
_FRESH: Header = (b"cache-control", b"no-cache")
_GZIP: Header = (b"content-encoding", b"gzip")
_tags = re.compile(rb'(?:W/)?("[^"]*")').findall
_is_zero = re.compile(rb"\s*q\s*=\s*0(\.0*)?\s*").fullmatch

Preferences = tuple[bytes, bool]
"""The tags that a client knows (If-None-Match), and whether it takes gzip."""


def preferences(headers: Iterable[Header]) -> Preferences:
    """What a client says of the answers it wants."""
    known, accepted = b"", b""
    for name, value in headers:
        if name == b"if-none-match":
            known += value
        elif name == b"accept-encoding":
            accepted += b"," + value
    return known, _takes_gzip(accepted)


def _takes_gzip(accepted: bytes) -> bool:
    takes_any = False
    for each in accepted.lower().split(b","):
        coding, _, quality = each.partition(b";")
        taken = not _is_zero(quality)
        if coding.strip() in (b"gzip", b"x-gzip"):
            return taken
        if coding.strip() == b"*":
            takes_any = taken
    return takes_any


class Listing:
    """Answers with a text that is asked for again and again, and remembers what it made of it.

    The tag is weak: it stands for the text, compressed or not.
    """

    def __init__(self) -> None:
        self._tagged = b"", b""
        self._compressed = b"", b""

    def is_prepared(self, text: bytes, wanted: Preferences) -> bool:
        """Whether the answer takes next to no time."""
        known, takes_gzip = wanted
        if self._tagged[0] is not text:
            return False
        return not takes_gzip or bool(known) or self._compressed[0] is text

    def answer(self, text: bytes, wanted: Preferences) -> Answer:
        """The text; nothing if the client has it (304)."""
        known, takes_gzip = wanted
        tag = self._tag(text)
        headers: tuple[Header, ...] = ((b"etag", b"W/" + tag), _VARY, _FRESH)
        if known and (known.strip() == b"*" or tag in _tags(known)):
            return Answer(304, b"", headers)
        if takes_gzip and len(text) >= _SHORTEST_COMPRESSED:
            return Answer(200, self._gzip(text), (*headers, _GZIP))
        return Answer(200, text, headers)

    # Each of these is one tuple: what another thread stores meanwhile goes together.

    def _tag(self, text: bytes) -> bytes:
        of, tag = self._tagged
        if of is not text:
            tag = b'"%b"' % blake2b(text, digest_size=12).hexdigest().encode()
            self._tagged = text, tag
        return tag

    def _gzip(self, text: bytes) -> bytes:
        of, compressed = self._compressed
        if of is not text:
            compressed = gzip.compress(text, _COMPRESSION, mtime=0)
            self._compressed = text, compressed
        return compressed
