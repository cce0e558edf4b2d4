"""The JSON Schema of what `loadbalancer audit --format json` prints."""

from __future__ import annotations

from typing import Any, get_args

from loadbalancer.audit import FindingKind, Layer, Severity

__all__ = ["audit_report"]

_Schema = dict[str, Any]


def audit_report() -> _Schema:
    """Return the schema of the whole report: every object has all its keys, and no others."""
    text = {"type": "string"}
    number = {"type": "integer", "minimum": 0}
    texts = _array(text)
    findings = _array({"$ref": "#/$defs/Finding"})
    kind = {"enum": [*get_args(FindingKind)], "type": "string"}
    report = _closed(
        "What was found in a cluster, as `loadbalancer audit --format json` prints it.",
        nodes=(_array({"$ref": "#/$defs/NodeAudit"}), "The nodes that were audited."),
        conflicts=(findings, "Conflicts among the Kubernetes objects, if there are no dumps."),
        disagreements=(
            _array({"$ref": "#/$defs/Disagreement"}),
            "The cluster IPs that nodes see differently.",
        ),
        meanings=(
            {
                "type": "object",
                "propertyNames": kind,
                "additionalProperties": {"$ref": "#/$defs/Meaning"},
            },
            "What each kind of finding in this report means.",
        ),
        notes=(texts, "What to know of the audit as a whole."),
        problems=(texts, "What could not be read."),
        unreadable=(
            texts,
            "The nodes that could not be audited, since nothing says what the agent lists.",
        ),
    )
    node = _closed(
        "What was found of a node.",
        name=(text, "The name of the node."),
        listed=(number, "How many services the agent lists."),
        endpoints=(number, "How many backends they have together."),
        expected=(
            _or_null(number),
            "How many services it should list; null without Kubernetes objects.",
        ),
        in_kernel=(
            _or_null(number),
            "How many frontends the kernel has; null if that is unknown.",
        ),
        release=(text, "The release whose rules fit best; empty if none were needed."),
        findings=(findings, "The findings, the most severe first."),
        notes=(texts, "What to know of the audit of this node."),
    )
    return {**report, "$defs": {"NodeAudit": node, **_parts(kind)}}


def _parts(kind: _Schema) -> dict[str, _Schema]:
    text = {"type": "string"}
    texts = _array(text)
    value = _or_null(text, {"type": "integer"})
    severity = {"enum": [*get_args(Severity)], "type": "string"}
    layer = {"enum": [*get_args(Layer)], "type": "string"}
    finding = _closed(
        "One difference.",
        kind=(kind, "Which kind of difference; `meanings` says what it means."),
        frontend=(text, "The frontend that differs, `ip:port`, in the internal scope `/i` behind."),
        backend=(_or_null(text), "The backend; null if the finding is about the service."),
        expected=(value, "The value that should be there; null if it is not about a value."),
        found=(value, "The value that is there instead; null if it is not about a value."),
        severity=(
            severity,
            "An error sends traffic to the wrong place or nowhere; all else is a warning.",
        ),
        message=(text, "The finding in one sentence, with the name of the service."),
        service=(text, "The service, `namespace/name`; empty if that is unknown."),
        type=(text, "The type of the frontend, such as `ClusterIP`."),
        protocol=(text, "The protocol of the frontend; empty if that is unknown."),
        layer=(
            _or_null(layer),
            "The step that went wrong: the agent's `wish` differs from Kubernetes, or its `write` "
            "to the kernel from its wish; null if that is unknown.",
        ),
        node=(text, "The node; empty if it is about Kubernetes objects alone."),
        key=(text, "What stays the same of the finding from one audit to the next."),
    )
    disagreement = _closed(
        "A cluster IP that nodes see differently.",
        frontend=(text, "The cluster IP and port, `ip:port`."),
        name=(text, "The service, `namespace/name`."),
        views=(
            _array({"$ref": "#/$defs/View"}),
            "Each list of backends with the nodes that agree on it, most nodes first.",
        ),
    )
    view = _closed(
        "Nodes that agree with each other on the backends of a service.",
        nodes=(texts, "The names of the nodes."),
        backends=(
            _or_null(texts),
            "The addresses that they list, with the state behind where it is not active; null if "
            "they do not list the service.",
        ),
    )
    meaning = _closed(
        "What a kind of finding means for traffic, and what to do.",
        severity=(severity, "How severe findings of this kind are, as a rule."),
        text=(text, "What it means for traffic."),
        next=(text, "What to look at next."),
        remedy=(text, "What to do about it, and what that risks."),
        issue=(text, "A public issue of cilium/cilium that shows it; empty if none is known."),
    )
    return {"Finding": finding, "Disagreement": disagreement, "View": view, "Meaning": meaning}


def _closed(description: str, **properties: tuple[_Schema, str]) -> _Schema:
    return {
        "description": description,
        "type": "object",
        "properties": {
            name: {**schema, "description": text} for name, (schema, text) in properties.items()
        },
        "required": [*properties],
        "additionalProperties": False,
    }


def _array(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _or_null(*schemas: _Schema) -> _Schema:
    return {"anyOf": [*schemas, {"type": "null"}]}
