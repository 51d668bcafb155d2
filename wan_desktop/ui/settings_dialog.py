"""Settings: everything applies at once, there is nothing to confirm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.ui import texts
from wan_desktop.ui.i18n import NAMES
from wan_desktop.ui.settings_api import ApiPage
from wan_desktop.ui.settings_servers import ServersPage
from wan_desktop.ui.widgets.elided_label import ElidedLabel
from wan_desktop.ui.widgets.field import ErrorLabel, whole_number
from wan_desktop.ui.widgets.form_rows import FormRows
from wan_desktop.ui.widgets.segments import Segments
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
        self.at_start = self._combo()
        self.snapshot = whole_number(600, 5)
        self.snapshot.setSuffix(self.tr(" s"))
        self.keep = whole_number(1000, 1)
        self.keep.setSuffix(self.tr(" GB"))
        self.awake = QCheckBox(self.tr("While a clip renders"), self)
        self.api = ApiPage(session, self._change, self)
        self.servers = ServersPage(session, self)
        self.pages = QStackedWidget(self)
        self.tabs = Segments(self.tr("Settings"), self)
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
        starts = [
            (self.tr("Ask me"), "ask"),
            (self.tr("Go on by itself"), "continue"),
            (self.tr("Wait until I say so"), "wait"),
        ]
        _offer(self.at_start, starts, settings.at_start)
        for box, value in (
            (self.notify, settings.notify_after_s),
            (self.snapshot, settings.snapshot_every_s),
            (self.keep, settings.keep_gb),
        ):
            with QSignalBlocker(box):
                box.setValue(value)
        with QSignalBlocker(self.awake):
            self.awake.setChecked(settings.keep_awake)
        self.api.refresh()

    def _devices(self) -> list[tuple[str, str]]:
        info = self._session.backend.info
        auto = self.tr("The best there is")
        devices = [(auto, AUTO), (self.tr("CPU"), CPU)]
        devices += [(f"{label} ({name})", name) for name, label in info.get("cards", ())]
        chosen = self._session.settings.device
        if chosen not in [name for _, name in devices]:  # a card that is not there now
            devices.append((chosen, chosen))
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
        self.at_start.activated.connect(lambda: self._change(at_start=self.at_start.currentData()))
        self.snapshot.editingFinished.connect(lambda: self._change(snapshot_every_s=self.snapshot.value()))
        self.keep.editingFinished.connect(lambda: self._change(keep_gb=self.keep.value()))
        self.awake.toggled.connect(lambda awake: self._change(keep_awake=awake))
        self.tabs.chosen.connect(self.show_page)

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
        pages = (
            ("general", self.tr("General"), self._general()),
            ("rendering", self.tr("Rendering"), self._rendering()),
            ("work", self.tr("Keeping work"), self._work()),
            ("api", self.tr("Other programs"), self.api),
            ("servers", self.tr("Servers"), self.servers),
        )
        self._keys = [key for key, _, _ in pages]
        self.tabs.set_items([(key, words, "") for key, words, _ in pages])
        for _, _, page in pages:
            self.pages.addWidget(page)
        self.show_page(self._keys[0])
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        box.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))
        box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        column.setSpacing(18)
        column.addWidget(self.tabs)
        column.addWidget(self.pages, 1)
        column.addWidget(self.error)
        column.addWidget(box)

    def show_page(self, key: str) -> None:
        """Show "general", "rendering", "work", "api" or "servers"."""
        self.tabs.set_value(key)
        self.pages.setCurrentIndex(self._keys.index(key))

    def _general(self) -> FormRows:
        rows = FormRows(self)
        where = self.tr("Where finished clips are put.")
        rows.add(self.tr("Library folder"), self.folder, where, self.choose_folder)
        rows.add(self.tr("Appearance"), self.appearance, self.tr("Light or dark."))
        rows.add(self.tr("Language"), self.language, self.tr("The window's language."))
        told = self.tr("A render longer than this says when it is done.")
        rows.add(self.tr("Tell me after"), self.notify, told)
        return rows

    def _rendering(self) -> FormRows:
        rows = FormRows(self)
        found = self.tr("What renders. File → Models… finds what is on this computer, in any format.")
        rows.add(self.tr("Model"), self.model, found, self.add_model)
        rows.add(self.tr("Device"), self.device, self.tr("What renders on this computer."))
        asleep = self.tr("The computer does not go to sleep by itself then. The screen may go dark.")
        rows.add(self.tr("Keep awake"), self.awake, asleep)
        return rows

    def _work(self) -> FormRows:
        rows = FormRows(self)
        what = self.tr("What happens to interrupted renders and to the waiting queue when the window opens.")
        rows.add(self.tr("After a restart"), self.at_start, what)
        how_often = self.tr("How often a render keeps what it has done so far; at 0 after every step.")
        rows.add(self.tr("Keep work every"), self.snapshot, how_often)
        how_much = self.tr(
            "How much disk the kept work of ended jobs may take. Paused and interrupted renders never lose theirs."
        )
        rows.add(self.tr("Kept work takes"), self.keep, how_much)
        return rows


def _offer(box: QComboBox, items: list[tuple[str, str]], chosen: str) -> None:
    with QSignalBlocker(box):
        box.clear()
        for label, key in items:
            box.addItem(label, key)
        box.setCurrentIndex(max(0, box.findData(chosen)))
