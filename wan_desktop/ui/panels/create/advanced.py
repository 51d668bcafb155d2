"""The folded rest: steps, guidance, shift, sampler, size, frames a second, the seed, precision, speed, memory,
and LoRAs."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRegularExpression, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.domain.samplers import SAMPLERS
from wan_desktop.domain.sizes import SIZE_STEP
from wan_desktop.ui.icons import icon
from wan_desktop.ui.panels.create.exactness import Exactness
from wan_desktop.ui.panels.create.loras import Loras
from wan_desktop.ui.panels.create.memory import Memory
from wan_desktop.ui.widgets.field import Field, choice, real_number, whole_number
from wan_desktop.ui.widgets.fold import Fold

if TYPE_CHECKING:
    from wan_desktop.domain.model import ModelSpec, Preset
    from wan_desktop.domain.request import Draft

SAMPLER_NAMES = {"unipc": "UniPC"}
_SEED_WIDTH = 130
"""Pixels for the seed beside the heading; a longer one is told with its middle left out, and whole in its field."""
SEED_RANGE = 2**32
"""Fresh seeds are drawn below this; typed ones may be larger."""


class AdvancedSection(QWidget):
    """Values of one's own. `size_edited` carries a width and height that a person typed."""

    edited = Signal()
    size_edited = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: ModelSpec | None = None
        self._preset: Preset | None = None
        self.fold = Fold(self.tr("Advanced"), self)
        self.steps = whole_number()
        self.guidance = real_number()
        self.shift = real_number()
        self.sampler = choice()
        for name in SAMPLERS:
            self.sampler.addItem(SAMPLER_NAMES.get(name, name), name)
        self.fps = whole_number()
        self.width_box = whole_number(step=SIZE_STEP)
        self.height_box = whole_number(step=SIZE_STEP)
        self.seed = QLineEdit()
        self.seed.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{1,18}"), self.seed))
        self.exactness = Exactness(self)
        self.memory = Memory(self)
        self.loras = Loras(self)
        self.fields = self._make_fields() | self.exactness.fields | self.memory.fields
        self._make_seed_row()
        self._lay_out()
        self._connect()
        self.roll()

    # ---- state

    def set_model(self, model: ModelSpec, preset: Preset) -> None:
        """Take the model's own values."""
        self._model = model
        self.use_preset(preset)
        self._set(self.fps, model.fps)
        self._mark()

    def use_preset(self, preset: Preset) -> None:
        """Take the preset's values."""
        self._preset = preset
        self._set(self.steps, preset.num_inference_steps)
        self._set(self.guidance, preset.guidance_scale)
        self._set(self.shift, preset.flow_shift)
        self._set_sampler(preset.sampler)
        self._mark()

    def show_size(self, width: int, height: int) -> None:
        """Show the size that will be rendered."""
        self._set(self.width_box, width)
        self._set(self.height_box, height)
        self._mark()

    def values(self, *, for_render: bool) -> dict[str, Any]:
        """The draft's fields, None where they are the preset's or the model's own.

        The seed is that of the next render; a draft that is only kept has it only when it is locked.
        """
        preset, model = self._preset, self._model
        if preset is None or model is None:
            return {}
        sampler = self.sampler.currentData()
        return {
            "num_inference_steps": _own(self.steps.value(), preset.num_inference_steps),
            "guidance_scale": _own(self.guidance.value(), preset.guidance_scale),
            "flow_shift": _own(self.shift.value(), preset.flow_shift),
            "sampler": _own(sampler, preset.sampler),
            "fps": _own(self.fps.value(), model.fps),
            "seed": self.seed_value() if for_render or self.locked() else None,
            **self.exactness.values(),
            **self.memory.values(),
            "loras": self.loras.values(),
        }

    def fill(self, draft: Draft, preset: Preset) -> None:
        """Show the draft's values; a draft's seed is locked, so that the same clip comes again."""
        self.use_preset(preset)
        for box, value in (
            (self.steps, draft.num_inference_steps),
            (self.guidance, draft.guidance_scale),
            (self.shift, draft.flow_shift),
            (self.fps, draft.fps if draft.fps is not None else self._model.fps if self._model else None),
        ):
            if value is not None:
                self._set(box, value)
        if draft.sampler is not None:
            self._set_sampler(draft.sampler)
        self.exactness.fill(draft)
        self.memory.fill(draft)
        self.loras.fill(draft)
        self._lock.setChecked(draft.seed is not None)
        if draft.seed is None:
            self.roll()
        else:
            self._set_seed(draft.seed)
        self._mark()

    def locked(self) -> bool:
        """Whether the seed stays for further renders."""
        return self._lock.isChecked()

    def seed_value(self) -> int:
        """The seed of the next render."""
        return int(self.seed.text() or 0)

    def roll(self) -> None:
        """A new random seed."""
        self._set_seed(secrets.randbelow(SEED_RANGE))

    def say(self, field: str, sentence: str) -> None:
        """Show what is wrong with a field ("steps", "seed", "lora", ...), which unfolds this; "" clears it."""
        if sentence:
            self.fold.set_open(True)
        (self.loras if field == "lora" else self.fields[field]).say(sentence)

    # ---- reacting

    def _connect(self) -> None:
        for box in (self.steps, self.guidance, self.shift, self.fps):
            box.valueChanged.connect(self._on_edit)
        self.sampler.currentIndexChanged.connect(self._on_edit)
        self.exactness.edited.connect(self._on_edit)
        self.memory.edited.connect(self._on_edit)
        self.loras.edited.connect(self._on_edit)
        self.seed.textEdited.connect(self._on_seed)
        for box in (self.width_box, self.height_box):
            box.valueChanged.connect(self._on_size)
        self.fields["steps"].reset.connect(lambda: self._reset(self.steps, "num_inference_steps"))
        self.fields["guidance"].reset.connect(lambda: self._reset(self.guidance, "guidance_scale"))
        self.fields["shift"].reset.connect(lambda: self._reset(self.shift, "flow_shift"))
        self.fields["sampler"].reset.connect(self._reset_sampler)
        self.fields["fps"].reset.connect(self._reset_fps)
        self.fields["width"].reset.connect(self._reset_size)
        self.fields["size"].reset.connect(self._reset_size)

    def _on_edit(self) -> None:
        self._mark()
        self.edited.emit()

    def _on_size(self) -> None:
        self.size_edited.emit(self.width_box.value(), self.height_box.value())

    def _on_seed(self) -> None:
        self._lock.setChecked(True)
        self._show_seed()
        self.edited.emit()

    def _on_dice(self) -> None:
        self.roll()
        self.edited.emit()

    def _on_lock(self, locked: bool) -> None:
        self._lock.setIcon(icon("lock" if locked else "unlock", "accent" if locked else "secondary"))
        text = self.tr("Keep this seed") if not locked else self.tr("A new seed for each render")
        self._lock.setToolTip(text)
        self.edited.emit()

    def _mark(self) -> None:
        preset, model = self._preset, self._model
        if preset is None or model is None:
            return
        own = self.values(for_render=False)
        self.fields["steps"].set_changed(own["num_inference_steps"] is not None)
        self.fields["guidance"].set_changed(own["guidance_scale"] is not None)
        self.fields["shift"].set_changed(own["flow_shift"] is not None)
        self.fields["sampler"].set_changed(own["sampler"] is not None)
        self.fields["fps"].set_changed(own["fps"] is not None)
        self.fields["width"].set_changed(self.width_box.value() != model.width)
        self.fields["size"].set_changed(self.height_box.value() != model.height)

    # ---- setting without telling

    @staticmethod
    def _set(box: QSpinBox | QDoubleSpinBox, value: float) -> None:
        with QSignalBlocker(box):
            box.setValue(value)

    def _set_sampler(self, name: str) -> None:
        with QSignalBlocker(self.sampler):
            self.sampler.setCurrentIndex(self.sampler.findData(name))

    def _set_seed(self, seed: int) -> None:
        self.seed.setText(str(seed))
        self._show_seed()

    def _show_seed(self) -> None:
        grouped = f"{self.seed_value():,}".replace(",", "\u2009")  # thin spaces
        words = self.tr("Seed {number}").format(number=grouped)
        metrics = self._seed_button.fontMetrics()
        self._seed_button.setText(metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, _SEED_WIDTH))

    def _reset(self, box: QSpinBox | QDoubleSpinBox, name: str) -> None:
        box.setValue(getattr(self._preset, name))

    def _reset_sampler(self) -> None:
        if self._preset is not None:
            self.sampler.setCurrentIndex(self.sampler.findData(self._preset.sampler))

    def _reset_fps(self) -> None:
        if self._model is not None:
            self.fps.setValue(self._model.fps)

    def _reset_size(self) -> None:
        if self._model is not None:
            self.size_edited.emit(self._model.width, self._model.height)

    # ---- building

    def _make_fields(self) -> dict[str, Field]:
        step = self.tr("In pixels, a multiple of 32.")
        return {
            "steps": Field(
                self.tr("Steps"),
                self.steps,
                self.tr("How often the picture is refined: more is finer and slower."),
            ),
            "guidance": Field(
                self.tr("Guidance"),
                self.guidance,
                self.tr("How closely the clip follows the prompt; too much makes colours harsh."),
            ),
            "shift": Field(
                self.tr("Shift"),
                self.shift,
                self.tr("Spends more of the steps on layout (higher) or on detail (lower)."),
            ),
            "sampler": Field(
                self.tr("Sampler"),
                self.sampler,
                self.tr("The method that turns noise into pictures, step by step."),
            ),
            "width": Field(self.tr("Width"), self.width_box, step),
            "size": Field(self.tr("Height"), self.height_box, step),
            "fps": Field(
                self.tr("Frames a second"),
                self.fps,
                self.tr("How fast the frames are played; the model has its own."),
            ),
            "seed": Field(
                self.tr("Seed"),
                self.seed,
                self.tr(
                    "The number that the noise starts from: the same seed and values give the same clip."
                ),
            ),
        }

    def _make_seed_row(self) -> None:
        self._seed_button = QPushButton(self)
        self._seed_button.setProperty("kind", "link")
        self._seed_button.setMinimumWidth(_SEED_WIDTH // 2)
        self._seed_button.setToolTip(self.tr("Type a seed of your own"))
        self._seed_button.clicked.connect(self._open_seed)
        self.dice = self._tool("dice", self.tr("Roll a new seed"))
        self.dice.clicked.connect(self._on_dice)
        self._lock = self._tool("unlock", self.tr("Keep this seed"))
        self._lock.setCheckable(True)
        self._lock.toggled.connect(self._on_lock)
        for widget in (self._seed_button, self.dice, self._lock):
            self.fold.header.addWidget(widget)

    def _open_seed(self) -> None:
        self.fold.set_open(True)
        self.seed.setFocus()
        self.seed.selectAll()

    def _tool(self, name: str, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("kind", "quiet")
        button.setIcon(icon(name, "secondary"))
        button.setIconSize(QSize(16, 16))
        button.setToolTip(text)
        button.setAccessibleName(text)
        return button

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        names = (
            "steps",
            "guidance",
            "shift",
            "sampler",
            "width",
            "size",
            "fps",
            "seed",
        )
        for index, name in enumerate(names):
            grid.addWidget(self.fields[name], index // 2, index % 2, Qt.AlignmentFlag.AlignTop)
        for name in ("precision", "speed", "plan"):
            grid.addWidget(self.fields[name], grid.rowCount(), 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.fold.body.addLayout(grid)
        self.fold.body.addWidget(self.exactness.note)
        self.fold.body.addWidget(self.loras)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.fold)


def _own(value: Any, default: Any) -> Any:
    return None if value == default else value
