"""The QThread that owns the one blocking conversation with the render process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread

if TYPE_CHECKING:
    from wan_desktop.jobs.runner import Runner


class RenderThread(QThread):
    """Runs the runner until `finish`; what happens reaches the window as the Session's signals."""

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner

    def run(self) -> None:
        """Work until the runner is stopped (called by Qt in the new thread)."""
        self._runner.run()

    def finish(self) -> None:
        """Take no further job and wait for the thread to end; a running job must have been cancelled before."""
        self._runner.stop()
        self.wait()
