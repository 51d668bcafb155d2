"""The choice of a memory plan: where a clip is computed and when, never what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal

from wan_desktop.domain.memory import AUTO, PLAN_NAMES
from wan_desktop.ui.widgets.field import Field, choice

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from wan_desktop.domain.request import Draft


class Memory(QObject):
    """One field, `fields["plan"]`."""

    edited = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        words = {
            AUTO: self.tr("Automatic"),
            "whole": self.tr("Everything on the card"),
            "streamed": self.tr("Blocks come and go"),
            "tiled": self.tr("And frames in tiles"),
            "tight": self.tr("And smaller tiles"),
            "least": self.tr("The least: frames on the processor"),
        }
        self.plan = choice()
        for name in PLAN_NAMES:
            self.plan.addItem(words.get(name, name), name)
        self.fields = {
            "plan": Field(
                self.tr("Memory"),
                self.plan,
                self.tr(
                    "How the card's memory is used; every plan makes the same clip but for rounding, "
                    "in more or less time."
                ),
            )
        }
        self.plan.currentIndexChanged.connect(self._on_choice)
        self.fields["plan"].reset.connect(lambda: self.plan.setCurrentIndex(0))

    def values(self) -> dict[str, str | None]:
        """The draft's field, None where it is automatic."""
        chosen = self.plan.currentData()
        return {"plan": None if chosen == AUTO else chosen}

    def fill(self, draft: Draft) -> None:
        """Show the draft's value."""
        with QSignalBlocker(self.plan):
            self.plan.setCurrentIndex(max(0, self.plan.findData(draft.plan or AUTO)))
        self._mark()

    def _on_choice(self) -> None:
        self._mark()
        self.edited.emit()

    def _mark(self) -> None:
        self.fields["plan"].set_changed(self.plan.currentData() != AUTO)
