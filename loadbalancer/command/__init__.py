"""The command `loadbalancer`, a thin pipe over the library.

It needs the extra `cli`: `pip install 'cilium-loadbalancer[cli]'`.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

__all__ = ["main"]

_NEEDED = ("click", "rich")
_PROGRAM = "loadbalancer"
# Set by the scripts that `loadbalancer completion` prints.
_COMPLETE = "_LOADBALANCER_COMPLETE"
# Set to anything, it shows the traceback of an unexpected error.
_DEBUG = "LOADBALANCER_DEBUG"


def main(argv: Sequence[str]) -> int:
    """Run the command with its arguments; return its exit code, whatever happens."""
    from .exit_codes import BROKEN_PIPE, INTERRUPTED, TROUBLE

    if any(find_spec(name) is None for name in _NEEDED):
        print(
            "loadbalancer: the command needs packages that are not installed; install them with\n"
            "    pip install 'cilium-loadbalancer[cli]'",
            file=sys.stderr,
        )
        return TROUBLE
    _make_streams_safe()
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if os.environ.get(_DEBUG):
            raise
        return _fail(error)
    return code


def _run(argv: Sequence[str]) -> int:
    """What Click's own `main` does, except for Ctrl-C and broken pipes."""
    import click

    from ..errors import visible
    from .app import app
    from .exit_codes import INTERRUPTED, OK, TROUBLE

    if instruction := os.environ.get(_COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(app, {}, _PROGRAM, _COMPLETE, instruction)
    try:
        with app.make_context(_PROGRAM, list(argv)) as context:
            result = app.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        sys.stderr.write("\n".join(map(visible, told.getvalue().split("\n"))))
        return TROUBLE
    except click.Abort:
        return INTERRUPTED
    return result if isinstance(result, int) else OK


def _fail(error: Exception) -> int:
    from .exit_codes import TROUBLE
    from .output.printing import complain

    if isinstance(error, OSError):
        _discard_output()
        complain(f"cannot write: {error.strerror or error}")
    elif isinstance(error, MemoryError):
        complain("out of memory")
    else:
        complain(
            f"an error in the command itself, please report it: {type(error).__name__}: {error} "
            f"({_DEBUG}=1 shows where)"
        )
    return TROUBLE


def _make_streams_safe() -> None:
    """Make sure that a closed stream or a character outside the encoding is not an error."""
    for name in ("stdout", "stderr"):
        # Python has None where the process was started with a closed descriptor.
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        # A test or another program may have put something else there.
        reconfigure = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Keep Python from complaining about output that cannot be written any more, even at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)
