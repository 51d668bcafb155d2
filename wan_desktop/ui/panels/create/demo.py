"""The card that says that this is only the demo model, and what it can draw."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from wan_desktop.ui.panels.create.tips import kind_label
from wan_desktop.ui.widgets.fold import Fold

if TYPE_CHECKING:
    from wan_desktop.domain.model import ModelSpec


class DemoCard(QFrame):
    """Shown while a demo model is chosen; it never pretends to be more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        badge = QLabel(self.tr("Demo model"), self)
        badge.setProperty("kind", "badge")
        about = QLabel(
            self.tr(
                "A tiny model that comes with the program and draws simple moving shapes from a few words. "
                "It is not Wan2.2-TI2V-5B: add that one in Settings."
            ),
            self,
        )
        about.setWordWrap(True)
        about.setProperty("kind", "note")
        self.fold = Fold(self.tr("What it understands"), self)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setProperty("kind", "note")
        self.fold.body.addWidget(self.words)
        self.fold.header.insertWidget(0, badge, 0, Qt.AlignmentFlag.AlignVCenter)
        self.fold.header.insertSpacing(1, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 7, 8, 10)
        column.setSpacing(4)
        column.addWidget(self.fold)
        column.addWidget(about)

    def show_words(self) -> None:
        """Unfold what the model understands."""
        self.fold.set_open(True)
        self.fold.setFocus()

    def set_model(self, model: ModelSpec) -> None:
        """Show the card for a demo model, nothing for another."""
        self.setVisible(model.demo)
        self.words.setText(words_by_kind(model))


def words_by_kind(model: ModelSpec) -> str:
    """What the model understands, as rich text: a line for each kind of words, in the window's language."""
    lines = []
    for kind, words in model.words_in(QLocale().name()).items():
        label = QCoreApplication.translate("tips", kind_label(kind))
        lines.append(f"<b>{escape(label)}</b>: {escape(', '.join(words))}")
    return "<br>".join(lines)
