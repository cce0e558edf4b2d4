"""Kubernetes objects, and the services that an agent makes of them.

`expected_services(objects, node)` is what the agent on a node should list; `reflect` is what
it hands to its service manager, before that has looked at the node.
"""

from __future__ import annotations

from .documents import DocumentError, iter_objects, read_documents
from .node import Node, node_from_objects
from .options import node_configs, parse_config_output, with_options
from .reading import KubernetesError, Objects, read_objects
from .reflecting import expected_services, reflect
from .state_file.reading import StateFileError, objects_of_state_file, read_state_file
from .state_file.writing import services_left_out, write_state_file

__all__ = [
    "DocumentError",
    "KubernetesError",
    "Node",
    "Objects",
    "StateFileError",
    "expected_services",
    "iter_objects",
    "node_configs",
    "node_from_objects",
    "objects_of_state_file",
    "parse_config_output",
    "read_documents",
    "read_objects",
    "read_state_file",
    "reflect",
    "services_left_out",
    "with_options",
    "write_state_file",
]
