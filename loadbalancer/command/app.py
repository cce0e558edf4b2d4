"""The command line: the group of subcommands, each loaded when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

from .input.options import Choice
from .output.pager import NO_PAGER

__all__ = ["app", "help_command"]

# Where each subcommand is: a module and the command in it. These modules load Click and
# little else by themselves; what the work needs is loaded when it is done.
_COMMANDS = {
    "validate": (".validate", "command"),
    "list": (".list_services", "command"),
    "convert": (".convert", "command"),
    "diff": (".diff", "command"),
    "expect": (".expect", "command"),
    "audit": (".audit", "command"),
    "collect": (".collect", "command"),
    "explain": (".explain", "command"),
    "rules": (".rules", "command"),
    "flags": (".flags", "command"),
    "state": (".state", "command"),
    "schema": (".schema", "command"),
    "serve": (".serve", "serve"),
    "completion": (".completion", "command"),
    "help": (".app", "help_command"),
}


class LazyGroup(click.Group):
    """A group that imports a subcommand's module when the subcommand is looked up."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All installed subcommands, in the order of the table."""
        return [name for name in _COMMANDS if _is_there(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name."""
        if cmd_name not in _COMMANDS or not _is_there(cmd_name):
            return None
        module, name = _COMMANDS[cmd_name]
        command = getattr(import_module(module, __package__), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand; an unknown name is an error that says which one was probably meant."""
        from ..checking.suggestions import nearest

        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            meant = nearest(args[0], names)
            hint = f" Did you mean {meant!r}?" if meant else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def _is_there(name: str) -> bool:
    """Whether the module is part of this installation."""
    try:
        return find_spec(_COMMANDS[name][0], __package__) is not None
    except ModuleNotFoundError:
        return False


def _set_pager(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.meta[NO_PAGER] = value


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from loadbalancer import __version__

        click.echo(f"loadbalancer {__version__}")
        ctx.exit()


_COLORS = {"always": True, "never": False}


def _set_color(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    ctx.color = _COLORS.get(value or "")


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--color",
    metavar="WHEN",
    type=Choice(["auto", *_COLORS]),
    default="auto",
    is_eager=True,
    expose_value=False,
    callback=_set_color,
    help="Colours: auto (in a terminal; NO_COLOR and FORCE_COLOR decide), always or never.",
)
@click.option(
    "--no-pager",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_set_pager,
    help="Show long text in a terminal without a pager.",
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def app() -> None:
    """Check, show, convert and compare Cilium's load-balancer services.

    It reads what `cilium service list -o json` of any release prints, as JSON, YAML or a
    table, what the agent's API answers, and what clients send to it; `audit` reads sysdumps.

    \b
    Examples:
      cilium service list -o json > now.json
      loadbalancer validate now.json            is anything wrong?
      loadbalancer list --state quarantined now.json
      loadbalancer diff before.json now.json    what has changed?
      loadbalancer convert --to ndjson now.json | grep 10.0.0.7
      loadbalancer audit sysdump.zip            who disagrees: Kubernetes, agent, kernel?
      loadbalancer expect --node worker-3 objects.yaml
      loadbalancer flags 0x1044                 what do these bits mean?
      loadbalancer state quarantined active     may a backend go there?

    Each command has examples of its own: loadbalancer COMMAND --help.

    \b
    Exit code:
      0  all is well
      1  something is invalid, or differs
      2  something could not be read, or the command was used wrongly
    """


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in app.list_commands(ctx) if name.startswith(incomplete)]


@click.command("help", short_help="Show the help of a command.")
@click.argument("name", metavar="[COMMAND]", required=False, shell_complete=_complete)
@click.pass_context
def help_command(ctx: click.Context, name: str | None) -> None:
    """Show what COMMAND --help shows, or the list of commands.

    \b
    Examples:
      loadbalancer help
      loadbalancer help validate
    """
    root = ctx.find_root()
    if name is None:
        click.echo(root.get_help())
        return
    _, found, _ = app.resolve_command(root, [name])
    assert found is not None
    # It ends there: the option shows the help.
    found.make_context(name, ["--help"], parent=root)
