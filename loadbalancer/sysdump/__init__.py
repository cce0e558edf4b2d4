"""Sysdumps, bugtool archives and folders of node dumps: which file of which node is what.

Archives are input of unknown origin: nothing is written to disk, no path or link leads out of
them, and how much is unpacked has limits.
"""

from __future__ import annotations

from .auditing import AuditInputError, ClusterReport, audit_cluster
from .evidence import Evidence, File, UnreadableError
from .kvstore import ClusterService, KVStorePort
from .limits import Limits, Problem, SysdumpError
from .opening import NodeDump, Sysdump, open_sysdump

__all__ = [
    "AuditInputError",
    "ClusterReport",
    "ClusterService",
    "Evidence",
    "File",
    "KVStorePort",
    "Limits",
    "NodeDump",
    "Problem",
    "Sysdump",
    "SysdumpError",
    "UnreadableError",
    "audit_cluster",
    "open_sysdump",
]
