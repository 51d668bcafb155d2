"""A token that says stop, or pause."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import Cancelled, Paused

if TYPE_CHECKING:
    from collections.abc import Callable


class CancelToken:
    """Set from any thread; whoever works checks it, whoever waits is called. Cancel outdoes pause."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._pause = threading.Event()
        self._ending = False
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()

    @property
    def paused(self) -> bool:
        """True once `pause` was called."""
        return self._pause.is_set()

    @property
    def ending(self) -> bool:
        """True when no user cancelled it, but the program ends or its backend leaves: what another computer renders
        may go on there."""
        return self._ending and self.cancelled

    def cancel(self, *, ending: bool = False) -> None:
        """Say stop; safe to call again. `ending`: no user has said so, the job goes on another time."""
        self._ending = ending
        self._say(self._event)

    def pause(self) -> None:
        """Say pause: stop at the next point from which the work can go on. Safe to call again."""
        self._say(self._pause)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call `callback` (from the saying thread) at each of the two words; at once if one was said before."""
        with self._lock:
            self._callbacks.append(callback)
            said = self._event.is_set() or self._pause.is_set()
        if said:
            callback()

    def raise_if_paused(self) -> None:
        """Raise Paused if `pause` was called; call it where everything done so far is kept."""
        if self._pause.is_set():
            raise Paused()

    def _say(self, word: threading.Event) -> None:
        with self._lock:
            if word.is_set():
                return
            word.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def raise_if_cancelled(self) -> None:
        """Raise Cancelled if `cancel` was called."""
        if self._event.is_set():
            raise Cancelled()
