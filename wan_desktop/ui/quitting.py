"""The question before the window closes while something renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

translate = QCoreApplication.translate


def ask_to_quit(window: QWidget, quit_now: Callable[[], object]) -> QMessageBox:
    """Ask, and call `quit_now` when the user wants that."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(translate("quitting", "A clip is rendering"))
    box.setText(translate("quitting", "A clip is rendering."))
    box.setInformativeText(
        translate(
            "quitting",
            "What is done so far is kept: it goes on from there the next time. Waiting jobs stay in the queue.",
        )
    )
    keep = box.addButton(translate("quitting", "Keep rendering"), QMessageBox.ButtonRole.RejectRole)
    leave = box.addButton(translate("quitting", "Stop and quit"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    leave.clicked.connect(lambda: quit_now())
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
