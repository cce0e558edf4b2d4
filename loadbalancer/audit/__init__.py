"""What differs between what is wanted, what an agent lists and what the kernel has.

It knows the types of the domain alone: where services come from is not its business.
"""

from .datapath import Entry, audit_datapath
from .findings import MEANINGS, Finding, FindingKind, Meaning, Severity, by_severity
from .nodes import Disagreement, disagreements
from .services import UNSAID_IN_TEXT, audit, notes

__all__ = [
    "MEANINGS",
    "UNSAID_IN_TEXT",
    "Disagreement",
    "Entry",
    "Finding",
    "FindingKind",
    "Meaning",
    "Severity",
    "audit",
    "audit_datapath",
    "by_severity",
    "disagreements",
    "notes",
]
