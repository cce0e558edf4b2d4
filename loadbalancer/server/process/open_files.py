"""How many files this process may have open, and what that means for connections."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource

__all__ = ["OTHER_FILES", "connections_that_fit"]

OTHER_FILES = 64
"""How many files are kept free for all but connections: the database, sockets, modules."""


def connections_that_fit(wanted: int) -> int:
    """How many connections of those wanted may be open, at least one.

    The limit of the process is raised as far as it may raise it itself (RLIMIT_NOFILE).
    """
    if sys.platform == "win32":
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return min(wanted, max(1, soft - OTHER_FILES))
    return wanted
