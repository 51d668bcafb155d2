"""The library lock: one host per library. The system holds it, so a crash leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.media.files import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

_NAME = "host.lock"


class LibraryLock:
    """The held lock. It ends with `release`, with this object (so keep it), or with the process."""

    def __init__(self, lock: BaseFileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        """Let another process be the host. Safe to call again."""
        self._lock.release(force=True)


def take_library(data_dir: Path) -> LibraryLock | None:
    """Become the host of the library whose data folder is `data_dir`; None when another process is.

    Raises DiskProblem when the folder cannot be written to.
    """
    from filelock import FileLock, Timeout

    with disk_errors(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(data_dir / _NAME, mode=0o600, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
    return LibraryLock(lock)
