"""One server in the settings: what it is called, where it is, what it said, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from wan_desktop.ui import server_words, texts, theme
from wan_desktop.ui.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from wan_desktop.domain.servers import ServerEntry, ServerReport


class ServerCard(QFrame):
    """One server: its name and address, what is known of it, and what can be done. Signals carry its name."""

    check_asked = Signal(str)
    edit_asked = Signal(str)
    remove_asked = Signal(str)
    trust_asked = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setAccessibleName(name)
        title = QLabel(name, self)
        title.setProperty("kind", "title")
        self.url = ElidedLabel(self)
        self.url.setProperty("kind", "value")
        self.status = QLabel(self)
        self.facts = QLabel(self)
        self.facts.setProperty("kind", "note")
        for label in (self.status, self.facts):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.check = self._button(self.tr("Check"), self.tr("Check {name}"), name, self.check_asked)
        self.edit = self._button(self.tr("Edit…"), self.tr("Edit {name}"), name, self.edit_asked)
        self.remove = self._button(self.tr("Remove…"), self.tr("Remove {name}"), name, self.remove_asked)
        self.trust = self._button(
            self.tr("Trust its certificate…"),
            self.tr("Trust the certificate of {name}"),
            name,
            self.trust_asked,
        )
        top = QHBoxLayout()
        top.setSpacing(2)
        top.addWidget(title)
        top.addSpacing(6)
        top.addWidget(self.url, 1)
        for button in (self.check, self.edit, self.remove):
            button.setProperty("kind", "quiet")
            top.addWidget(button)
        below = QHBoxLayout()
        below.addWidget(self.trust)
        below.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 10)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.status)
        column.addWidget(self.facts)
        column.addLayout(below)

    def show_entry(self, entry: ServerEntry, report: ServerReport | None, *, asking: bool) -> None:
        """Show the entry and what the server said."""
        self.url.setText(entry.url)
        words, kind = self._state(report, asking)
        self.status.setText(words)
        theme.set_kind(self.status, kind)
        self.facts.setText("\n".join(self._facts(entry, report)))
        self.check.setEnabled(not asking)
        self.trust.setVisible(report is not None and bool(report.certificate))

    def _state(self, report: ServerReport | None, asking: bool) -> tuple[str, str]:
        if asking:
            return self.tr("Asking it…"), "value"
        if report is None:
            return self.tr("Not asked yet."), "value"
        if not report.ready:
            return server_words.problem(report), "attention"
        return self.tr("Ready: {what}").format(what=server_words.ready(report)), "good"

    def _facts(self, entry: ServerEntry, report: ServerReport | None) -> list[str]:
        kept = {
            "keyring": self.tr("Its token is in the system's keyring."),
            "file": self.tr("There is no keyring here: its token is in a file that only you can read."),
        }
        facts = []
        if report is not None and report.files:
            files = self.tr(", ").join(report.files)
            facts.append(self.tr("Has the model's files: {files}").format(files=files))
            facts += [texts.note(note) for note in report.notes]
        facts.append(kept.get(entry.token_kept, self.tr("It needs no token, or none was given.")))
        if entry.certificate:
            facts.append(self.tr("Only its own certificate is trusted, as you said."))
        if not entry.encrypted:
            facts.append(
                self.tr(
                    "Not encrypted: prompts, pictures and the token can be read on the way. Better use https."
                )
            )
        return facts

    def _button(self, words: str, name: str, server: str, signal: Signal) -> QPushButton:
        button = QPushButton(words, self)
        button.setAccessibleName(name.format(name=server))
        button.clicked.connect(lambda: signal.emit(server))
        return button
