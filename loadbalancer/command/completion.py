"""`loadbalancer completion`: what makes a shell complete the command's words."""

from __future__ import annotations

import click

from .exit_codes import OK
from .input.options import Choice

__all__ = ["command"]

_PROGRAM = "loadbalancer"
_VARIABLE = "_LOADBALANCER_COMPLETE"


@click.command("completion", short_help="Print what makes a shell complete the command.")
@click.argument("shell", type=Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """Print the script that makes a shell complete commands, options and their values.

    \b
    Examples:
      eval "$(loadbalancer completion bash)"          for this shell
      loadbalancer completion bash >> ~/.bashrc       for every one from now on
      loadbalancer completion zsh >> ~/.zshrc
      loadbalancer completion fish > ~/.config/fish/completions/loadbalancer.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root().command
    # The script alone: asking Click for it the usual way looks at the version of the shell.
    completion = kind(root, {}, _PROGRAM, _VARIABLE)
    click.echo(completion.source_template % completion.source_vars())
    return OK
