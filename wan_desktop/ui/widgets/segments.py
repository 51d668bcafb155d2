"""A row of buttons of which one is chosen: shapes, presets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence


class Segments(QFrame):
    """Exclusive choices by key; `chosen` carries the key a person clicked, never one set by the program."""

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "well")
        self.setAccessibleName(name)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(3, 3, 3, 3)
        self._row.setSpacing(1)
        self._group.buttonClicked.connect(lambda button: self.chosen.emit(button.property("key")))

    def set_items(self, items: Sequence[tuple[str, str, str]]) -> None:
        """Offer (key, label, one-sentence help); the choice is kept where its key is still there."""
        before = self.value()
        for button in self._buttons.values():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = {key: self._button(key, label, hint) for key, label, hint in items}
        self.set_value(before)

    def value(self) -> str:
        """The chosen key, or "" when none is."""
        checked = self._group.checkedButton()
        return str(checked.property("key")) if checked else ""

    def set_value(self, key: str) -> None:
        """Choose `key`; an unknown key or "" chooses none."""
        self._group.setExclusive(False)
        for name, button in self._buttons.items():
            button.setChecked(name == key)
        self._group.setExclusive(True)

    def button(self, key: str) -> QPushButton:
        """The button of `key`."""
        return self._buttons[key]

    def _button(self, key: str, label: str, hint: str) -> QPushButton:
        button = QPushButton(label, self)
        button.setProperty("kind", "segment")
        button.setProperty("key", key)
        button.setCheckable(True)
        button.setToolTip(hint)
        button.setAccessibleName(f"{self.accessibleName()}: {label}")
        button.setAccessibleDescription(hint)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance(label) + 8)
        self._group.addButton(button)
        self._row.addWidget(button, 20 + button.fontMetrics().horizontalAdvance(label))
        return button
