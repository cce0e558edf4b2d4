"""The server's own messages: on standard error, a line for each message."""

from __future__ import annotations

import json
from copy import copy
from datetime import UTC, datetime
from logging import Formatter, LogRecord
from typing import Any

from uvicorn.logging import DefaultFormatter

from ...errors import visible
from .access_log import LogFormat

__all__ = ["log_config"]


class VisibleFormatter(DefaultFormatter):
    """Writes messages without control characters, which names of files in them may have."""

    def formatMessage(self, record: LogRecord) -> str:
        shown = copy(record)
        shown.message = visible(record.message)
        return super().formatMessage(shown)

    def formatException(self, ei: Any) -> str:
        return "\n".join(visible(line) for line in super().formatException(ei).split("\n"))


class JSONFormatter(Formatter):
    """Writes each message as a JSON object."""

    def format(self, record: LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_config(format: LogFormat) -> dict[str, Any]:
    """Return the configuration of `logging`, for all processes of the server."""
    formatters: dict[LogFormat, dict[str, Any]] = {
        # Coloured messages of uvicorn's would be formatted anew.
        "text": {"()": VisibleFormatter, "fmt": "%(levelprefix)s %(message)s", "use_colors": False},
        "json": {"()": JSONFormatter},
    }
    handler = {
        "class": "logging.StreamHandler",
        "formatter": "default",
        "stream": "ext://sys.stderr",
    }
    logger = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"default": formatters[format]},
        "handlers": {"default": handler},
        "loggers": dict.fromkeys(("uvicorn", "loadbalancer"), logger),
    }
