"""`loadbalancer validate`: all that is wrong with payloads and dumps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import click

from .input.options import as_option, files_argument, kind_of_option, report_format_option
from .input.sources import CannotRead, Source
from .output.printing import Printer
from .output.progress import reading_bar

__all__ = ["command"]

# Beyond so many problems, invalid values are counted and nothing else is found out about them.
_MOST_DIAGNOSED = 10_000


def _release(_: click.Context, __: click.Parameter, release: str | None) -> str | None:
    if release is not None:
        from loadbalancer import LoadBalancerError

        from ..releases import Release

        try:
            Release.parse(release)
        except LoadBalancerError as error:
            raise click.BadParameter(str(error)) from None
    return release


@click.command("validate", short_help="Check payloads and dumps, and say all that is wrong.")
@files_argument
@as_option
@click.option("--strict", is_flag=True, help="Services as release 1.13 has them, none other.")
@click.option("--strict-keys", is_flag=True, help="An unknown key is a problem, too.")
@click.option(
    "--release",
    metavar="RELEASE",
    callback=_release,
    help="Insist on a release such as 1.18: a dump that cannot be from it is invalid.",
)
@click.option(
    "--max-problems",
    metavar="N",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="How many problems to show of all files together; 0 shows all. All are counted.",
)
@click.option("--allow-empty", is_flag=True, help="A state file may have no services.")
@click.option("-q", "--quiet", is_flag=True, help="Show problems only: nothing if all is well.")
@report_format_option()
def command(
    sources: Sequence[Source | CannotRead],
    kind_name: str | None,
    strict: bool,
    strict_keys: bool,
    release: str | None,
    max_problems: int,
    allow_empty: bool,
    quiet: bool,
    output_format: str,
) -> int:
    """Check payloads and dumps, and say all that is wrong with them.

    FILE is a file, a directory of dumps, a glob pattern, or - for standard input. It holds
    frontends, backends, service specs or services: one of them, a JSON array of them, or
    one a line. What `cilium service list -o json` and `cilium service get ID -o json` print
    is such a file, from Cilium 1.6 on; YAML, the table, StateDB and state files
    (--lb-state-file) are read, too.

    Each problem comes with the line and column of its place, the JSON Pointer to it,
    what was found, what was expected, and what was probably meant.

    If release 1.13 would not write the services like this, it says which releases they can be
    from, and counts by rule what was read differently.

    \b
    Examples:
      loadbalancer validate payload.json
      loadbalancer validate examples/ 'dumps/**/*.json'
      cilium service list -o json | loadbalancer validate -
      loadbalancer validate --release 1.18 dump.json
      loadbalancer validate --strict-keys --max-problems 0 dump.json
      loadbalancer validate --format json dump.json | jq '.files[].problems[].pointer'
      loadbalancer validate --format github 'payloads/**/*.json'

    \b
    Exit code:
      0  all is valid
      1  something is invalid
      2  something could not be read
    """
    from .input.checking import Checks, check_files
    from .output.reporting import JsonReporter, Reporter, Summary, TextReporter

    if strict and release:
        raise click.UsageError("--strict is for release 1.13 alone: it goes without --release")
    printer = Printer()
    reporter: Reporter
    if output_format == "json":
        reporter = JsonReporter(printer, max_problems)
    elif output_format == "text":
        reporter = TextReporter(printer, max_problems, is_quiet=quiet)
    else:
        from .output.ci_report import CiReporter

        reporter = CiReporter(printer, max_problems, output_format)
    checks = Checks(
        kind_of_option(kind_name),
        strict_keys,
        strict,
        release,
        allow_empty=allow_empty,
        most_diagnosed=max_problems and max(max_problems, _MOST_DIAGNOSED),
    )
    summary = Summary()
    with reading_bar(sources) as bar, closing(check_files(sources, checks, reporter, bar)) as files:
        for source, verdict in files:
            bar.hide()
            summary.add(verdict)
            reporter.file(source.name, verdict)
    reporter.end(summary)
    return summary.exit_code
