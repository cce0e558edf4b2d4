"""What differs between what is wanted, what an agent lists and what the kernel has."""

from __future__ import annotations

from .comparison import BackendChange, Diff, FieldChange, ServiceChange, diff
from .datapath import Entry, audit_datapath
from .disagreements import Disagreement, disagreements
from .findings import Finding, FindingKind, Layer, Severity
from .meanings import MEANINGS, Meaning, by_severity
from .node_audit import NodeAudit, audit_node
from .services import UNSAID_IN_TEXT, audit, notes
from .views import Cluster, NodeView, Options

__all__ = [
    "MEANINGS",
    "UNSAID_IN_TEXT",
    "BackendChange",
    "Cluster",
    "Diff",
    "Disagreement",
    "Entry",
    "FieldChange",
    "Finding",
    "FindingKind",
    "Layer",
    "Meaning",
    "NodeAudit",
    "NodeView",
    "Options",
    "ServiceChange",
    "Severity",
    "audit",
    "audit_datapath",
    "audit_node",
    "by_severity",
    "diff",
    "disagreements",
    "notes",
]
