"""Under the queue: pausing all of it, and what the computer does when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from wan_desktop.ui import theme, when_done
from wan_desktop.ui.icons import icon
from wan_desktop.ui.when_done import Then
from wan_desktop.ui.widgets.elided_button import ElidedButton

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session

LINK_AND_ARROW = 26
"""What a link's padding and its arrow take, in pixels."""


class QueueFoot(QWidget):
    """`pause_button` pauses now or after what renders, and lets the queue go on; `done_button` chooses what then."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._done = when_done.when_done(session)
        self.done_button = ElidedButton("", self, padding=LINK_AND_ARROW)
        theme.set_kind(self.done_button, "link")
        self.done_button.setIcon(icon("chevron-down", "secondary"))
        self.done_button.setIconSize(QSize(12, 12))
        self.done_button.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft
        )  # the arrow stands after the words
        self.done_button.setMenu(self._done_menu())
        self.pause_button = QPushButton(self)
        self.pause_menu = QMenu(self)
        for words, hint, after in (
            (self.tr("Now"), self.tr("What renders stops after its step and goes on from there"), False),
            (self.tr("After this one"), self.tr("What renders is finished, nothing new begins"), True),
        ):
            item = self.pause_menu.addAction(words)
            item.setToolTip(hint)
            item.triggered.connect(
                lambda _checked=False, after=after: session.pause_queue(after_current=after)
            )
        self.pause_menu.setToolTipsVisible(True)
        self.pause_button.clicked.connect(self._pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.done_button)
        row.addStretch(1)
        row.addWidget(self.pause_button)
        self._done.changed.connect(self._refresh)
        session.queue_changed.connect(self._refresh)
        session.job_changed.connect(self._refresh)
        session.loaded.connect(self._refresh)
        self._refresh()

    def _done_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        group = QActionGroup(menu)
        for then in Then:
            item = menu.addAction(when_done.words(then))
            item.setCheckable(True)
            item.setData(then)
            group.addAction(item)
        group.triggered.connect(lambda item: self._done.choose(Then(item.data())))
        menu.aboutToShow.connect(lambda: self._mark(group))
        menu.aboutToShow.connect(self._done.ask)
        self._done.changed.connect(lambda: self._mark(group))
        return menu

    def _mark(self, group: QActionGroup) -> None:
        for item in group.actions():
            then = Then(item.data())
            able = self._done.can(then)
            item.setChecked(then == self._done.then)
            item.setEnabled(able)
            item.setToolTip("" if able else self.tr("This computer does not let programs do that"))

    def _pressed(self) -> None:
        if self._session.queue_state.paused:
            self._session.resume_queue()
        elif self._session.running_job() is None:
            self._session.pause_queue(after_current=False)

    def _refresh(self) -> None:
        paused = self._session.queue_state.paused
        choose = not paused and self._session.running_job() is not None
        text = self.tr("Continue") if paused else self.tr("Pause queue")
        self.pause_button.setText(text)
        self.pause_button.setAccessibleName(self.tr("Continue the queue") if paused else text)
        self.pause_button.setIcon(icon("play" if paused else "pause"))
        if (self.pause_button.menu() is not None) != choose:
            self.pause_button.setMenu(self.pause_menu if choose else None)
        words = self.tr("When done: {what}").format(what=when_done.short(self._done.then))
        self.done_button.say(words)
        self.done_button.setAccessibleName(words)
