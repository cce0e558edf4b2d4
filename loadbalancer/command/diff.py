"""`loadbalancer diff`: what changed from one dump to another."""

from __future__ import annotations

import sys

import click

from .exit_codes import DIFFERS, OK, TROUBLE
from .input.options import format_option
from .input.sources import CannotRead, Source
from .output.printing import Printer, complain
from .output.progress import reading_bar

__all__ = ["command"]

_FILE = click.Path(allow_dash=True)


@click.command("diff", short_help="Show what changed from one dump to another.")
@click.argument("before", metavar="A", type=_FILE)
@click.argument("after", metavar="[B]", type=_FILE, required=False)
@click.option(
    "--node",
    "nodes",
    metavar="NAME",
    multiple=True,
    help="The node of a sysdump; given twice, the one of A and the one of B.  [repeatable]",
)
@click.option("--ids", is_flag=True, help="Compare ids, too; each agent gives them out by itself.")
@click.option("-q", "--quiet", is_flag=True, help="Show nothing, just give the exit code.")
@format_option
def command(
    before: str,
    after: str | None,
    nodes: tuple[str, ...],
    ids: bool,
    quiet: bool,
    output_format: str,
) -> int:
    """Show what changed from dump A to dump B, by frontend.

    Services are added (+), removed (-) or changed (~); of a changed one, so are its
    backends, and each of its flags that changed is shown. The order of services and of
    backends does not matter, and facts that one of the dumps does not have are not compared.
    One of A and B may be -, standard input, and either may be unix:SOCKET, an agent of this
    node, a state file, or a sysdump with --node. Without B, two nodes of A are compared.

    \b
    Examples:
      loadbalancer diff before.json after.json
      cilium service list -o json | loadbalancer diff before.json -
      loadbalancer diff --node worker-1 --node worker-2 cilium-sysdump.zip
      loadbalancer diff unix:/var/run/cilium/cilium.sock new-state-file.yaml
      loadbalancer diff --quiet a.json b.json || echo changed
      loadbalancer diff --format json a.json b.json | jq '.changed[].frontend'

    \b
    Exit code:
      0  there is no difference
      1  there is
      2  the two could not be compared: a file is unreadable or has invalid services
    """
    if len(nodes) > 2 or (after is None and len(nodes) != 2):
        raise click.UsageError("give A and B, or A and two --node")
    after = before if after is None else after
    if before == after == "-":
        raise click.UsageError("only one of A and B can be standard input")
    from ..audit.comparison import COMPARED_FACTS, compare
    from .input.intake import Intake
    from .output.diff_report import print_comparison, write_json

    sources = [_source(before, nodes[:1]), _source(after, nodes[-1:])]
    with reading_bar(sources) as bar:
        intakes = [Intake(bar.hide, bar.advance) for _ in sources]
        result = compare(
            *(intake.services([source]) for intake, source in zip(intakes, sources, strict=True))
        )
    if any(intake.exit_code for intake in intakes):
        complain("not compared, since not all services could be read")
        return TROUBLE
    for source, intake in zip(sources, intakes, strict=True):
        if len(intake.dumps) > 1:
            complain(f"not compared: {source.name} has {len(intake.dumps)} dumps")
            return TROUBLE
    one_sided = result.omitted | (intakes[0].omitted ^ intakes[1].omitted) & COMPARED_FACTS
    result.omitted |= intakes[0].omitted | intakes[1].omitted
    if not ids:
        result.omitted.add("ids")
        one_sided.discard("ids")
    if one_sided:
        names = ", ".join(sorted(one_sided))
        complain(f"not compared, since one of the dumps does not have them: {names}")
    for name in result.repeated:
        complain(f"the frontend {name} is there more than once; its last service is compared")
    if quiet:
        kinds = result.added(), result.removed(), result.changed()
        differs = any(next(kind, None) for kind in kinds)
    elif output_format == "json":
        differs = write_json(sys.stdout, result)
    else:
        differs = print_comparison(Printer(), result)
    return DIFFERS if differs else OK


def _source(path: str, nodes: tuple[str, ...]) -> Source | CannotRead:
    """Return the source that a path stands for; of a sysdump, that of one node."""
    from .input.node_sources import find_dumps, is_sysdump

    if not is_sysdump(path):
        return Source(path)
    found = [*find_dumps([path])]
    chosen = [each for each in found if not nodes or _node_of(each) in nodes]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(filter(None, map(_node_of, found)))
    reason = f"it has the nodes {names}; --node chooses one"
    return CannotRead(path, reason)


def _node_of(source: Source | CannotRead) -> str:
    from .input.node_sources import NodeSource

    return source.node.name if isinstance(source, NodeSource) else ""
