"""`loadbalancer audit`: what is wanted, what agents list and what kernels have, compared."""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from .exit_codes import DIFFERS, OK, TROUBLE
from .input.audit_options import agent_options, finding_options, release_option
from .input.live_options import live_options, parsed_seconds
from .input.options import Choice, report_format_option
from .input.sources import CannotRead, Source, standard_input_if_piped
from .output.pager import paging
from .output.printing import Printer, complain, visible
from .output.progress import counting_bar

if TYPE_CHECKING:
    from ..audit import Options
    from ..live import CollectOptions, Kubectl
    from ..reports.selection import FindingSelection
    from ..sysdump import ClusterReport, File

__all__ = ["command"]

_FILE = click.Path(allow_dash=True)


@dataclass(frozen=True, slots=True)
class _Output:
    """How a report is written."""

    format: str
    html: str | None
    most: int
    quiet: bool
    baseline: str | None
    write_baseline: str | None
    fail_on: str
    allow_unreadable: bool


@click.command("audit", short_help="Compare what is wanted, listed and in the kernel.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=_FILE)
@click.option(
    "--kubernetes",
    metavar="FILE",
    multiple=True,
    type=_FILE,
    help="Services, EndpointSlices, Pods and Nodes, as `kubectl get -o json` or yaml prints them, "
    "or a state file.  [repeatable]",
)
@click.option(
    "--bpf",
    metavar="FILE",
    type=_FILE,
    help="The output of `cilium bpf lb list` on the node.",
)
@click.option(
    "--node",
    "nodes",
    metavar="NAME",
    multiple=True,
    help="The node the dump is from; of several nodes, only those that match the pattern.  "
    "[repeatable]",
)
@release_option
@agent_options
@finding_options
@report_format_option("prometheus")
@click.option(
    "--html", metavar="FILE", type=click.Path(), help="Write a page with the report, too."
)
@click.option(
    "--max-findings",
    "most",
    metavar="N",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Findings shown of each kind and node; 0 shows all.",
)
@click.option("-q", "--quiet", is_flag=True, help="No notes, meanings and clean nodes.")
@click.option("--baseline", metavar="FILE", type=_FILE, help="Findings that are known.")
@click.option(
    "--write-baseline", metavar="FILE", type=click.Path(), help="Write all findings as a baseline."
)
@click.option(
    "--fail-on",
    type=Choice(("error", "warning", "never")),
    default="warning",
    show_default=True,
    help="The least severe finding that makes the exit code 1.",
)
@click.option("--allow-unreadable", is_flag=True, help="No exit code 2 for what is unreadable.")
@click.option("--live", "is_live", is_flag=True, help="Ask the live cluster, by kubectl.")
@click.option(
    "--settle",
    metavar="TIME",
    default="5s",
    show_default=True,
    callback=parsed_seconds,
    help="With --live: how long to wait before nodes with findings are asked again.",
)
@click.option("--save", metavar="PATH", help="With --live: keep the collection there.")
@click.option(
    "--watch",
    metavar="TIME",
    callback=parsed_seconds,
    help="With --live: repeat, and print what is new and what is gone.",
)
@click.option("--agent", metavar="SOCKET", help="Ask the agent of this node over its socket.")
@live_options
def command(
    paths: tuple[str, ...],
    kubernetes: tuple[str, ...],
    bpf: str | None,
    nodes: tuple[str, ...],
    options: Options,
    selection: FindingSelection,
    output_format: str,
    html: str | None,
    most: int,
    quiet: bool,
    baseline: str | None,
    write_baseline: str | None,
    fail_on: str,
    allow_unreadable: bool,
    is_live: bool,
    settle: float,
    save: str | None,
    watch: float | None,
    agent: str | None,
    kubectl: Kubectl,
    collecting: CollectOptions,
) -> int:
    """Find where services are not what they should be.

    PATH is what `cilium service list -o json` printed, a sysdump (zip or folder), a bugtool
    archive, or a folder of dumps named after their nodes. What Kubernetes wants, what the
    agent lists and what the kernel has are compared, as far as they are given, and so are the
    nodes. The most severe findings come first: those that send traffic to the wrong place.
    Without PATH, the objects of Kubernetes are checked for conflicts alone. With --live, kubectl
    asks the cluster; only what is found twice is reported.

    \b
    Examples:
      loadbalancer audit cilium-sysdump-20260101-120000.zip
      loadbalancer audit --node 'worker-*' --severity error sysdump/
      loadbalancer audit --kubernetes objects.json --node worker-3 services.json
      loadbalancer audit --bpf lb-list.txt services.json
      loadbalancer audit --format json sysdump.zip | jq '.nodes[].findings[].kind'
      loadbalancer audit --html report.html --fail-on error sysdump.zip
      loadbalancer audit --live --node 'worker-*'

    \b
    Exit code:
      0  nothing was found
      1  there are findings
      2  something could not be read, or there is nothing to compare
    """
    if not (kubernetes or is_live or agent) or paths:
        paths = standard_input_if_piped(paths)
    if not (paths or kubernetes or is_live or agent):
        raise click.UsageError("no PATH given, and nothing piped in (- is standard input)")
    output = _Output(
        output_format, html, most, quiet, baseline, write_baseline, fail_on, allow_unreadable
    )
    from ..errors import LoadBalancerError
    from ..sysdump import AuditInputError, audit_cluster

    try:
        if is_live:
            wanted = replace(collecting, nodes=nodes)
            look = _Live(kubectl, wanted, options, settle, save)
            return _watch(look, watch, selection, output)
        if agent is not None:
            return _write(_agent_report(agent, kubernetes, nodes, options), selection, output)
        with counting_bar("nodes") as bar:
            report = audit_cluster(
                [_file(each) for each in paths],
                kubernetes=[_file(each) for each in kubernetes],
                bpf=None if bpf is None else _file(bpf),
                nodes=nodes,
                options=options,
                on_node=lambda _: bar.advance(1),
            )
        return _write(report, selection, output)
    except AuditInputError as error:
        raise click.UsageError(str(error)) from None
    except CannotRead as error:
        complain(f"cannot read {error.name}: {error.reason}")
        return TROUBLE
    except LoadBalancerError as error:
        complain(f"cannot read {error}" if hasattr(error, "name") else str(error))
        return TROUBLE


@dataclass(frozen=True, slots=True)
class _Live:
    """How the live cluster is asked."""

    kubectl: Kubectl
    collecting: CollectOptions
    options: Options
    settle: float
    save: str | None

    def report(self) -> ClusterReport:
        """Ask the cluster, and say what was gone at the second look."""
        from ..live import audit_live

        with counting_bar("nodes") as bar:
            found = audit_live(
                self.kubectl,
                self.collecting,
                self.options,
                settle=self.settle,
                save=self.save,
                on_node=lambda _: bar.advance(1),
            )
        if found.gone:
            found.report.notes.append(
                f"{found.gone:,} findings of the first look were gone at the second."
            )
        return found.report


def _watch(look: _Live, seconds: float | None, selection: FindingSelection, output: _Output) -> int:
    """Audit once, or again and again until it is interrupted."""
    if seconds is None:
        return _write(look.report(), selection, output)
    from ..reports.documents import findings_by_node

    since: dict[str, str] = {}
    printer = Printer()
    while True:
        report = look.report()
        now = datetime.now().strftime("%H:%M:%S")
        found = {f"{node}: {x.kind}: {x.message}" for node, x in findings_by_node(report)}
        for each in sorted(found - since.keys()):
            since[each] = now
            printer.line(f"{now} ", ("new", "red"), f"  {visible(each)}")
        for each in sorted(since.keys() - found):
            told = f" {visible(each)} (since {since.pop(each)})"
            printer.line(f"{now} ", ("gone", "green"), told)
        for problem in report.problems:
            complain(problem)
        sys.stdout.flush()
        time.sleep(seconds)


def _agent_report(
    agent: str, kubernetes: tuple[str, ...], nodes: tuple[str, ...], options: Options
) -> ClusterReport:
    """Audit what the agent of this node says over its socket."""
    from ..audit import audit_node
    from ..live.agent_socket import AgentSocket, view_of_agent
    from ..sysdump import ClusterReport, Evidence

    name = nodes[0] if nodes else socket.gethostname()
    view, notes = view_of_agent(AgentSocket(agent), name)
    with Evidence() as evidence:
        for each in kubernetes:
            evidence.add_objects(_file(each))
        found = audit_node(view, evidence.cluster(), options)
    return ClusterReport([found], notes=notes)


def _file(path: str) -> File:
    from ..sysdump import File

    if path != "-":
        return File(path)
    source = Source(path)
    return File(source.name, b"".join(source.chunks()))


def _write(report: ClusterReport, selection: FindingSelection, output: _Output) -> int:
    from ..reports.selection import Baseline, baseline_document, selected

    known = None
    if output.baseline is not None:
        known = Baseline.parse(_file(output.baseline).read().decode("utf-8-sig", "replace"))
    chosen, accepted = selected(report, selection, known, date.today())
    for problem in report.problems:
        complain(problem)
    if accepted:
        complain(f"{accepted:,} known findings are left out (--baseline)")
    if output.write_baseline is not None:
        _write_file(output.write_baseline, baseline_document(chosen))
    if output.html is not None:
        from ..reports.html import html_page

        _write_file(output.html, html_page(chosen))
    _print(chosen, output)
    is_troubled = bool(report.problems or report.unreadable)
    if is_troubled and not output.allow_unreadable:
        return TROUBLE
    return DIFFERS if _fails(chosen, output.fail_on) else OK


def _write_file(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CannotRead(path, error.strerror or str(error)) from None


def _fails(report: ClusterReport, fail_on: str) -> bool:
    from ..reports.documents import findings_by_node

    severities = {finding.severity for _, finding in findings_by_node(report)}
    if fail_on == "never":
        return False
    if fail_on == "error":
        return "error" in severities
    return bool(severities or report.disagreements)


def _print(report: ClusterReport, output: _Output) -> None:
    from ..audit.meanings import MEANINGS
    from ..reports import ci, documents

    if output.format == "text":
        from ..reports.text import text_lines

        with paging():
            printer = Printer()
            for line in text_lines(report, most=output.most, quiet=output.quiet):
                printer.indented(line.parts, line.indent, line.hanging)
        return
    write = sys.stdout.write
    match output.format:
        case "json":
            write(json.dumps(documents.json_document(report), indent=2) + "\n")
        case "concise":
            write("".join(f"{each}\n" for each in documents.concise_lines(report)))
        case "prometheus":
            write(documents.prometheus_text(report))
        case form:
            entries = [*documents.entries_of(report)]
            names = [each.name for each in report.nodes]
            rules = {str(kind): (each.text, each.remedy) for kind, each in MEANINGS.items()}
            write(ci.ci_text(form, entries, names, "loadbalancer audit", rules))
