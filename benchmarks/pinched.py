"""Wan Desktop whose render process is refused memory once, in the middle of a step, when a file says so.

    python -m benchmarks.pinched serve …

For kills that come while a job changes its memory plan: everything else of the program is as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PINCH = "pinch"
"""The file in the cache folder; it is gone when the memory was refused."""


def render(conn: Connection, settings: dict[str, Any]) -> None:
    """Be the render process."""
    from wan_desktop import child
    from wan_desktop.engine import control

    said = Path(settings["cache_dir"]) / PINCH

    class Pinched(control.Control):
        def check(self) -> None:
            super().check()
            if said.exists():
                said.unlink()
                raise MemoryError("thrown in")

    control.Control = Pinched  # type: ignore[misc]
    child.main(conn, settings)


def main() -> None:
    """Run the program's command line."""
    from wan_desktop import __main__, child

    child.main = render
    __main__.main()


if __name__ == "__main__":
    from benchmarks import pinched  # so that the render process finds `render` in a module that has a name

    pinched.main()
