"""The foot of the column: what the render will take, and the button that starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from wan_desktop.ui import texts

if TYPE_CHECKING:
    from wan_desktop.ui.panels.create.estimate import Estimate

RENDER_KEY = "Ctrl+Return"
VARIATIONS = 4
SAID_MS = 4000


class RenderButton(QPushButton):
    """The one main thing, with its shortcut beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "primary")
        self.setMinimumHeight(38)
        self._words = QLabel(self)
        self._words.setProperty("kind", "on-accent-title")
        self._hint = QLabel(QKeySequence(RENDER_KEY).toString(QKeySequence.SequenceFormat.NativeText), self)
        self._hint.setProperty("kind", "on-accent-note")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(10)
        row.addStretch(1)
        for label in (self._words, self._hint):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(label)
        row.addStretch(1)

    def say(self, words: str) -> None:
        """What a click does."""
        self._words.setText(words)
        self.setAccessibleName(words)

    def words(self) -> str:
        """What is written on it."""
        return self._words.text()

    def sizeHint(self) -> QSize:
        """Room for words and shortcut."""
        return self.layout().sizeHint().expandedTo(QSize(120, 38))


class Foot(QFrame):
    """`render_asked` carries how many clips are wanted."""

    render_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "foot")
        self.note = QLabel(self)
        self.note.setProperty("kind", "value")
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.note.setWordWrap(True)
        self.render_button = RenderButton(self)
        self.render_button.clicked.connect(lambda: self.render_asked.emit(1))
        self.four = QPushButton(f"×{VARIATIONS}", self)
        self.four.setMinimumHeight(38)
        text = self.tr("Render {count} variations, each with a seed of its own").format(count=VARIATIONS)
        self.four.setToolTip(text)
        self.four.setAccessibleName(text)
        self.four.clicked.connect(lambda: self.render_asked.emit(VARIATIONS))
        self._estimate = ""
        self._said = QTimer(self)
        self._said.setSingleShot(True)
        self._said.setInterval(SAID_MS)
        self._said.timeout.connect(lambda: self.note.setText(self._estimate))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.render_button, 1)
        row.addWidget(self.four)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 14)
        column.setSpacing(10)
        column.addWidget(self.note)
        column.addLayout(row)
        self.set_from_image(False)

    def set_from_image(self, from_image: bool) -> None:
        """Say on the button what will be rendered."""
        self.render_button.say(self.tr("Render from image") if from_image else self.tr("Render"))

    def show_estimate(
        self, estimate: Estimate | None, device: str, elsewhere: str = "", *, known: bool
    ) -> None:
        """Tell what the render will take, as honestly as is known; `elsewhere`: "on studio", if not this computer.

        `known`: is there anything to tell it from?
        """
        if not known:
            text = self.tr("No estimate yet: the first clip will tell")
        elif estimate is None:
            text = ""
        else:
            where = self.tr("on this GPU") if device == "gpu" else self.tr("on this computer")
            where = elsewhere or where
            text = self.tr("about {time} {where} · {size}").format(
                time=texts.duration(estimate.seconds),
                where=where,
                size=texts.megabytes(round(estimate.bytes)),
            )
        self._estimate = text
        if not self._said.isActive():
            self.note.setText(text)

    def tell(self, sentence: str) -> None:
        """Say something for a few seconds in the estimate's place."""
        self.note.setText(sentence)
        self._said.start()
