"""The models of this computer as the window sees them: looked at, scanned and checked off its thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from wan_desktop.bridge.background import in_background

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wan_desktop.domain.errors import WanError

LOOK_EVERY_MS = 3000


class Watch(Protocol):
    """Says whether files came or went."""

    def changed(self) -> bool:
        """True when something is not as it was at the last call."""


class ModelActions(Protocol):
    """What can be done with models; `wan_desktop.models.manager` does it."""

    def overview(self) -> dict[str, Any]:
        """Models, problems, questions, files to get, and the folder for them."""

    def scan(self) -> Sequence[Any]:
        """Look into the standard places."""

    def add(self, path: Path, *, variant: str = "", tick: Callable[[int], None]) -> Sequence[Any]:
        """Put a file or folder on the list. Raises WanError."""

    def remove(self, path: Path) -> Sequence[Any]:
        """Take a file or folder off the list. Raises WanError."""

    def verify(self, tick: Callable[[int], None]) -> list[dict[str, str]]:
        """Read every listed file whole."""

    def arrivals(self) -> Watch:
        """A watch on the folder that people put files into."""


class ModelShelf(QObject):
    """`changed` brings the overview after every action, then `verified` what a check found, `refused` what failed.

    `busy` is True while something runs; `read` tells how many bytes a check or an addition has read so far. While
    `watch` is on, files that arrive in the program's own folder are found by themselves.
    """

    changed = Signal(dict)
    verified = Signal(list)
    refused = Signal(object)
    busy = Signal(bool)
    read = Signal(object)

    def __init__(self, actions: ModelActions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._running = 0
        self._bytes = 0
        self._watch: Watch | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)

    def refresh(self) -> None:
        """Bring the overview."""
        self._do(lambda: None, lambda _: None)

    def scan(self) -> None:
        """Look where models usually lie."""
        self._do(self._actions.scan, lambda _: None)

    def add(self, path: Path, variant: str = "") -> None:
        """Put a file or folder on the list; `variant` answers what was asked about it."""
        self._do(lambda: self._actions.add(path, variant=variant, tick=self._count), lambda _: None)

    def remove(self, path: Path) -> None:
        """Take a file or folder off the list."""
        self._do(lambda: self._actions.remove(path), lambda _: None)

    def verify(self) -> None:
        """Compare every file with its hash."""
        self._do(lambda: self._actions.verify(self._count), self.verified.emit)

    def watch(self, on: bool) -> None:
        """Begin or stop to look for files that arrive."""
        self._watch = self._actions.arrivals() if on else None
        self._timer.start() if on else self._timer.stop()

    def look(self) -> None:
        """Scan if files came since the last look."""
        if self._watch is not None and not self._running and self._watch.changed():
            self.scan()

    def _count(self, count: int) -> None:
        self._bytes += count
        self.read.emit(self._bytes)

    def _do(self, work: Callable[[], Any], then: Callable[[Any], object]) -> None:
        def both() -> tuple[Any, dict[str, Any]]:
            return work(), self._actions.overview()

        def done(result: tuple[Any, dict[str, Any]]) -> None:
            self._end()
            self.changed.emit(result[1])
            then(result[0])

        def failed(error: WanError) -> None:
            self._end()
            self.refused.emit(error)

        self._bytes = 0
        self._running += 1
        self.busy.emit(True)
        in_background(self, both, done, failed)

    def _end(self) -> None:
        self._running -= 1
        self.busy.emit(bool(self._running))
