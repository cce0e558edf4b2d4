"""`loadbalancer diff`: what changed from one dump to another."""

from __future__ import annotations

import sys

import click

from .exit_codes import DIFFERS, OK, TROUBLE
from .input.options import format_option
from .input.sources import Source
from .output.printing import Printer, complain
from .output.progress import reading_bar

__all__ = ["command"]

_FILE = click.Path(allow_dash=True)


@click.command("diff", short_help="Show what changed from one dump to another.")
@click.argument("before", metavar="A", type=_FILE)
@click.argument("after", metavar="B", type=_FILE)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing, just give the exit code.")
@format_option
def command(before: str, after: str, quiet: bool, output_format: str) -> int:
    """Show what changed from dump A to dump B, by frontend.

    Services are added (+), removed (-) or changed (~); of a changed one, so are its
    backends, and each of its flags that changed is shown. The order of services and of
    backends does not matter. One of A and B may be -, standard input, and either may be
    unix:SOCKET, an agent of this node, or a state file.

    \b
    Examples:
      loadbalancer diff before.json after.json
      cilium service list -o json | loadbalancer diff before.json -
      loadbalancer diff unix:/var/run/cilium/cilium.sock new-state-file.yaml
      loadbalancer diff --quiet a.json b.json || echo changed
      loadbalancer diff --format json a.json b.json | jq '.changed[].frontend'

    \b
    Exit code:
      0  there is no difference
      1  there is
      2  the two could not be compared: a file is unreadable or has invalid services
    """
    if before == after == "-":
        raise click.UsageError("only one of A and B can be standard input")
    from ..audit.comparison import compare
    from .input.intake import Intake
    from .output.diff_report import print_comparison, write_json

    sources = [Source(before), Source(after)]
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
