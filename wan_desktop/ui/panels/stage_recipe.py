"""How a clip was made: its whole recipe in words and numbers, to read and to copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.domain.exactness import EXACT
from wan_desktop.domain.request import RenderRequest
from wan_desktop.ui import job_words, recipe_words, server_words, texts, theme
from wan_desktop.ui.icons import icon

if TYPE_CHECKING:
    from wan_desktop.domain.job import Clip
    from wan_desktop.domain.request import Lora


class RecipeDialog(QDialog):
    """Stays until it is closed; the window goes on."""

    def __init__(self, clip: Clip, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("How it was made"))
        self._clip = clip
        self.resize(520, 560)
        body = QWidget()
        body.setProperty("kind", "scrolled")
        form = QFormLayout(body)
        form.setContentsMargins(4, 4, 12, 4)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(9)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, value in self._rows():
            self._add(form, name, value)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.copy_button = QPushButton(icon("copy"), self.tr("Copy as JSON"))
        self.copy_button.clicked.connect(self.copy)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.close)
        close.setDefault(True)
        row = QHBoxLayout()
        row.addWidget(self.copy_button)
        row.addStretch(1)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(area, 1)
        column.addLayout(row)

    def copy(self) -> None:
        """Put the recipe on the clipboard as JSON."""
        QGuiApplication.clipboard().setText(json.dumps(self._clip.recipe, ensure_ascii=False, indent=2))
        self.copy_button.setText(self.tr("Copied"))

    def _add(self, form: QFormLayout, name: str, value: str) -> None:
        label, text = QLabel(name), QLabel(value)
        theme.set_kind(label, "value")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        text.setAccessibleName(f"{name}: {value}")
        form.addRow(label, text)

    def _rows(self) -> list[tuple[str, str]]:
        clip = self._clip
        request = RenderRequest.from_json(clip.request)
        number = QLocale().toString
        made = QDateTime.fromSecsSinceEpoch(int(clip.created_at))
        rows = [
            (self.tr("Prompt"), request.prompt),
            (self.tr("Negative prompt"), request.negative_prompt),
            (self.tr("Start image"), self.tr("yes") if request.image else self.tr("none")),
            (self.tr("Size"), texts.size(request.width, request.height)),
            (
                self.tr("Length"),
                self.tr("{length} · {frames} frames at {fps} a second").format(
                    length=texts.length(request.num_frames, request.fps),
                    frames=request.num_frames,
                    fps=request.fps,
                ),
            ),
            (self.tr("Preset"), job_words.preset(request)),
            (self.tr("Steps"), str(request.num_inference_steps)),
            (self.tr("Guidance"), number(float(request.guidance_scale), "g", 6)),
            (self.tr("Shift"), number(float(request.flow_shift), "g", 6)),
            (self.tr("Sampler"), request.sampler),
            (
                self.tr("Precision"),
                texts.exactness(request.precision) if request.precision != EXACT else "",
            ),
            (self.tr("Speed"), texts.exactness(request.speed) if request.speed != EXACT else ""),
            (self.tr("LoRAs"), "\n".join(map(_lora, request.loras))),
            (self.tr("Seed"), str(request.seed)),
            (self.tr("Model"), server_words.model(clip.recipe, request.model)),
            (self.tr("Rendered on"), server_words.rendered_on(clip.recipe, request.model)),
            *recipe_words.made_by(clip.recipe),
            (self.tr("Made"), QLocale().toString(made, QLocale.FormatType.ShortFormat)),
            (self.tr("File"), clip.path),
        ]
        return [(name, value) for name, value in rows if value]


def _lora(lora: Lora) -> str:
    """ "watercolour × 0.8"."""
    return f"{Path(lora.path).stem} × {texts.number(lora.strength, 2)}"
