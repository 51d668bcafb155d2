"""Log files that never grow beyond a few megabytes."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from wan_desktop.media.files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_BYTES = 1_000_000
BACKUPS = 3
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


def tail(file: Path, since: float = 0.0, lines: int = 30, most_bytes: int = 8_000) -> str:
    """The file's last lines; "" when it was not written to after `since` (seconds since 1970), or cannot be read."""
    try:
        if file.stat().st_mtime < since:
            return ""
        with file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - most_bytes))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def log_to(folder: Path, name: str, level: int = logging.INFO) -> Callable[[], None]:
    """Write the process's log to `folder`/`name`.log, at most (BACKUPS + 1) * MAX_BYTES; returns the way to stop.

    Every process has a `name` of its own ("host", "render", "client"): files that rotate are not shared.
    Raises DiskProblem.
    """
    with disk_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / f"{name}.log",
            maxBytes=MAX_BYTES,
            backupCount=BACKUPS,
            encoding="utf-8",
            errors="replace",
        )
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)

    def stop() -> None:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()

    return stop
