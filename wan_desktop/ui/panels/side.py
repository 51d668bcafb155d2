"""The right column: the tabs Queue and Library, both live, with their counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.domain.job import JobState
from wan_desktop.ui.panels.library import LibraryPanel
from wan_desktop.ui.panels.queue import QueuePanel

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session

QUEUE, LIBRARY = "queue", "library"
_LIVE = (JobState.RUNNING, JobState.QUEUED, JobState.PAUSED)


class SideColumn(QFrame):
    """`tab_changed` carries "queue" or "library"."""

    tab_changed = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self._session = session
        self.queue = QueuePanel(session, self)
        self.library = LibraryPanel(session, self)
        self._pages = QStackedWidget(self)
        self._tabs: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        bar = QFrame(self)
        bar.setProperty("kind", "bar")
        self._row = QHBoxLayout(bar)
        self._row.setContentsMargins(16, 4, 16, 0)
        self._row.setSpacing(18)
        for key, page in ((QUEUE, self.queue), (LIBRARY, self.library)):
            self._pages.addWidget(page)
            self._add_tab(key, page)
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self._pages, 1)
        for signal in (session.job_changed, session.job_removed, session.clip_added, session.clip_removed):
            signal.connect(self._count)
        session.loaded.connect(self._count)
        self._count()
        self.show_tab(QUEUE)

    def tab(self) -> str:
        """The tab that is shown."""
        return QUEUE if self._pages.currentWidget() is self.queue else LIBRARY

    def show_tab(self, key: str) -> None:
        """Show "queue" or "library"."""
        self._tabs[key].setChecked(True)
        self._pages.setCurrentWidget(self.queue if key == QUEUE else self.library)
        self.tab_changed.emit(key)

    def tab_button(self, key: str) -> QPushButton:
        """The button of a tab."""
        return self._tabs[key]

    def _add_tab(self, key: str, page: QWidget) -> None:
        button = QPushButton(self)
        button.setProperty("kind", "tab")
        button.setCheckable(True)
        button.clicked.connect(lambda: self.show_tab(key))
        self._group.addButton(button)
        self._row.addWidget(button)
        self._tabs[key] = button

    def _count(self) -> None:
        live = sum(1 for job in self._session.jobs.values() if job.state in _LIVE)
        self._name(QUEUE, self.tr("Queue"), live)
        self._name(LIBRARY, self.tr("Library"), len(self._session.clips))

    def _name(self, key: str, word: str, count: int) -> None:
        text = f"{word} {count}" if count else word
        bold = QFont(self._tabs[key].font())
        bold.setWeight(QFont.Weight.DemiBold)  # as the style sheet writes the chosen one
        self._tabs[key].setMinimumWidth(QFontMetrics(bold).horizontalAdvance(text) + 2)
        self._tabs[key].setText(text)
        self._tabs[key].setAccessibleName(text)
