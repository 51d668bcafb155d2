"""LoRAs: files chosen by a person, each with its strength."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from wan_desktop.domain.request import Lora
from wan_desktop.ui.icons import icon
from wan_desktop.ui.panels.create.section import Section
from wan_desktop.ui.widgets.elided_label import ElidedLabel
from wan_desktop.ui.widgets.field import real_number

if TYPE_CHECKING:
    from wan_desktop.domain.request import Draft

_MOST = 4.0
"""As `domain.validate` allows, in either direction."""


class LoraRow(QWidget):
    """One file. `edited`: its strength was changed; `removed`: it is not wanted any more."""

    edited = Signal()
    removed = Signal()

    def __init__(self, lora: Lora, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = lora.path
        name = Path(lora.path).stem
        label = ElidedLabel(self)
        label.setText(name)
        label.setToolTip(lora.path)
        self.strength = real_number(_MOST, 0.05, 4)
        self.strength.setMinimum(-_MOST)
        self.strength.setValue(lora.strength)
        self.strength.setFixedWidth(84)
        self.strength.setAccessibleName(self.tr("Strength of {name}").format(name=name))
        self.strength.setToolTip(self.tr("How strongly it changes the clip: 1 as it was trained."))
        self.remove = QToolButton(self)
        self.remove.setProperty("kind", "mini")
        self.remove.setIcon(icon("close", "secondary"))
        self.remove.setIconSize(QSize(14, 14))
        words = self.tr("Leave out {name}").format(name=name)
        self.remove.setToolTip(words)
        self.remove.setAccessibleName(words)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label, 1)
        row.addWidget(self.strength)
        row.addWidget(self.remove)
        self.strength.valueChanged.connect(self.edited)
        self.remove.clicked.connect(self.removed)

    def lora(self) -> Lora:
        """The file with its present strength."""
        return Lora(self.path, self.strength.value())


class Loras(Section):
    """`rows` of files, and a button that adds some."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[LoraRow] = []
        self.add = QPushButton(self.tr("Add a LoRA…"), self)
        self.add.setToolTip(
            self.tr(
                "A file of ComfyUI, kohya or diffusers that was trained for this model; several may be used."
            )
        )
        self.add.clicked.connect(self._choose)
        control = QWidget(self)
        self._column = QVBoxLayout(control)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self.add)
        self.build(self.tr("LoRAs"), control)

    def values(self) -> tuple[Lora, ...]:
        """The draft's LoRAs."""
        return tuple(row.lora() for row in self.rows)

    def fill(self, draft: Draft) -> None:
        """Show the draft's LoRAs."""
        for row in list(self.rows):
            self._drop(row)
        for lora in draft.loras:
            self._append(lora)

    def _choose(self) -> None:
        start = str(Path(self.rows[-1].path).parent) if self.rows else ""
        kinds = self.tr("LoRAs ({patterns})").format(patterns="*.safetensors")
        files, _ = QFileDialog.getOpenFileNames(self, self.tr("Add LoRAs"), start, kinds)
        known = {row.path for row in self.rows}
        new = [path for path in map(os.path.abspath, files) if path not in known]
        for path in new:
            self._append(Lora(path))
        if new:
            self.edited.emit()

    def _append(self, lora: Lora) -> None:
        row = LoraRow(lora, self)
        row.edited.connect(self.edited)
        row.removed.connect(lambda: self._remove(row))
        self._column.insertWidget(len(self.rows), row)
        self.rows.append(row)

    def _remove(self, row: LoraRow) -> None:
        self._drop(row)
        self.edited.emit()

    def _drop(self, row: LoraRow) -> None:
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
