"""`loadbalancer audit`: what is wanted, what agents list and what kernels have, compared."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from .exit_codes import DIFFERS, OK, TROUBLE
from .input.options import format_option
from .input.sources import standard_input_if_piped
from .output.printing import Printer, complain

if TYPE_CHECKING:
    from .auditing.evidence import Evidence

__all__ = ["command"]

_FILE = click.Path(allow_dash=True)


@click.command("audit", short_help="Compare what is wanted, listed and in the kernel.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=_FILE)
@click.option(
    "--kubernetes",
    metavar="FILE",
    multiple=True,
    type=_FILE,
    help="Services, EndpointSlices, Pods and Nodes, as `kubectl get -o json` or yaml prints them.  "
    "[repeatable]",
)
@click.option(
    "--bpf",
    metavar="FILE",
    type=_FILE,
    help="What `cilium bpf lb list` printed on the node.",
)
@click.option(
    "--node",
    metavar="NAME",
    help="The node the dump is from; of several nodes, only this one.",
)
@format_option
def command(
    paths: tuple[str, ...],
    kubernetes: tuple[str, ...],
    bpf: str | None,
    node: str | None,
    output_format: str,
) -> int:
    """Find where services are not what they should be.

    PATH is what `cilium service list -o json` printed, a sysdump (zip or folder), a bugtool
    archive, or a folder of dumps named after their nodes. What Kubernetes wants, what the
    agent lists and what the kernel has are compared, as far as they are given, and so are the
    nodes. The gravest findings come first: those that send traffic to the wrong place.

    \b
    Examples:
      loadbalancer audit cilium-sysdump-20260101-120000.zip
      loadbalancer audit --node worker-3 sysdump/
      loadbalancer audit --kubernetes objects.json --node worker-3 services.json
      loadbalancer audit --bpf lb-list.txt services.json
      loadbalancer audit --format json sysdump.zip | jq '.nodes[].findings[].kind'

    \b
    Exit code:
      0  nothing was found
      1  there are findings
      2  something could not be read, or there is nothing to compare
    """
    paths = standard_input_if_piped(paths)
    if not paths:
        raise click.UsageError("no PATH given, and nothing piped in (- is standard input)")
    from loadbalancer import LoadBalancerError
    from loadbalancer.audit import disagreements

    from .auditing.evidence import gather, read_entries
    from .auditing.node_audit import audit_node
    from .auditing.report import Report, print_report, write_json
    from .input.sources import CannotRead

    try:
        evidence = gather(paths, kubernetes)
        _choose(evidence, node)
        if bpf is not None:
            if len(evidence.views) != 1:
                raise click.UsageError("--bpf goes with the dump of one node")
            evidence.views = [replace(evidence.views[0], entries=read_entries(bpf))]
        _check(evidence, node)
        audits = [audit_node(view, evidence.objects) for view in evidence.views]
    except CannotRead as error:
        complain(f"cannot read {error.name}: {error.reason}")
        return TROUBLE
    except LoadBalancerError as error:
        complain(str(error))
        return TROUBLE
    split = disagreements({view.name: view.services for view in evidence.views})
    report = Report(audits, split, evidence.problems)
    for problem in report.problems:
        complain(problem)
    if output_format == "json":
        write_json(sys.stdout, report)
    else:
        print_report(Printer(), report)
    if report.problems:
        return TROUBLE
    return OK if report.is_clean else DIFFERS


_ENDPOINTS = {"EndpointSlice", "Endpoints"}


def _choose(evidence: Evidence, node: str | None) -> None:
    """Keep the node of that name; a single dump is taken for that of this node."""
    views = evidence.views
    if node is None or not views:
        return
    chosen = [each for each in views if each.name == node]
    if not chosen and len(views) == 1:
        chosen = [replace(views[0], name=node)]
    if not chosen:
        names = ", ".join(each.name for each in views)
        raise click.UsageError(f"there is no node {node!r}; there are: {names}")
    evidence.views = chosen


def _check(evidence: Evidence, node: str | None) -> None:
    """Refuse input with nothing to compare, or with objects but no known node."""
    views, objects = evidence.views, evidence.objects
    if not views:
        raise click.UsageError("there is no dump of what an agent lists")
    if len(views) == 1 and not objects and views[0].entries is None:
        raise click.UsageError(
            "nothing to compare the dump with: give --kubernetes, --bpf or dumps of other nodes"
        )
    if len(views) == 1 and objects and not (node or views[0].name):
        raise click.UsageError("--node has to say which node the dump is from")
    kinds = {each.get("kind") for each in objects}
    if objects and "Service" not in kinds:
        # Every cluster has some: all that is listed would be a finding.
        raise click.UsageError("there is no Service among the objects of Kubernetes")
    if objects and not kinds & _ENDPOINTS:
        complain(
            "there are no EndpointSlices among the objects of Kubernetes: "
            "what agents list looks like too much"
        )
