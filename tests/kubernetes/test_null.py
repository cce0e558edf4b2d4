"""Null stands for an absent field; what is of a wrong type is refused, not coerced."""

from __future__ import annotations

from typing import Any

import pytest

from loadbalancer.kubernetes import KubernetesError, Node, reflect

NODE = Node(name="n1", addresses=("192.0.2.1",))
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"nodeName": "n1"},
    "status": {"podIP": "10.0.0.1"},
}


@pytest.mark.parametrize("kind", ["Service", "Pod"])
@pytest.mark.parametrize("field", ["metadata", "spec", "status"])
def test_null_is_absent(kind: str, field: str) -> None:
    assert reflect([{**POD, "kind": kind, field: None}], NODE) == []


def test_a_text_is_not_a_flag() -> None:
    pod = {**POD, "spec": {"nodeName": "n1", "hostNetwork": "false"}}
    with pytest.raises(KubernetesError) as caught:
        reflect([pod], NODE)
    error = caught.value
    assert (error.kind, error.name, error.pointer) == ("Pod", "shop/web", "/spec/hostNetwork")
