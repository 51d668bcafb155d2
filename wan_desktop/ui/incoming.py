"""Files from outside: what each one is, is seen in the background, and the last one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from wan_desktop.bridge.background import in_background
from wan_desktop.ui import dropped
from wan_desktop.ui.recipes import bring_back, if_workflow

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from wan_desktop.bridge.session import Session
    from wan_desktop.bridge.workflows import FoundWorkflow


class Incoming(QObject):
    """`found` carries the FoundWorkflow of a file, `picture` the path of a plain picture, `refused` a WanError."""

    found = Signal(object)
    picture = Signal(str)
    refused = Signal(object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._asked = 0

    def open(self, path: str) -> None:
        """Use a file: a clip's recipe, a ComfyUI workflow, or a picture as start image."""
        if path.lower().endswith(dropped.RECIPES):
            self.open_recipe(path)
        else:
            self._look(lambda: if_workflow(self._session, path), path)

    def open_recipe(self, path: str) -> None:
        """Bring back everything that made the file at `path`; a picture without a workflow is refused."""
        self._look(lambda: bring_back(self._session, path), path)

    def _look(self, work: Callable[[], FoundWorkflow | None], path: str) -> None:
        self._asked += 1
        number = self._asked

        def use(found: FoundWorkflow | None) -> None:
            if number != self._asked:
                return
            if found is None:
                self.picture.emit(path)
            else:
                self.found.emit(found)

        in_background(self, work, use, self.refused.emit)
