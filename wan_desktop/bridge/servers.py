"""The servers that render for this computer, as the window sees them: listed, changed and asked off its thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from wan_desktop.bridge.background import in_background

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.domain.sentence import Sentence
    from wan_desktop.domain.servers import ServerEntry, ServerReport

LOOK_EVERY_MS = 1000


class ServerActions(Protocol):
    """What can be done with servers; `wan_desktop.remote.desk` does it."""

    def names(self) -> Sequence[str]:
        """Their names; quick."""

    def signature(self) -> object:
        """Something else after each change of the list, whoever made it; quick."""

    def entries(self) -> Sequence[ServerEntry]:
        """The whole list."""

    def put(self, name: str, url: str, token: str | None, certificate: str) -> None:
        """Add one, or change the one of that name; `token` None leaves its token. Raises WanError."""

    def remove(self, name: str) -> None:
        """Take one off the list. Raises WanError."""

    def ask(self, name: str) -> ServerReport:
        """Ask it what it is and has. Raises WanError when it is not on the list."""

    def instead(self, name: str, request: RenderRequest) -> Sequence[Sentence]:
        """What it would render otherwise than this computer, as far as it was asked; quick."""


class ServerShelf(QObject):
    """`changed` after each change of the list or of what is known about a server; `refused` says what failed.

    `names` are there at once, `entries` soon after `refresh`. `reports` holds what servers said, by their names, and
    `asking` the names of those that are being asked. Nothing is sent to a server before `ask`.
    """

    changed = Signal()
    put_done = Signal(str)
    refused = Signal(object)

    def __init__(self, actions: ServerActions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._signature = actions.signature()
        self.names: tuple[str, ...] = tuple(actions.names())
        self.entries: tuple[ServerEntry, ...] = ()
        self.reports: dict[str, ServerReport] = {}
        self.asking: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """See whether the list has changed, as by the command line beside the window."""
        signature = self._actions.signature()
        if signature != self._signature:
            self._signature = signature
            self._take_names()
            self.refresh()

    def refresh(self) -> None:
        """Bring `entries` up to date."""
        self._do(self._actions.entries, self._take_entries)

    def put(self, name: str, url: str, token: str | None, certificate: str = "") -> None:
        """Add a server, or change the one of that name, and ask it; `put_done` or `refused` follows."""

        def work() -> Sequence[ServerEntry]:
            self._actions.put(name, url, token, certificate)
            return self._actions.entries()

        def done(entries: Sequence[ServerEntry]) -> None:
            self._take_names()
            self._take_entries(entries)  # before it is asked, so that what it says is of the new entry
            self.put_done.emit(name)
            self.ask(name)

        self._do(work, done)

    def remove(self, name: str) -> None:
        """Take a server off the list; its token is forgotten."""
        self._do(lambda: self._actions.remove(name), lambda _: self.look())

    def ask(self, name: str) -> None:
        """Ask the server what it is and has; its report is there at a later `changed`."""
        if name in self.asking or name not in self.names:
            return
        self.asking.add(name)
        self.changed.emit()

        def done(report: ServerReport) -> None:
            self.asking.discard(name)
            if name in self.names:
                self.reports[name] = report
            self.changed.emit()

        def failed(_: WanError) -> None:  # it was removed meanwhile
            self.asking.discard(name)
            self.changed.emit()

        in_background(self, lambda: self._actions.ask(name), done, failed)

    def instead(self, name: str, request: RenderRequest) -> Sequence[Sentence]:
        """What the server would render otherwise than this computer, as far as it was asked."""
        return self._actions.instead(name, request)

    def _take_names(self) -> None:
        self.names = tuple(self._actions.names())
        self.reports = {name: report for name, report in self.reports.items() if name in self.names}
        self.changed.emit()

    def _take_entries(self, entries: Sequence[ServerEntry]) -> None:
        before, self.entries = {entry.name: entry for entry in self.entries}, tuple(entries)
        for entry in entries:
            if before.get(entry.name, entry) != entry:
                self.reports.pop(entry.name, None)  # it said that of what it was before
        self.changed.emit()

    def _do(self, work: Callable[[], Any], then: Callable[[Any], object]) -> None:
        in_background(self, work, then, self.refused.emit)
