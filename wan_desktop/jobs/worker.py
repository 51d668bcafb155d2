"""Where the jobs of one backend run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.jobs.runner import Lane


class Worker:
    """Where a lane's jobs run: a thread of its own, or the runner's. `ended`: it takes no further job."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.wake, self.ended = threading.Event(), threading.Event()
        self.job_id: str | None = None
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Does its thread run?"""
        return self._thread is not None and self._thread.is_alive()

    def start(self, work: Callable[[Worker], None]) -> None:
        """Do `work` in a thread of its own."""
        self._thread = threading.Thread(target=work, args=(self,), name="runner-lane")
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread's end; nothing to do when it has none."""
        if self._thread is not None:
            self._thread.join()
