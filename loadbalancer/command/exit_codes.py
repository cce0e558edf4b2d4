"""The exit codes of the command."""

from __future__ import annotations

__all__ = ["BROKEN_PIPE", "DIFFERS", "INTERRUPTED", "INVALID", "OK", "TROUBLE"]

OK = 0
INVALID = 1
"""A payload was refused; a transition is not allowed."""
DIFFERS = 1
"""The two sides of a comparison differ."""
TROUBLE = 2
"""Something could not be read, or the command was used wrongly."""
INTERRUPTED = 130
"""Ended by Ctrl-C: the code that shells use for it."""
BROKEN_PIPE = 141
"""The reader of the output is gone: the code that shells use for it."""
