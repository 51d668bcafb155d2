"""How exact a clip is: the choice of precision and of speed, and how far from exact each was measured to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QLabel, QWidget

from wan_desktop.domain.exactness import EXACT, PRECISIONS, SPEEDS, name_of, read_deviations
from wan_desktop.ui import texts, theme
from wan_desktop.ui.widgets.field import Field, choice

if TYPE_CHECKING:
    from PySide6.QtWidgets import QComboBox

    from wan_desktop.domain.request import Draft


class Exactness(QObject):
    """Two fields, `fields["precision"]` and `fields["speed"]`, and a `note` that tells what they cost."""

    edited = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._measured = read_deviations(theme.resources())
        self.precision, self.speed = _choice(PRECISIONS), _choice(SPEEDS)
        self.fields = {
            "precision": Field(
                self.tr("Precision"),
                self.precision,
                self.tr("Fewer bits take less memory, and less time on cards that multiply them; not exact."),
            ),
            "speed": Field(
                self.tr("Speed"),
                self.speed,
                self.tr("Fast guesses some of the steps from those before them; not exact."),
            ),
        }
        self.note = QLabel(parent)
        self.note.setProperty("kind", "note")
        self.note.setWordWrap(True)
        for box in (self.precision, self.speed):
            box.currentIndexChanged.connect(self._on_choice)
        for name, box in (("precision", self.precision), ("speed", self.speed)):
            self.fields[name].reset.connect(lambda box=box: box.setCurrentIndex(0))
        self._mark()

    def values(self) -> dict[str, str | None]:
        """The draft's fields, None where it is exact."""
        chosen = {"precision": self.precision.currentData(), "speed": self.speed.currentData()}
        return {name: None if value == EXACT else value for name, value in chosen.items()}

    def fill(self, draft: Draft) -> None:
        """Show the draft's values."""
        for box, value in ((self.precision, draft.precision), (self.speed, draft.speed)):
            with QSignalBlocker(box):
                box.setCurrentIndex(max(0, box.findData(value or EXACT)))
        self._mark()

    def _on_choice(self) -> None:
        self._mark()
        self.edited.emit()

    def _mark(self) -> None:
        for name, value in self.values().items():
            self.fields[name].set_changed(value is not None)
        name = name_of(self.precision.currentData(), self.speed.currentData())
        self.note.setVisible(name != EXACT)
        self.note.setText("" if name == EXACT else self._told(name))

    def _told(self, name: str) -> str:
        """How far from exact the choice was measured to be."""
        found = self._measured.get(name)
        if found is None:
            return self.tr("Not exact; how far from it has not been measured.")
        number = QLocale().toString
        return self.tr(
            "Not exact: measured on {count} prompts of the built-in model, clips are {median} dB (median) from the "
            "exact ones, and {lowest} dB at the lowest. That says nothing about the 5 B."
        ).format(
            count=found.prompts,
            median=number(found.median_psnr, "f", 1),
            lowest=number(found.worst_psnr, "f", 1),
        )


def _choice(names: tuple[str, ...]) -> QComboBox:
    box = choice()
    for name in names:
        box.addItem(texts.exactness(name), name)
    return box
