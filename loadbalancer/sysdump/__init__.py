"""Sysdumps, bugtool archives and folders of node dumps: which file of which node is what.

Archives are input of unknown origin: nothing is written to disk, no path or link leads out of
them, and how much is unpacked has limits.
"""

from __future__ import annotations

from .kvstore import ClusterService, KVStorePort
from .limits import Limits, Problem, SysdumpError
from .opening import NodeDump, Sysdump, open_sysdump
from .options import NodeOptions, read_options

__all__ = [
    "ClusterService",
    "KVStorePort",
    "Limits",
    "NodeDump",
    "NodeOptions",
    "Problem",
    "Sysdump",
    "SysdumpError",
    "open_sysdump",
    "read_options",
]
