"""Who renders: this computer, a server, or whoever is free; shown once there is a server."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.places import ANY, helps, model_on, server_of
from wan_desktop.ui import server_words, texts, theme
from wan_desktop.ui.panels.create.section import Section
from wan_desktop.ui.widgets.wheel_guard import guard_wheel

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.request import Draft, RenderRequest

HERE = ""
CHECK, SERVERS = "check", "servers"


class RenderOnSection(Section):
    """`edited` when a person chose; `moved` whenever another place is chosen. `servers_asked`: show the servers.

    A server that a person chooses is asked what it is; nothing is sent to one that only comes back with a draft.
    """

    moved = Signal()
    servers_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._model = HERE
        self._request: RenderRequest | None = None
        self.box = QComboBox()
        guard_wheel(self.box)
        self.build(self.tr("Render on"), self.box)
        self.box.setAccessibleName(self.tr("Render on"))
        self.box.setToolTip(self.tr("Who renders the clip. It lies in the library here in any case."))
        self.note.setProperty("kind", "note")
        self.note.setTextFormat(Qt.TextFormat.RichText)
        flags = Qt.TextInteractionFlag
        self.note.setTextInteractionFlags(flags.LinksAccessibleByMouse | flags.LinksAccessibleByKeyboard)
        self.note.linkActivated.connect(self._follow)
        self.box.activated.connect(self._on_chosen)
        theme.theme_changed.connect(self._tell)
        session.backend_changed.connect(self._offer)
        session.settings_changed.connect(self._offer)
        if session.servers is not None:
            session.servers.changed.connect(self._on_servers)
        self._offer()

    # ---- state

    def model(self) -> str:
        """The request's model when a server renders, "" for this computer."""
        return self._model

    def values(self) -> dict[str, Any]:
        """The draft's model; nothing for this computer, whose model is chosen in the settings."""
        return {"model": self._model} if self._model else {}

    def fill(self, draft: Draft) -> None:
        """Show the draft's place; a server that is not known here becomes this computer."""
        self._choose(draft.model or HERE)

    def show_request(self, request: RenderRequest | None) -> None:
        """Tell what the chosen server would render otherwise."""
        self._request = request
        self._tell()

    def words(self) -> str:
        """Who renders, as in "about 4 min on studio"; "" for this computer."""
        return server_words.place(self._model)

    # ---- reacting

    def _on_chosen(self) -> None:
        self._choose(self.box.currentData())
        shelf = self._session.servers
        if shelf is not None:
            for name in self._servers():
                if name not in shelf.reports:
                    shelf.ask(name)
        self.edited.emit()

    def _on_servers(self) -> None:
        before = self._model
        self._choose(self._model)
        if self._model != before:  # its server is gone
            self.edited.emit()

    def _follow(self, link: str) -> None:
        if link == SERVERS or self._session.servers is None:
            self.servers_asked.emit()
            return
        for name in self._servers():
            self._session.servers.ask(name)

    def _choose(self, model: str) -> None:
        name, known = server_of(model), self._names()
        wanted = model if name in known or (name == ANY and known) else HERE
        changed, self._model = wanted != self._model, wanted
        self._offer()
        if changed:
            self.moved.emit()

    # ---- showing

    def _offer(self) -> None:
        names = self._names()
        items = [(self.tr("This computer"), HERE)]
        for name in names:
            own = server_of(self._model) == name
            items.append((name, self._model if own else model_on(name)))
        if server_of(self._model) == ANY or len(names) + self._helps() > 1:
            own = server_of(self._model) == ANY
            items.append((self.tr("Whoever is free"), self._model if own else model_on(ANY)))
        with QSignalBlocker(self.box):
            self.box.clear()
            for words, key in items:
                self.box.addItem(words, key)
            self.box.setCurrentIndex(max(0, self.box.findData(self._model)))
        self.setVisible(bool(names))
        self._tell()

    def _tell(self) -> None:
        lines = [self._whoever()] if server_of(self._model) == ANY else []
        lines += [line for name in self._servers() for line in self._lines(name)]
        self.note.setText("".join(f'<p style="margin: 0 0 4px 0">{line}</p>' for line in lines))
        self.note.setVisible(bool(lines))

    def _lines(self, name: str) -> list[str]:
        """What is known of a server, as rich text, and what it would render otherwise."""
        shelf = self._session.servers
        if shelf is None:
            return []
        report = shelf.reports.get(name)
        label = f"<b>{escape(name)}</b>: " if server_of(self._model) == ANY else ""
        if name in shelf.asking:
            return [label + escape(self.tr("Asking it…"))]
        if report is None:
            return [label + escape(self.tr("Not asked yet.")) + " " + _link(CHECK, self.tr("Check"))]
        if not report.ready:
            words = _coloured(theme.current().attention, server_words.problem(report))
            again, servers = _link(CHECK, self.tr("Check again")), _link(SERVERS, self.tr("Servers…"))
            return [f"{label}{words} {again} · {servers}"]
        told = [label + _coloured(theme.current().good, server_words.ready(report))]
        if self._request is not None:
            told += [escape(texts.note(note)) for note in shelf.instead(name, self._request)]
        return told

    def _whoever(self) -> str:
        names = [*([self.tr("this computer")] if self._helps() else []), *self._names()]
        return escape(self.tr("Whichever is free first: {names}").format(names=self.tr(", ").join(names)))

    def _servers(self) -> tuple[str, ...]:
        """The servers that the choice means."""
        name = server_of(self._model)
        return self._names() if name == ANY else (name,) if name else ()

    def _names(self) -> tuple[str, ...]:
        return () if self._session.servers is None else self._session.servers.names

    def _helps(self) -> bool:
        try:
            return helps(str(self._session.backend.info.get("device", "")), self._session.model())
        except WanError:  # the chosen model is gone, which the window tells
            return False


def _coloured(colour: str, words: str) -> str:
    return f'<span style="color: {colour}">{escape(words)}</span>'


def _link(target: str, words: str) -> str:
    return f'<a href="{target}">{escape(words)}</a>'
