"""The form for one server: its name, address, token, and the certificate that is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from wan_desktop.ui import texts
from wan_desktop.ui.widgets.field import ErrorLabel, set_invalid
from wan_desktop.ui.widgets.form_rows import FormRows

if TYPE_CHECKING:
    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.servers import ServerEntry


class ServerForm(QWidget):
    """`accepted` carries name, address, token (None: it stays) and certificate ("": the system decides)."""

    accepted = Signal(str, str, object, str)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = False
        self.title = QLabel(self)
        self.title.setProperty("kind", "title")
        self.name, self.url, self.token = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.forget = QPushButton(self.tr("Forget it"), self)
        self.forget.setAccessibleName(self.tr("Forget the token"))
        self.certificate = QLineEdit(self)
        self.errors = {field: ErrorLabel(self) for field in ("name", "url", "token", "certificate")}
        self.other_error = ErrorLabel(self)
        self.save = QPushButton(self.tr("Save and check"), self)
        self.save.setProperty("kind", "primary")
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self._lay_out()
        self.forget.clicked.connect(self._forget)
        self.save.clicked.connect(self._accept)
        self.cancel.clicked.connect(self.cancelled)
        for field in (self.name, self.url, self.token, self.certificate):
            field.returnPressed.connect(self._accept)

    def show_entry(self, entry: ServerEntry | None) -> None:
        """Fill the form with a server, or empty it for a new one. A token is never shown."""
        self.title.setText(self.tr("A new server") if entry is None else entry.name)
        self.name.setText("" if entry is None else entry.name)
        self.name.setEnabled(entry is None)
        self.url.setText("" if entry is None else entry.url)
        self.token.clear()
        self._show_kept(entry is not None and bool(entry.token_kept))
        self.certificate.setText("" if entry is None else entry.certificate)
        self.show_error(None)
        (self.url if entry else self.name).setFocus()

    def show_error(self, error: WanError | None) -> None:
        """Tell at its field what was refused; None clears it."""
        sentence = "" if error is None else texts.sentence(error)
        for field, label in self.errors.items():
            told = sentence if error is not None and error.field == field else ""
            label.say(told)
            set_invalid(getattr(self, field), bool(told))
        self.other_error.say(sentence if error is not None and error.field not in self.errors else "")

    def _accept(self) -> None:
        self.show_error(None)
        typed = self.token.text().strip()
        stays = not typed and self._kept
        self.accepted.emit(
            self.name.text().strip(),
            self.url.text().strip(),
            None if stays else typed,
            self.certificate.text().strip(),
        )

    def _forget(self) -> None:
        self.token.clear()
        self._show_kept(False)

    def _show_kept(self, kept: bool) -> None:
        self._kept = kept
        self.token.setPlaceholderText(self.tr("The one that is kept") if kept else self.tr("None"))
        self.forget.setVisible(kept)

    def _lay_out(self) -> None:
        rows = FormRows(self)
        self.name.setPlaceholderText(self.tr("studio"))
        rows.add(
            self.tr("Name"), self.name, self.tr("What you call it: one word."), error=self.errors["name"]
        )
        self.url.setPlaceholderText("https://studio.example")
        where = self.tr("As in a browser: https://studio.example, or http://192.168.1.20:8188 at home.")
        rows.add(self.tr("Address"), self.url, where, error=self.errors["url"])
        secret = self.tr(
            "What it asks for, if anything. It is kept in the system's keyring and never shown again."
        )
        rows.add(self.tr("Token"), self.token, secret, self.forget, self.errors["token"])
        trusted = self.tr(
            "Empty: what this computer trusts, always verified. Else the SHA-256 fingerprint of the server's own one."
        )
        rows.add(self.tr("Certificate"), self.certificate, trusted, error=self.errors["certificate"])
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.save)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self.title)
        column.addWidget(rows, 1)
        column.addWidget(self.other_error)
        column.addLayout(buttons)
