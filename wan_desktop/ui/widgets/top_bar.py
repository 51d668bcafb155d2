"""The bar across the top: name, menus, and at the right the model, the device and the settings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenuBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from wan_desktop.ui import icons, texts

if TYPE_CHECKING:
    from wan_desktop.domain.events import AwakeState, BackendState
    from wan_desktop.domain.model import ModelSpec

HEIGHT = 44


class TopBar(QFrame):
    """`settings_asked` when the gear, the model's name or the device is clicked."""

    settings_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "bar")
        self.setFixedHeight(HEIGHT)
        name = QLabel("Wan Desktop", self)
        name.setProperty("kind", "title")
        self.menus = QMenuBar(self)
        self.menus.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Maximum)
        self.menus.setNativeMenuBar(sys.platform == "darwin")
        self.model = self._quiet()
        self.badge = QLabel(self.tr("demo"), self)
        self.badge.setProperty("kind", "badge")
        self.badge.setToolTip(self.tr("A tiny demo model, not Wan2.2-TI2V-5B"))
        self.device = self._quiet()
        self.gear = QToolButton(self)
        self.gear.setProperty("kind", "quiet")
        self.gear.setIcon(icons.icon("settings", "secondary"))
        self.gear.setIconSize(QSize(18, 18))
        self.gear.setToolTip(self.tr("Settings"))
        self.gear.setAccessibleName(self.tr("Settings"))
        self.gear.clicked.connect(self.settings_asked)
        self.awake = QToolButton(self)
        self.awake.setProperty("kind", "quiet")
        self.awake.setIconSize(QSize(18, 18))
        self.awake.clicked.connect(self.settings_asked)
        self.awake.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 10, 0)
        row.setSpacing(8)
        row.addWidget(name)
        row.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        for widget in (self.awake, self.model, self.badge, self.device, self.gear):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_model(self, model: ModelSpec) -> None:
        """Name the model; a demo is called one."""
        name = texts.model_name(model)
        self.model.setText(name)
        self.model.setAccessibleName(self.tr("Model: {name}").format(name=name))
        self.model.setToolTip(model.description or model.path)
        self.badge.setVisible(model.demo)

    def show_awake(self, state: AwakeState, *, rendering: bool) -> None:
        """Say quietly that the computer is kept awake, or why it is not; nothing while nothing renders."""
        text = self.tr("The computer stays awake while a clip renders")
        if not state.on and state.sentence:
            text = texts.note(state.sentence)
        self.awake.setIcon(icons.icon("awake", "secondary" if state.on else "attention"))
        self.awake.setToolTip(text)
        self.awake.setAccessibleName(text)
        self.awake.setVisible(rendering and (state.on or bool(state.sentence)))

    def show_backend(self, state: BackendState) -> None:
        """Name the device and its memory, or say why there is none."""
        text = self._device_words(state)
        self.device.setText(text)
        self.device.setAccessibleName(self.tr("Device: {name}").format(name=text))
        told = [state.sentence] if state.sentence else state.info.get("problems", ())
        self.device.setToolTip(" ".join(texts.note(each) for each in told) or text)

    def _device_words(self, state: BackendState) -> str:
        if state.state == "starting":
            return self.tr("Starting…")
        if state.state == "failed":
            return self.tr("Cannot render")
        if state.state == "stopped":
            return self.tr("Stopped")
        info = state.info
        name = str(info.get("device_name") or info.get("device", "")).strip() or self.tr("Ready")
        total, free = info.get("vram_total") or 0, info.get("vram_free") or 0
        if not total:
            return name
        used = texts.number((total - free) / 2**30)
        return f"{name} · {used} / {texts.number(total / 2**30, 0)} GB"

    def _quiet(self) -> QPushButton:
        button = QPushButton(self)
        button.setProperty("kind", "quiet")
        button.clicked.connect(self.settings_asked)
        return button
