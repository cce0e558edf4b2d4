"""The server's own messages: on standard error, a line for each message."""

from __future__ import annotations

from copy import copy
from logging import LogRecord
from typing import Any

from uvicorn.logging import DefaultFormatter

from ...errors import visible

__all__ = ["LOG_CONFIG", "VisibleFormatter"]


class VisibleFormatter(DefaultFormatter):
    """Writes messages without control characters, which names of files in them may have."""

    def formatMessage(self, record: LogRecord) -> str:
        shown = copy(record)
        shown.message = visible(record.message)
        return super().formatMessage(shown)

    def formatException(self, ei: Any) -> str:
        return "\n".join(visible(line) for line in super().formatException(ei).split("\n"))


LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "default": {
            "()": VisibleFormatter,
            "fmt": "%(levelprefix)s %(message)s",
            # Coloured messages of uvicorn's would be formatted anew.
            "use_colors": False,
        }
    },
    "handlers": {
        "default": {
            "class": "logging.StreamHandler",
            "formatter": "default",
            "stream": "ext://sys.stderr",
        }
    },
    "loggers": {
        name: {"handlers": ["default"], "level": "INFO", "propagate": False}
        for name in ("uvicorn", "loadbalancer")
    },
}
"""The configuration of `logging`, in all processes of the server."""
