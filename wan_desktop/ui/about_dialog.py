"""About: version, licences, and whom to thank for the model. And the list of keyboard shortcuts."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from wan_desktop import __version__
from wan_desktop.ui import actions, icons


class AboutDialog(QDialog):
    """What this program is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Wan Desktop"))
        picture = QLabel(self)
        picture.setPixmap(icons.pixmap("app", 72, "text", self.devicePixelRatioF()))
        picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        name = QLabel(f"Wan Desktop {__version__}", self)
        name.setProperty("kind", "title")
        words = QVBoxLayout()
        words.setSpacing(10)
        words.addWidget(name)
        for text in self._paragraphs():
            label = QLabel(text, self)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addWidget(picture)
        row.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(20)
        column.addLayout(row)
        column.addWidget(_close_box(self))
        self.setMinimumWidth(520)

    def _paragraphs(self) -> tuple[str, ...]:
        return (
            self.tr("Turns a sentence or a picture into a video on your own computer, offline."),
            self.tr("Apache License 2.0. It stands on Qt for Python (LGPL 3), PyTorch (BSD), Diffusers and "
                    "Transformers (Apache 2.0), PyAV (BSD) with FFmpeg and x264 (GPL), and Pillow (MIT-CMU)."),
            self.tr("The model is Wan2.2-TI2V-5B by the Wan Team, Apache License 2.0. Please cite: "
                    "“Wan: Open and Advanced Large-Scale Video Generative Models”, arXiv:2503.20314, 2025."),
        )  # fmt: skip


class KeysDialog(QDialog):
    """Every shortcut there is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(7)
        with_keys = [action for action in actions.ACTIONS if action.keys]
        half = -(-len(with_keys) // 2)
        for index, action in enumerate(with_keys):
            row, side = index % half, index // half
            keys = QLabel(QKeySequence(action.keys).toString(QKeySequence.SequenceFormat.NativeText), self)
            keys.setProperty("kind", "value")
            grid.addWidget(QLabel(actions.words(action), self), row, 2 * side)
            grid.addWidget(keys, row, 2 * side + 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(16)
        column.addLayout(grid)
        column.addWidget(_close_box(self))


def _close_box(dialog: QDialog) -> QDialogButtonBox:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    box.button(QDialogButtonBox.StandardButton.Close).setText(
        QCoreApplication.translate("AboutDialog", "Close")
    )
    box.rejected.connect(dialog.reject)
    return box
