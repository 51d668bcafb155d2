"""The card that says that this is only the demo model, and what it can draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from wan_desktop.ui.widgets.fold import Fold

if TYPE_CHECKING:
    from wan_desktop.domain.model import ModelSpec

_KINDS = {"colours": "Colour", "things": "Thing", "motions": "Motion", "backgrounds": "Background"}


class DemoCard(QFrame):
    """Shown while a demo model is chosen; it never pretends to be more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        badge = QLabel(self.tr("Demo model"), self)
        badge.setProperty("kind", "badge")
        about = QLabel(
            self.tr(
                "A tiny model that comes with the program and draws simple moving shapes from English words. "
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
        self.fold.header.insertStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 7, 8, 10)
        column.setSpacing(4)
        column.addWidget(self.fold)
        column.addWidget(about)

    def set_model(self, model: ModelSpec) -> None:
        """Show the card for a demo model, nothing for another."""
        self.setVisible(model.demo)
        lines = []
        for kind, words in model.words.items():
            label = QCoreApplication.translate("tips", _KINDS.get(kind, kind.capitalize()))
            lines.append(f"<b>{label}</b>: {', '.join(words)}")
        self.words.setText("<br>".join(lines))
