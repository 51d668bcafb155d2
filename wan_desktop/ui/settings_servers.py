"""The settings page about servers that render for this computer: the list, and a form to add or change one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.domain.job import JobState
from wan_desktop.domain.places import server_of
from wan_desktop.ui.settings_server_card import ServerCard
from wan_desktop.ui.settings_server_form import ServerForm

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.servers import ServerEntry


class ServersPage(QStackedWidget):
    """Everything applies at once; nothing is sent to a server before somebody checks it, adds it or uses it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.cards: dict[str, ServerCard] = {}
        self.add_button = QPushButton(self.tr("Add a server…"), self)
        self.form = ServerForm(self)
        self._lay_out()
        self._connect()
        self._show()

    def edit(self, name: str) -> None:
        """Show the form for that server, "" for a new one."""
        shelf = self._session.servers
        entries = () if shelf is None else shelf.entries
        self.form.show_entry(next((entry for entry in entries if entry.name == name), None))
        self.setCurrentWidget(self.form)

    # ---- what happens

    def _connect(self) -> None:
        self.add_button.clicked.connect(lambda: self.edit(""))
        self.form.cancelled.connect(lambda: self.setCurrentWidget(self._list))
        shelf = self._session.servers
        self.add_button.setEnabled(shelf is not None)
        if shelf is None:
            return
        self.form.accepted.connect(shelf.put)
        shelf.put_done.connect(lambda _: self.setCurrentWidget(self._list))
        shelf.refused.connect(self.form.show_error)
        shelf.changed.connect(self._show)
        shelf.refresh()

    def _remove(self, name: str) -> None:
        box = QMessageBox(self)
        box.setWindowTitle(self.tr("Remove a server"))
        box.setText(self.tr("Remove “{name}” from the list?").format(name=name))
        box.setInformativeText(self._consequences(name))
        remove = box.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(self.tr("Keep"), QMessageBox.ButtonRole.RejectRole))
        shelf = self._session.servers
        if shelf is not None:
            remove.clicked.connect(lambda: shelf.remove(name))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _consequences(self, name: str) -> str:
        live = (JobState.QUEUED, JobState.RUNNING)
        jobs = [
            job
            for job in self._session.jobs.values()
            if job.state in live and server_of(job.request.model) == name
        ]
        token = self.tr("Its token is forgotten. Clips that it made stay in the library.")
        if not jobs:
            return token
        return self.tr("Jobs that wait for it or render there: {count}. They will fail. {token}").format(
            count=len(jobs), token=token
        )

    def _trust(self, name: str) -> None:
        shelf = self._session.servers
        entry = next((entry for entry in shelf.entries if entry.name == name), None) if shelf else None
        report = shelf.reports.get(name) if shelf else None
        if shelf is None or entry is None or report is None:
            return
        box = QMessageBox(self)
        box.setWindowTitle(self.tr("Trust a certificate"))
        box.setText(self.tr("Trust this certificate for “{name}”, and no other?").format(name=name))
        box.setInformativeText(
            self.tr("Compare its SHA-256 fingerprint with the one on the server:\n{fingerprint}").format(
                fingerprint=_in_groups(report.certificate)
            )
        )
        trust = box.addButton(self.tr("Trust it"), QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole))
        trust.clicked.connect(lambda: shelf.put(name, entry.url, None, report.certificate))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    # ---- showing

    def _show(self) -> None:
        shelf = self._session.servers
        entries = () if shelf is None else shelf.entries
        if [entry.name for entry in entries] != list(self.cards):
            self._make_cards(entries)
        for entry in entries:
            assert shelf is not None
            self.cards[entry.name].show_entry(
                entry, shelf.reports.get(entry.name), asking=entry.name in shelf.asking
            )
        self._empty.setVisible(not entries)

    def _make_cards(self, entries: tuple[ServerEntry, ...]) -> None:
        for card in self.cards.values():
            self._cards.removeWidget(card)
            card.deleteLater()
        self.cards = {entry.name: ServerCard(entry.name, self._list) for entry in entries}
        for number, card in enumerate(self.cards.values()):
            self._cards.insertWidget(number, card)
            card.edit_asked.connect(self.edit)
            card.remove_asked.connect(self._remove)
            card.trust_asked.connect(self._trust)
            if self._session.servers is not None:
                card.check_asked.connect(self._session.servers.ask)

    def _lay_out(self) -> None:
        about = QLabel(
            self.tr(
                "A computer with ComfyUI and the model's files, or another Wan Desktop, renders for this one. Queue, "
                "library and recipes stay here."
            ),
            self,
        )
        about.setProperty("kind", "note")
        about.setWordWrap(True)
        self._empty = QLabel(self.tr("No servers yet."), self)
        self._empty.setProperty("kind", "value")
        self._list = QWidget(self)
        content = QWidget()
        content.setProperty("kind", "scrolled")
        self._cards = QVBoxLayout(content)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(8)
        self._cards.addWidget(self._empty)
        self._cards.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        below = QHBoxLayout()
        below.addWidget(self.add_button)
        below.addStretch(1)
        column = QVBoxLayout(self._list)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(about)
        column.addWidget(scroll, 1)
        column.addLayout(below)
        self.addWidget(self._list)
        self.addWidget(self.form)


def _in_groups(fingerprint: str) -> str:
    pairs = [fingerprint[n : n + 2] for n in range(0, len(fingerprint), 2)]
    return ":".join(pairs[:16]) + ":\n" + ":".join(pairs[16:])
