"""Copies of clips outside the library: whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, DiskProblem
from wan_desktop.media.files import disk_errors, replace_file, sync_file

if TYPE_CHECKING:
    from wan_desktop.domain.job import Clip


def check_target(target: Path) -> None:
    """Raise DiskProblem unless a copy could be written to `target`, a file or a folder."""
    folder = target if target.is_dir() else target.absolute().parent
    if not folder.is_dir():
        raise DiskProblem(
            QT_TRANSLATE_NOOP(
                "errors", "There is no folder {folder} for the copy: make it, or choose another one."
            ),
            field="out",
            action=QT_TRANSLATE_NOOP("errors", "Choose another folder"),
            folder=folder,
        )
    with disk_errors(folder), tempfile.TemporaryFile(dir=folder, prefix=".", suffix=".part"):
        pass


def copy_to(clip: Clip, target: Path) -> Path:
    """Copy the clip's file to `target` (into it, under the clip's own name, if it is a folder); the copy's path.

    A file that is already there is replaced in one step, once the copy is whole. Raises DiskProblem.
    """
    check_target(target)
    source = Path(clip.path)
    final = (target / source.name if target.is_dir() else target).absolute()
    with disk_errors(final.parent):
        descriptor, name = tempfile.mkstemp(dir=final.parent, prefix=".", suffix=".part")
        os.close(descriptor)
        part = Path(name)
        try:
            shutil.copyfile(source, part)
            shutil.copymode(source, part)
            sync_file(part)
            replace_file(part, final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return final
