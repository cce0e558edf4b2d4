"""State file → services, by the rules of a release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...domain.service import SVC, ServiceName
from ...dumps.json_text.values import is_object
from ...errors import LoadBalancerError
from ...releases import Release
from ..documents import DocumentError, objects_of, read_documents
from ..node import Node
from ..reading import Objects, read_objects
from ..since_1_18.reflection import Reflection
from .manifests import UNNAMED

__all__ = [
    "STATE_FILE_RELEASE",
    "StateFileError",
    "is_state_file",
    "listed_of",
    "objects_of_state_file",
    "read_state_file",
]

STATE_FILE_RELEASE = Release(1, 18)
"""The first release that reads state files."""
_EXPECTED = "not a state file: expected one object with services and endpoints"


class StateFileError(LoadBalancerError):
    """A text is not a state file, or services cannot be written into one; `reasons` has all."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def read_state_file(
    text: str, *, node: Node | None = None, release: str | Release = STATE_FILE_RELEASE
) -> list[SVC]:
    """Return the services of a state file, JSON or YAML (for YAML: extra `cli`).

    Args:
        text: the file.
        node: the agent's point of view; by default a node without a name.
        release: the release whose rules count, 1.18 or later.

    Raises:
        StateFileError: the text is not a state file.
        KubernetesError: an object in it is not valid.
        ReleaseError: the release is not one.
    """
    try:
        documents = [*read_documents(text)]
        if len(documents) != 1 or not is_state_file(documents[0]):
            raise StateFileError(_EXPECTED)
        objects = [*objects_of(documents[0])]
    except DocumentError as error:
        raise StateFileError(str(error)) from None
    return listed_of(read_objects(objects), node or Node(), Release.parse(release))


def listed_of(objects: Objects, node: Node, release: Release) -> list[SVC]:
    """Return what an agent makes of the objects of a state file."""
    services = Reflection(objects, release, is_standalone=True).listed(node)
    for svc in services:
        if svc.name.name.startswith(UNNAMED):
            svc.name = ServiceName(namespace=svc.name.namespace)
    return services


def is_state_file(document: object) -> bool:
    """Return whether a document that has been read is a state file."""
    if not is_object(document) or "kind" in document:
        return False
    return "services" in document or "endpoints" in document


def objects_of_state_file(document: Any) -> list[Any]:
    """Return the Kubernetes objects of a state file that has been read; none of anything else.

    Raises:
        DocumentError: it has the keys of a state file, and something else below them.
    """
    objects: Iterable[Any] = objects_of(document) if is_state_file(document) else ()
    return [*objects]
