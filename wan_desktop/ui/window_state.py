"""Where the window was and how it was arranged, kept in an ini file between starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QMainWindow, QSplitter

    from wan_desktop.ui.widgets.fold import Fold


class WindowState:
    """The arrangement of one window. `folds` are remembered by their name."""

    def __init__(self, file: Path) -> None:
        self._ini = QSettings(str(file), QSettings.Format.IniFormat)

    def save(
        self, window: QMainWindow, splitter: QSplitter, tab: str, folds: dict[str, Fold], shown: str
    ) -> None:
        """Remember everything; `shown` is the id of the clip or job on the stage, or ""."""
        self._ini.setValue("geometry", window.saveGeometry())
        self._ini.setValue("splitter", splitter.saveState())
        self._ini.setValue("tab", tab)
        self._ini.setValue("shown", shown)
        for name, fold in folds.items():
            self._ini.setValue(f"open/{name}", fold.is_open())
        self._ini.sync()

    def restore_window(self, window: QMainWindow) -> bool:
        """Put the window where it was, if it still fits on a screen; False when there is nothing to go by."""
        geometry = self._ini.value("geometry")
        if geometry is None or not window.restoreGeometry(geometry):
            return False
        return any(screen.geometry().intersects(window.geometry()) for screen in QGuiApplication.screens())

    def restore_splitter(self, splitter: QSplitter) -> bool:
        """Give the columns their widths; False when there is nothing to go by."""
        state = self._ini.value("splitter")
        return state is not None and splitter.restoreState(state)

    def tab(self) -> str:
        """The tab that was open, or ""."""
        return str(self._ini.value("tab", ""))

    def shown(self) -> str:
        """The id of the clip or job that was on the stage, or ""."""
        return str(self._ini.value("shown", ""))

    def restore_folds(self, folds: dict[str, Fold]) -> None:
        """Open what was open."""
        for name, fold in folds.items():
            fold.set_open(self._ini.value(f"open/{name}", False, type=bool))
