"""Options of commands that ask a live cluster."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ...live import CollectOptions, Kubectl

__all__ = ["live_options", "parsed_seconds", "plain_options"]

_SECONDS = re.compile(r"(?P<number>\d{1,6}(?:\.\d{1,3})?)(?P<unit>ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def parsed_seconds(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """Return the seconds of `30s`, `2m` or `30`.

    Raises:
        click.BadParameter: the text is not a duration.
    """
    if text is None:
        return None
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"not a duration: {text!r}, expected such as 30s or 2m")
    return float(match["number"]) * _UNITS[match["unit"]]


def plain_options(command: Callable[..., int]) -> Callable[..., int]:
    """Options of kubectl and of the agents; passed as they are."""
    options = [
        click.option("--context", metavar="NAME", help="The context of kubectl."),
        click.option("--kubeconfig", metavar="FILE", help="The configuration of kubectl."),
        click.option("--kubectl", metavar="PROGRAM", default="kubectl", show_default=True),
        click.option("--agent-namespace", metavar="NS", default="kube-system", show_default=True),
        click.option("--selector", metavar="LABELS", default="k8s-app=cilium", show_default=True),
        click.option("--container", metavar="NAME", default="cilium-agent", show_default=True),
        click.option(
            "--parallel",
            metavar="N",
            type=click.IntRange(1, 256),
            default=16,
            show_default=True,
            help="Agents that are asked at once.",
        ),
        click.option(
            "--timeout",
            metavar="TIME",
            default="30s",
            show_default=True,
            callback=parsed_seconds,
            help="How long one agent may take.",
        ),
        click.option("--no-exec", is_flag=True, help="Kubernetes objects alone, no agents."),
    ]
    for each in reversed(options):
        command = each(command)
    return command


def live_options(command: Callable[..., int]) -> Callable[..., int]:
    """The same, passed as `kubectl` and `collecting`."""

    @plain_options
    @wraps(command)
    def with_live(
        *args: Any,
        context: str | None,
        kubeconfig: str | None,
        kubectl: str,
        agent_namespace: str,
        selector: str,
        container: str,
        parallel: int,
        timeout: float,
        no_exec: bool,
        **kwargs: Any,
    ) -> int:
        from ...live import CollectOptions, Kubectl

        program: Kubectl = Kubectl(kubectl, context, kubeconfig, timeout)
        collecting: CollectOptions = CollectOptions(
            agent_namespace=agent_namespace,
            selector=selector,
            container=container,
            parallel=parallel,
            exec=not no_exec,
        )
        return command(*args, kubectl=program, collecting=collecting, **kwargs)

    return with_live
