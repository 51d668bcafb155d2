"""Writing files so that nothing is ever half-done, and saying in a sentence why a disk refused."""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, DiskProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.ESTALE}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
_RETRY_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Pauses between tries while a player or a virus scanner holds a file on Windows."""


def disk_problem(error: OSError, place: Path | str) -> DiskProblem:
    """The sentence for what the operating system said about `place` (a folder or a file)."""
    if error.errno in _FULL:
        return DiskProblem(
            QT_TRANSLATE_NOOP("errors", "The disk of {place} is full: free some space, then try again."),
            action=QT_TRANSLATE_NOOP("errors", "Free disk space"),
            place=place,
        )
    if error.errno in _READ_ONLY:
        return DiskProblem(
            QT_TRANSLATE_NOOP(
                "errors", "{place} cannot be written to: allow writing, or choose another folder."
            ),
            action=QT_TRANSLATE_NOOP("errors", "Choose another folder"),
            place=place,
        )
    if error.errno in _GONE:
        return DiskProblem(
            QT_TRANSLATE_NOOP(
                "errors", "{place} is not there: connect its disk or bring it back, or choose another folder."
            ),
            action=QT_TRANSLATE_NOOP("errors", "Choose another folder"),
            place=place,
        )
    return DiskProblem(
        QT_TRANSLATE_NOOP("errors", "The disk refused {place} ({why}): check it, or choose another folder."),
        action=QT_TRANSLATE_NOOP("errors", "Choose another folder"),
        place=place,
        why=error.strerror or str(error),
    )


@contextmanager
def disk_errors(place: Path | str) -> Iterator[None]:
    """Turn an OSError of the block into a DiskProblem about `place`."""
    try:
        yield
    except OSError as error:
        raise disk_problem(error, place) from error


def sync_file(path: Path) -> None:
    """Make the file's bytes durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the folder's names durable; Windows has no such thing, some network disks refuse it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make the folder and those above it, durably; nothing to do when it is there. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def replace_file(source: Path, target: Path) -> None:
    """Rename `source` over `target`, atomically and durably. Raises OSError."""
    _patiently(lambda: os.replace(source, target))
    sync_folder(target.parent)


def rename_new(source: Path, target: Path) -> None:
    """Rename `source` to `target` on the same disk, durably; FileExistsError when `target` is already there."""
    _patiently(lambda: _rename_new(source, target))
    sync_folder(target.parent)


def _rename_new(source: Path, target: Path) -> None:
    if os.name == "nt":
        os.rename(source, target)
        return
    try:
        os.link(source, target)  # unlike a POSIX rename, a link never replaces what is there
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        os.rename(source, target)
    else:
        os.unlink(source)


def _patiently(rename: Callable[[], None]) -> None:
    for pause in _RETRY_SECONDS:
        try:
            return rename()
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(pause)
    return rename()


def write_atomically(target: Path, data: bytes) -> None:
    """Write the whole file or nothing, durably. Raises DiskProblem."""
    part = target.with_name(f".{target.name}.part")
    with disk_errors(target):
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            replace_file(part, target)
        except OSError:
            part.unlink(missing_ok=True)
            raise
