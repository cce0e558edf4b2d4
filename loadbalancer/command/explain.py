"""`loadbalancer explain`: what answers at an address on a node, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from .exit_codes import DIFFERS, OK, TROUBLE
from .input.audit_options import agent_options, release_option
from .input.options import format_option
from .output.pager import paging
from .output.printing import Printer, complain, visible

if TYPE_CHECKING:
    from ..audit.explaining import Explanation
    from ..audit.views import Options
    from ..sysdump import Evidence

__all__ = ["command"]

_FILE = click.Path(allow_dash=True)


@click.command("explain", short_help="Say what answers at an address on a node, and why.")
@click.argument("target", metavar="ADDRESS|NS/NAME")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=_FILE)
@click.option("--kubernetes", metavar="FILE", multiple=True, type=_FILE, help="As for `audit`.")
@click.option("--node", "name", metavar="NAME", help="The node; by default every node.")
@release_option
@agent_options
@format_option
def command(
    target: str,
    paths: tuple[str, ...],
    kubernetes: tuple[str, ...],
    name: str | None,
    options: Options,
    output_format: str,
) -> int:
    """Say what answers at an address, or for a service, on a node, and why.

    All frontends are shown with their policies, each with every endpoint of the service: those
    that are used, and for each that is not the reason. Beside it stand the backends that the
    agent lists and the kernel has. PATH is as for `audit`.

    \b
    Examples:
      loadbalancer explain shop/web --node worker-3 sysdump.zip
      loadbalancer explain 10.96.0.20:80 --node worker-1 sysdump/
      loadbalancer explain shop/web --node w1 --kubernetes objects.json services.json

    \b
    Exit code:
      0  it is explained
      1  nothing answers there
      2  something could not be read
    """
    from ..errors import LoadBalancerError
    from ..sysdump import Evidence, File

    try:
        with Evidence() as evidence:
            for path in paths:
                evidence.add(File(path))
            for path in kubernetes:
                evidence.add_objects(File(path))
            found = [*_explanations(evidence, target, name, options)]
    except LoadBalancerError as error:
        complain(str(error))
        return TROUBLE
    if output_format == "json":
        document = [{"node": node, **asdict(each)} for node, each, _ in found if each is not None]
        click.echo(json.dumps(document, indent=2))
    else:
        with paging():
            printer = Printer()
            for number, (node, each, reason) in enumerate(found):
                if number:
                    printer.line()
                if each is None:
                    printer.line((visible(node or "-"), "bold"), f": nothing of {target}: {reason}")
                else:
                    _print(printer, node, each)
    return OK if any(each is not None for _, each, _ in found) else DIFFERS


def _explanations(
    evidence: Evidence, target: str, name: str | None, options: Options
) -> Iterator[tuple[str, Explanation | None, str]]:
    from ..audit.explaining import explain, why_not_listed
    from ..audit.views import NodeView

    cluster = evidence.cluster()
    renamed = name if len(evidence.names) == 1 else None
    wanted = None if name is None or renamed else [name]
    views = [*evidence.views(wanted)] or [NodeView(name or "", [])]
    for view in views:
        view.name = renamed or view.name
        node, _ = cluster.node(view, options)
        release = options.release or view.possible_releases()[0]
        found = explain(target, view, cluster, node, release)
        for each in found:
            yield view.name, each, ""
        if not found:
            reason = why_not_listed(target, cluster, node) or "it is not listed"
            yield view.name, None, reason


def _print(printer: Printer, node: str, found: Explanation) -> None:
    external, internal = found.policies
    printer.line(
        (visible(node or "-"), "bold"),
        f": {visible(found.frontend)} {visible(found.service)} ({found.type})",
    )
    local = "; traffic stays on the node" if found.is_local else ""
    printer.indented([f"policies: external {external}, internal {internal}{local}"], 4)
    used = [each for each in found.candidates if not each.reason]
    printer.indented([f"endpoints: {len(used):,} of {len(found.candidates):,} are used"], 4)
    for each in found.candidates:
        at = f" on {each.node}" if each.node else ""
        style = "yellow" if each.reason else "green"
        why = f": {each.reason}" if each.reason else f": used, {each.state}"
        printer.indented([(visible(each.address), style), visible(f"{at}{why}")], 6, 2)
    listed = "nothing" if found.listed is None else ", ".join(found.listed) or "no backends"
    printer.indented(["the agent lists: ", visible(listed)], 4, 2)
    if found.in_kernel is not None:
        kernel = ", ".join(found.in_kernel) or "no backends"
        printer.indented(["the kernel has: ", visible(kernel)], 4, 2)
