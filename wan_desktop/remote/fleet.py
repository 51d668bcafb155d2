"""The servers of the moment as the runner's lanes: one begins when a server is added, ends when it is removed.

The list is a file that `wan-desktop remotes` may change beside an open window, so it is looked at again and again.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from wan_desktop.jobs.runner import Lane
from wan_desktop.remote.lanes import fits_on
from wan_desktop.remote.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wan_desktop.jobs.ports import Backend
    from wan_desktop.remote.book import Remote, RemoteBook

LOOK_EVERY_S = 1.0


class Fleet:
    """`make_backend(remote, turns)` makes a backend for a server; it gets the entry without a token.

    `kept` is the folder of what jobs keep; `helps` and `hand_back` are what `Turns` needs.
    """

    def __init__(
        self,
        book: RemoteBook,
        make_backend: Callable[[Remote, Turns], Backend],
        kept: Path,
        *,
        helps: Callable[[], bool],
        hand_back: Callable[[str], None],
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._book, self._make_backend, self._kept = book, make_backend, kept
        self._look_every_s = look_every_s
        self._turns = Turns(self.names, helps, hand_back)
        self._lock = threading.Lock()
        self._signature: object = None
        self._listed: tuple[Remote, ...] = ()
        self._lanes: dict[Remote, Lane] = {}
        self._stopped, self._look_now = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def names(self) -> list[str]:
        """The servers' names at this moment, in the order of adding; cheap."""
        return [remote.name for remote in self._look()]

    def lanes(self) -> list[Lane]:
        """A lane for each server. A server that stayed as it was keeps its lane; a changed one gets a new one."""
        listed = self._look()
        with self._lock:
            before = self._lanes
            self._lanes = {
                remote: before.get(remote)
                or Lane(
                    self._make_backend(remote, self._turns),
                    fits_on(remote.name, self.names, self._kept, self._turns),
                )
                for remote in listed
            }
            return list(self._lanes.values())

    def watch(self, tell: Callable[[Sequence[Lane]], None]) -> None:
        """Call `tell` with the lanes soon after each change of the list, from a thread of its own, until `close`."""
        self._thread = threading.Thread(target=self._watch, args=(tell,), name="servers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no more. Safe to call again."""
        self._stopped.set()
        self._look_now.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, tell: Callable[[Sequence[Lane]], None]) -> None:
        told: tuple[Remote, ...] | None = None
        while not self._stopped.is_set():
            listed = self._look()
            if listed != told:
                told = listed
                tell(self.lanes())
            self._look_now.wait(self._look_every_s)
            self._look_now.clear()

    def _look(self) -> tuple[Remote, ...]:
        signature = self._book.signature()
        with self._lock:
            if signature != self._signature:
                self._signature, self._listed = signature, tuple(self._book.listed())
                self._look_now.set()
            return self._listed
