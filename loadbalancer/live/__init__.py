"""A live cluster: asked over kubectl, collected in the layout of a sysdump, and audited."""

from __future__ import annotations

from .auditing import LiveReport, audit_live
from .collecting import Collection, CollectOptions, NodeResult, collect
from .kubectl import Kubectl, LiveError

__all__ = [
    "CollectOptions",
    "Collection",
    "Kubectl",
    "LiveError",
    "LiveReport",
    "NodeResult",
    "audit_live",
    "collect",
]
