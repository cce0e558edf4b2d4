"""A line for every request: when, who, what, how it ended, how long it took and why not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import BinaryIO, Literal

from starlette.types import Scope

from ...errors import visible
from ..answers import reason

__all__ = ["AccessLog", "LogFormat"]

LogFormat = Literal["text", "json"]

_LONGEST = 2000


class AccessLog:
    """Writes lines of text or of JSON; nothing a client sends gets there as a control character.

    A log that cannot be written does not keep the server from answering.
    """

    def __init__(self, stream: BinaryIO, format: LogFormat) -> None:
        self._stream = stream
        self._line = _json_line if format == "json" else _text_line

    def write(self, scope: Scope, status: int, size: int, seconds: float, body: bytes) -> None:
        """Add the line of a request; the body of the answer says why it was refused."""
        refused = reason(body)[:_LONGEST] if status >= 400 and body else ""
        line = self._line(_asked(scope), status, size, seconds, refused)
        try:
            # In one piece, for the lines of several processes not to be mixed.
            self._stream.write(line.encode(errors="backslashreplace"))
            self._stream.flush()
        except (OSError, ValueError):
            pass


def _asked(scope: Scope) -> dict[str, str]:
    """The time, the client and the request line, as they came over the wire."""
    client = scope.get("client")
    target: bytes = scope.get("raw_path") or scope["path"].encode(errors="backslashreplace")
    if scope["query_string"]:
        target += b"?" + scope["query_string"]
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "client": f"{client[0]}:{client[1]}" if client else "unix",
        "method": scope["method"],
        "target": target.decode("latin-1")[:_LONGEST],
        "protocol": f"HTTP/{scope['http_version']}",
    }


def _text_line(asked: dict[str, str], status: int, size: int, seconds: float, refused: str) -> str:
    request = f"{asked['method']} {asked['target']}".replace("\\", "\\\\").replace('"', '\\"')
    line = (
        f'{asked["time"]} {asked["client"]} "{request} {asked["protocol"]}" '
        f"{status} {size}B {1000 * seconds:.1f}ms"
    )
    return visible(f"{line} {refused}" if refused else line) + "\n"


def _json_line(asked: dict[str, str], status: int, size: int, seconds: float, refused: str) -> str:
    line = {**asked, "status": status, "bytes": size, "seconds": round(seconds, 6)}
    if refused:
        line["reason"] = refused
    return json.dumps(line) + "\n"
