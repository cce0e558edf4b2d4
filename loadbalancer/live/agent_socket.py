"""The agent's own API over its unix socket, for the node itself."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

from ..audit.views import NodeView, view_of_dump
from ..dumps.json_text.values import is_object
from ..dumps.reading import read_dump
from .kubectl import LiveError

__all__ = ["AgentSocket", "view_of_agent"]

_STATEDB = "/statedb/dump"
_MOST = 1 << 30


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True, slots=True)
class AgentSocket:
    """An agent by the path of its socket."""

    path: str = "/var/run/cilium/cilium.sock"
    timeout: float = 30.0
    """How long one request may take, in seconds."""

    def get(self, path: str) -> bytes | None:
        """Return the body of an answer; None if there is no such path.

        Raises:
            LiveError: the agent does not answer.
        """
        connection = _Connection(self.path, self.timeout)
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            answer = connection.getresponse()
            body = answer.read(_MOST)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise LiveError(f"cannot ask the agent at {self.path}: {reason}") from None
        finally:
            connection.close()
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise LiveError(f"the agent at {self.path} answers {answer.status} to GET {path}")
        return body


def view_of_agent(agent: AgentSocket, name: str = "") -> tuple[NodeView, list[str]]:
    """Return what an agent says of its node, and notes on what it does not say.

    Raises:
        LiveError: the agent does not answer.
    """
    listed = agent.get("/v1/service")
    if listed is None:
        raise LiveError(f"the agent at {agent.path} has no service API")
    dump = read_dump(listed)
    view = view_of_dump(dump, name)
    notes: list[str] = []
    tables = agent.get(_STATEDB)
    if tables is None:
        notes.append("The agent does not serve its StateDB here: its list alone is compared.")
    else:
        view.tables = read_dump(tables).tables
    config = agent.get("/v1/config")
    if config is not None:
        view.config = _settings(config)
    return view, notes


def _settings(body: bytes) -> dict[str, str]:
    try:
        document: Any = json.loads(body)
    except ValueError:
        return {}
    status = document.get("status") if is_object(document) else None
    settings = status.get("daemonConfigurationMap") if is_object(status) else None
    if not is_object(settings):
        return {}
    kept = {k: v for k, v in settings.items() if isinstance(v, bool | int | str)}
    return {str(k): str(v).lower() if isinstance(v, bool) else str(v) for k, v in kept.items()}
