"""Settings: everything applies at once, there is nothing to confirm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.ui import texts
from wan_desktop.ui.i18n import NAMES
from wan_desktop.ui.widgets.elided_label import ElidedLabel
from wan_desktop.ui.widgets.field import ErrorLabel, whole_number
from wan_desktop.ui.widgets.wheel_guard import guard_wheel

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.errors import WanError

AUTO, CPU = "auto", "cpu"


class SettingsDialog(QDialog):
    """The window's settings. What cannot be changed is told in the dialog, and the old value stays."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("Settings"))
        self.setMinimumWidth(560)
        self.folder = ElidedLabel(self)
        self.choose_folder = QPushButton(self.tr("Choose…"), self)
        self.model = self._combo()
        self.add_model = QPushButton(self.tr("Add a model folder…"), self)
        self.device = self._combo()
        self.appearance = self._combo()
        self.language = self._combo()
        self.notify = whole_number(3600, 10)
        self.notify.setSuffix(self.tr(" s"))
        self.error = ErrorLabel(self)
        self._lay_out()
        self._show()
        self._connect()

    # ---- showing

    def _show(self) -> None:
        settings = self._session.settings
        self.folder.setText(str(self._session.library_folder))
        _offer(self.model, [(self.tr("Best present"), "")], settings.model)
        for model in self._session.models():
            self._add(self.model, texts.model_name(model), model.id, settings.model)
        _offer(self.device, self._devices(), settings.device)
        appearances = [
            (self.tr("As the system"), "system"),
            (self.tr("Light"), "light"),
            (self.tr("Dark"), "dark"),
        ]
        _offer(self.appearance, appearances, settings.appearance)
        languages = [(self.tr("As the system"), "system"), *((name, code) for code, name in NAMES.items())]
        _offer(self.language, languages, settings.language)
        with QSignalBlocker(self.notify):
            self.notify.setValue(settings.notify_after_s)

    def _devices(self) -> list[tuple[str, str]]:
        info = self._session.backend.info
        auto = self.tr("The best there is")
        devices = [(auto, AUTO), (self.tr("CPU"), CPU)]
        present = str(info.get("device", ""))
        chosen = self._session.settings.device
        for device in (present, chosen):
            if device.startswith("cuda") and device not in [code for _, code in devices]:
                devices.append((f"{info.get('device_name', device)} ({device})", device))
        return devices

    @staticmethod
    def _add(box: QComboBox, label: str, key: str, chosen: str) -> None:
        with QSignalBlocker(box):
            box.addItem(label, key)
            if key == chosen:
                box.setCurrentIndex(box.count() - 1)

    # ---- changing

    def _connect(self) -> None:
        self.choose_folder.clicked.connect(self._choose_folder)
        self.add_model.clicked.connect(self._add_model)
        self.model.activated.connect(lambda: self._change(model=self.model.currentData()))
        self.device.activated.connect(lambda: self._change(device=self.device.currentData()))
        self.appearance.activated.connect(lambda: self._change(appearance=self.appearance.currentData()))
        self.language.activated.connect(lambda: self._change(language=self.language.currentData()))
        self.notify.editingFinished.connect(lambda: self._change(notify_after_s=self.notify.value()))

    def _change(self, **values: object) -> None:
        changed = replace(self._session.settings, **values)  # type: ignore[arg-type]
        if changed == self._session.settings:
            return
        self.error.say("")
        self._session.refused.connect(self._refused)
        self._session.change_settings(changed)
        self._session.refused.disconnect(self._refused)
        self._show()

    def _refused(self, error: WanError) -> None:
        self.error.say(texts.sentence(error))

    def use_folder(self, folder: str) -> None:
        """Put clips into `folder` from now on."""
        self._change(library_dir=folder)

    def use_model(self, folder: str) -> None:
        """Remember the model folder and use it."""
        known = self._session.settings.model_dirs
        self._change(model=folder, model_dirs=known if folder in known else (*known, folder))

    def _choose_folder(self) -> None:
        start = str(self._session.library_folder)
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose the library folder"), start)
        if folder:
            self.use_folder(folder)

    def _add_model(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose a model's folder"))
        if folder:
            self.use_model(folder)

    # ---- building

    def _combo(self) -> QComboBox:
        box = QComboBox(self)
        guard_wheel(box)
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(14)
        grid.setColumnStretch(1, 1)
        rows = (
            (
                self.tr("Library folder"),
                self.folder,
                self.choose_folder,
                self.tr("Where finished clips are put."),
            ),
            (
                self.tr("Model"),
                self.model,
                self.add_model,
                self.tr("What renders. Any Diffusers folder of it will do."),
            ),
            (self.tr("Render on"), self.device, None, self.tr("The device that renders.")),
            (self.tr("Appearance"), self.appearance, None, self.tr("Light or dark.")),
            (self.tr("Language"), self.language, None, self.tr("The window's language.")),
            (
                self.tr("Tell me after"),
                self.notify,
                None,
                self.tr("A render longer than this says when it is done."),
            ),
        )
        for number, (text, control, button, hint) in enumerate(rows):
            self._add_row(grid, number, text, control, button, hint)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        box.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))
        box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 16)
        column.setSpacing(18)
        column.addLayout(grid)
        column.addWidget(self.error)
        column.addStretch(1)
        column.addWidget(box)

    def _add_row(
        self,
        grid: QGridLayout,
        number: int,
        text: str,
        control: QWidget,
        button: QPushButton | None,
        hint: str,
    ) -> None:
        label = QLabel(text, self)
        label.setProperty("kind", "label")
        label.setBuddy(control)
        label.setContentsMargins(0, 7, 0, 0)  # in line with the control's text
        control.setAccessibleName(text)
        control.setAccessibleDescription(hint)
        note = QLabel(hint, self)
        note.setProperty("kind", "note")
        note.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(control, 1)
        if button is not None:
            row.addWidget(button)
        cell = QVBoxLayout()
        cell.setSpacing(3)
        cell.addLayout(row)
        cell.addWidget(note)
        grid.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(cell, number, 1)


def _offer(box: QComboBox, items: list[tuple[str, str]], chosen: str) -> None:
    with QSignalBlocker(box):
        box.clear()
        for label, key in items:
            box.addItem(label, key)
        box.setCurrentIndex(max(0, box.findData(chosen)))
