"""The settings page about other programs: the switch for ComfyUI's API, its address, port and token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QPushButton, QWidget

from wan_desktop.domain.api import ApiState
from wan_desktop.ui import texts
from wan_desktop.ui.icons import icon
from wan_desktop.ui.widgets.elided_label import ElidedLabel
from wan_desktop.ui.widgets.field import ErrorLabel, set_invalid, whole_number
from wan_desktop.ui.widgets.form_rows import FormRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.bridge.session import Session

PORTS = (1, 65_535)


class ApiPage(FormRows):
    """Shows what is set and what is so; `change` takes settings' values by their names."""

    def __init__(self, session: Session, change: Callable[..., None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._change = session, change
        self.on = QCheckBox(self.tr("Let other programs send jobs (ComfyUI API)"), self)
        self.address = ElidedLabel(self)
        self.copy_address = self._copy_button(self.tr("Copy the address"), lambda: self._state().address)
        self.port = whole_number(PORTS[1])
        self.port.setMinimum(PORTS[0])
        self.port.setGroupSeparatorShown(False)
        self.needs_token = QCheckBox(self.tr("They must send a token"), self)
        self.token = ElidedLabel(self)
        self.copy_token = self._copy_button(self.tr("Copy the token"), lambda: self._state().token)
        self.new_token = QPushButton(self.tr("New token"), self)
        self.new_token.setToolTip(self.tr("Who has the old one must get the new one."))
        self.demo = QCheckBox(self.tr("It may answer too"), self)
        self.loras = ElidedLabel(self)
        self.choose_loras = QPushButton(self.tr("Choose…"), self)
        self.choose_loras.setAccessibleName(self.tr("Choose the LoRA folder"))
        self.no_loras = QPushButton(self.tr("Use none"), self)
        self.no_loras.setAccessibleName(self.tr("Use no LoRA folder"))
        self.error = ErrorLabel(self)
        self._lay_out()
        self._connect()

    def refresh(self) -> None:
        """Show the present settings, and what the server says."""
        settings, state = self._session.settings, self._state()
        for box, value in (
            (self.on, settings.api_on),
            (self.needs_token, settings.api_token),
            (self.demo, settings.api_demo),
        ):
            with QSignalBlocker(box):
                box.setChecked(value)
        with QSignalBlocker(self.port):
            self.port.setValue(settings.api_port)
        self.address.setText(state.address or self._why_no_address())
        self.copy_address.setEnabled(state.on)
        self.token.setText(state.token or self._why_no_token())
        self.copy_token.setEnabled(bool(state.token))
        self.new_token.setEnabled(bool(state.token) and not self._busy())
        self.token_note.setText(self._kept_words(state))
        self.loras.setText(settings.api_loras or self.tr("None"))
        self.no_loras.setVisible(bool(settings.api_loras))
        self.loras_note.setText(self._loras_words(state))
        self._show_problem()
        QTimer.singleShot(0, self, self._make_room)

    def _make_room(self) -> None:
        """Sentences that come while the dialog is open may need more lines than it has room for."""
        window = self.window()
        needed = window.layout().totalHeightForWidth(window.width()) if window.layout() else 0
        if needed > window.height():
            window.resize(window.width(), needed)

    # ---- words

    def _why_no_address(self) -> str:
        if self._busy():
            return self.tr("One moment…")
        return self.tr("Off")

    def _why_no_token(self) -> str:
        if self._busy():
            return self.tr("One moment…")
        needed = self._session.settings.api_token
        return self.tr("Shown while it is on") if needed else self.tr("None needed")

    def _kept_words(self, state: ApiState) -> str:
        if state.token_kept == "keyring":
            return self.tr("Kept in the system's keyring.")
        if state.token_kept == "file":
            return self.tr("There is no keyring here: it is kept in a file that only you can read.")
        if self._session.settings.api_token:
            return self.tr("It stays the same until you make a new one.")
        return self.tr("Without one every program on this computer may send jobs, whoever runs it.")

    def _loras_words(self, state: ApiState) -> str:
        if not self._session.settings.api_loras:
            return self.tr("The folder whose LoRAs workflows may name.")
        if not state.on:
            return self.tr("Workflows may name the LoRAs in it.")
        if not state.loras:
            return self.tr("No LoRA was found in it: they are .safetensors files.")
        if state.loras == 1:
            return self.tr("One LoRA was found, which workflows may name.")
        return self.tr("{count} LoRAs were found, which workflows may name.").format(count=state.loras)

    def _show_problem(self) -> None:
        door = self._session.api
        problem = None if door is None else door.problem
        self.error.say("" if problem is None else texts.sentence(problem))
        set_invalid(self.port, problem is not None and problem.field == "port")

    # ---- what happens

    def _connect(self) -> None:
        self.on.toggled.connect(lambda on: self._change(api_on=on))
        self.port.editingFinished.connect(lambda: self._change(api_port=self.port.value()))
        self.needs_token.toggled.connect(lambda needed: self._change(api_token=needed))
        self.demo.toggled.connect(lambda may: self._change(api_demo=may))
        self.choose_loras.clicked.connect(self._choose_loras)
        self.no_loras.clicked.connect(lambda: self.use_loras(""))
        self.new_token.clicked.connect(self._make_token)
        if self._session.api is not None:
            self._session.api.changed.connect(self.refresh)

    def use_loras(self, folder: str) -> None:
        """Let workflows name the LoRAs in `folder`; "" for none."""
        self._change(api_loras=folder)

    def _choose_loras(self) -> None:
        start = self._session.settings.api_loras
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose the LoRA folder"), start)
        if folder:
            self.use_loras(folder)

    def _make_token(self) -> None:
        if self._session.api is not None:
            self._session.api.new_token(self._session.settings)

    def _state(self) -> ApiState:
        return ApiState() if self._session.api is None else self._session.api.state

    def _busy(self) -> bool:
        return self._session.api is not None and self._session.api.busy

    # ---- building

    def _copy_button(self, name: str, text: Callable[[], str]) -> QPushButton:
        button = QPushButton(icon("copy"), self.tr("Copy"), self)
        button.setAccessibleName(name)
        button.clicked.connect(lambda: QGuiApplication.clipboard().setText(text()))
        return button

    def _lay_out(self) -> None:
        who = self.tr("Scripts and tools that speak ComfyUI's API. Only this computer can reach it.")
        self.add(self.tr("API"), self.on, who)
        where = self.tr("What they need to know: where ComfyUI is.")
        self.add(self.tr("Address"), self.address, where, self.copy_address)
        self.add(self.tr("Port"), self.port, self.tr("ComfyUI's own is 8188."), error=self.error)
        asked = self.tr("Then each request needs it as “Authorization: Bearer …”.")
        self.add(self.tr("Access"), self.needs_token, asked)
        both = self._beside(self.token, self.copy_token)
        self.token_note = self.add(self.tr("Token"), both, "-", self.new_token)
        self.token.setAccessibleName(self.tr("Token"))
        small = self.tr("It knows few words and small sizes. Without this only real models answer.")
        self.add(self.tr("Demo model"), self.demo, small)
        both = self._beside(self.loras, self.no_loras)
        self.loras_note = self.add(self.tr("LoRAs"), both, "-", self.choose_loras)
        self.loras.setAccessibleName(self.tr("LoRAs"))

    def _beside(self, label: QWidget, button: QWidget) -> QWidget:
        both = QWidget(self)
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label, 1)
        row.addWidget(button)
        return both
