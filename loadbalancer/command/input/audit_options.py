"""Options that `audit` and `expect` have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from .options import Choice

__all__ = ["agent_options", "finding_options", "parsed_release", "release_option"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def parsed_release(_: click.Context, __: click.Parameter, text: str | None) -> Any:
    """Return the release that an option names.

    Raises:
        click.BadParameter: the text is not a release.
    """
    if text is None:
        return None
    from ...releases import Release, ReleaseError

    try:
        return Release.parse(text)
    except ReleaseError as error:
        raise click.BadParameter(str(error)) from None


def release_option(command: _Command) -> _Command:
    """--release RELEASE: the release of the agents."""
    return click.option(
        "--release",
        metavar="RELEASE",
        callback=parsed_release,
        help="The release of the agents, such as 1.19 or 1.18.3; by default what dumps say.",
    )(command)


def agent_options(command: Callable[..., int]) -> Callable[..., int]:
    """--topology and --kube-proxy-replacement: options of the agent; passed as `options`."""

    @click.option(
        "--topology/--no-topology",
        default=None,
        help="Whether agents follow topology hints (enable-service-topology).",
    )
    @click.option(
        "--kube-proxy-replacement/--no-kube-proxy-replacement",
        default=None,
        help="Whether agents serve node ports and host ports.",
    )
    @wraps(command)
    def with_options(
        *args: Any,
        release: Any,
        topology: bool | None,
        kube_proxy_replacement: bool | None,
        **kwargs: Any,
    ) -> int:
        from ...audit.views import Options

        options = Options(release, topology, kube_proxy_replacement)
        return command(*args, options=options, **kwargs)

    return with_options


def finding_options(command: Callable[..., int]) -> Callable[..., int]:
    """--name, --namespace, --kind and --severity; passed as `selection`."""

    @click.option(
        "--name", metavar="[NS/]NAME", default="", help="Only services of this name; * and ? match."
    )
    @click.option("--namespace", metavar="NS", default="", help="Only services of this namespace.")
    @click.option(
        "--kind",
        "kinds",
        metavar="KIND",
        multiple=True,
        help="Only findings of this kind, such as missing-* .  [repeatable]",
    )
    @click.option(
        "--severity",
        type=Choice(("error", "warning")),
        help="Only findings of this severity.",
    )
    @wraps(command)
    def with_selection(
        *args: Any,
        name: str,
        namespace: str,
        kinds: tuple[str, ...],
        severity: str | None,
        **kwargs: Any,
    ) -> int:
        from ...reports.selection import FindingSelection

        selection = FindingSelection(name, namespace, kinds, severity or "")
        return command(*args, selection=selection, **kwargs)

    return with_selection
