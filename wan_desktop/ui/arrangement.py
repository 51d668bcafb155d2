"""Keeps the window's arrangement, also while it is open, and brings it back: a power cut asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication

from wan_desktop.ui.panels.side import LIBRARY, QUEUE

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session
    from wan_desktop.ui.main_window import MainWindow
    from wan_desktop.ui.widgets.fold import Fold
    from wan_desktop.ui.window_state import WindowState

PREFERRED = (1440, 900)
KEEP_MS = 1000
"""The arrangement is kept this long after it changed."""


class Arrangement(QObject):
    """Of one window; without a `state` nothing is kept. `watch` follows the widgets of a newly built body."""

    def __init__(self, session: Session, window: MainWindow, state: WindowState | None) -> None:
        super().__init__(window)
        self._session, self._window, self._state = session, window, state
        self._keeper = QTimer(self)
        self._keeper.setSingleShot(True)
        self._keeper.setInterval(KEEP_MS)
        self._keeper.timeout.connect(self.keep)
        window.installEventFilter(self)

    @property
    def kept(self) -> bool:
        """False while a change waits to be kept."""
        return not self._keeper.isActive()

    def watch(self) -> None:
        """Notice every change of the window's parts."""
        window = self._window
        folds = (fold.toggled for fold in self._folds().values())
        for signal in (window.splitter.changed, window.side.tab_changed, window.stage.turned, *folds):
            signal.connect(self._changed)

    def restore(self) -> None:
        """Put the window and its columns where they were, or where they begin; the stage follows what is loaded."""
        window, state = self._window, self._state
        self._session.loaded.connect(self._show_again)  # after the panels, which must know the clips by then
        if state is None or not state.restore_window(window):
            screen = QGuiApplication.primaryScreen().availableGeometry()
            window.resize(min(PREFERRED[0], screen.width()), min(PREFERRED[1], screen.height()))
        window.splitter.set_standard(window.width())
        if state is not None:
            state.restore_splitter(window.splitter)
            state.restore_folds(self._folds())
            if state.tab() in (QUEUE, LIBRARY):
                window.side.show_tab(state.tab())

    def keep(self) -> None:
        """Store it now."""
        self._keeper.stop()
        window, shown = self._window, self._window.stage.shown()
        if self._state is not None:
            name = "" if shown is None else shown.id
            self._state.save(window, window.splitter, window.side.tab(), self._folds(), name)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window was moved or resized."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self._changed()
        return False

    def _changed(self) -> None:
        self._keeper.start()

    def _show_again(self) -> None:
        """What was on the stage when the window was closed, now that it is there again."""
        name = self._state.shown() if self._state is not None else ""
        thing = self._session.clips.get(name) or self._session.jobs.get(name)
        if thing is not None and self._window.stage.shown() is None:
            self._window.stage.show_again(thing, by_hand=False)
            self._window.side.library.select(name)

    def _folds(self) -> dict[str, Fold]:
        panel = self._window.create_panel
        return {"advanced": panel.advanced.fold, "demo-words": panel.demo.fold}
