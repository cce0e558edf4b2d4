"""`loadbalancer collect`: what an audit needs of a live cluster, as a sysdump."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click

from .exit_codes import OK, TROUBLE
from .input.live_options import live_options
from .output.printing import Printer, complain
from .output.progress import counting_bar

if TYPE_CHECKING:
    from ..live import CollectOptions, Kubectl

__all__ = ["command"]


@click.command("collect", short_help="Collect from a live cluster what an audit needs.")
@click.option(
    "--node",
    "nodes",
    metavar="NAME",
    multiple=True,
    help="Only nodes of this name; * and ? match.  [repeatable]",
)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    type=click.Path(),
    help="A folder, or an archive if it ends in .tar.xz or .tar.gz; by default a new .tar.xz here.",
)
@click.option(
    "--redact", is_flag=True, help="Replace names and addresses by pseudonyms, alike in all files."
)
@live_options
def command(
    nodes: tuple[str, ...],
    output: str | None,
    redact: bool,
    kubectl: Kubectl,
    collecting: CollectOptions,
) -> int:
    """Collect services, endpoints and the agents' tables from a live cluster.

    kubectl is called, once for each kind of object and once for each agent; nothing in the
    cluster is changed. Of Pods only names, addresses, ports and conditions are kept, of Secrets
    nothing is read. The result has the layout of a sysdump: `audit`, `list` and `diff` read it.

    \b
    Examples:
      loadbalancer collect
      loadbalancer collect --context prod --node 'worker-1*' -o worker-1.tar.gz
      loadbalancer collect --redact -o for-the-issue.tar.gz

    \b
    Exit code:
      0  everything is collected
      2  an agent did not answer, or something could not be read
    """
    from ..errors import LoadBalancerError
    from ..live import collect

    path = output or f"cilium-sysdump-{datetime.now():%Y%m%d-%H%M%S}.tar.xz"
    try:
        with counting_bar("nodes") as bar:
            found = collect(
                kubectl,
                path,
                replace(collecting, nodes=nodes, redact=redact),
                on_node=lambda _: bar.advance(1),
            )
    except LoadBalancerError as error:
        complain(str(error))
        return TROUBLE
    except OSError as error:
        complain(f"cannot write {path}: {error.strerror or error}")
        return TROUBLE
    for problem in found.problems:
        complain(problem)
    for each in found.nodes:
        if each.reason:
            complain(f"{each.node} ({each.pod}): {each.reason}")
    if found.is_cut_off:
        complain("interrupted: the collection has what was there by then")
    asked = sum(not each.reason for each in found.nodes)
    Printer().line(f"{path}: {asked:,} of {len(found.nodes):,} agents")
    return OK if found.is_complete else TROUBLE
