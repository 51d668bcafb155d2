"""The QThread that owns the one blocking conversation with the render process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal

from wan_desktop.domain.errors import WanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.jobs.runner import Runner

log = logging.getLogger(__name__)


class RenderThread(QThread):
    """Gets the library ready, then runs jobs until `finish`; what happens reaches the window through the Session.

    `problem` carries the WanError of a library that could not be got ready; jobs then fail with the same sentence.
    """

    problem = Signal(object)

    def __init__(self, runner: Runner, prepare: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._prepare = runner, prepare

    def run(self) -> None:
        """Work until the runner is stopped (called by Qt in the new thread)."""
        try:
            self._prepare()
        except WanError as error:
            self.problem.emit(error)
        except Exception:  # a thread's border: what could not be tidied keeps no job from rendering
            log.exception("the library could not be got ready")
        self._runner.run()

    def finish(self) -> None:
        """Take no further job and wait for the thread to end; a running job must have been cancelled before."""
        self._runner.stop()
        self.wait()
