"""Files written as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile

from ..input.sources import CannotRead

__all__ = ["CannotWrite", "replace_file"]


class CannotWrite(CannotRead):
    """A file that cannot be written, and why; what was there before is untouched."""


def replace_file(path: str, text: str, *, backup: bool = False) -> None:
    """Write a file beside the old one, and rename it: readers see the old or the new one.

    The mode of an old file is kept; a new one is readable by its owner alone.

    Args:
        path: the file.
        text: what is to be in it.
        backup: keep the old file, with `.bak` at the end of its name.

    Raises:
        CannotWrite: the file cannot be written; the old one is untouched.
    """
    folder = os.path.dirname(path) or "."
    beside = ""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else 0o600
        handle, beside = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if backup and os.path.exists(path):
            shutil.copy2(path, f"{path}.bak")
        os.replace(beside, path)
        beside = ""
        _sync_folder(folder)
    except OSError as error:
        raise CannotWrite(path, error.strerror or str(error)) from None
    finally:
        if beside:
            with contextlib.suppress(OSError):
                os.unlink(beside)


def _sync_folder(folder: str) -> None:
    """Make the new name last, where folders can be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
