"""What a render listens to while it works, and the sign of life it gives by listening."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from wan_desktop.jobs.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable

ALIVE_SECONDS = 1.0
"""How often a render that works says so."""


class Control:
    """One render's cancel and pause. `beat` is called at every look: whoever hears it knows that the work goes on."""

    def __init__(self, token: CancelToken | None = None, beat: Callable[[], None] = lambda: None) -> None:
        self._token = token or CancelToken()
        self._beat = beat

    @property
    def paused(self) -> bool:
        """Is the render to stop at the next point where everything done so far is kept?"""
        return self._token.paused

    def check(self) -> None:
        """Raise Cancelled if the user said stop; for the middle of a step, where a pause would lose work."""
        self._beat()
        self._token.raise_if_cancelled()

    def check_all(self) -> None:
        """Raise Cancelled or Paused; for where stopping loses nothing."""
        self.check()
        self._token.raise_if_paused()


class Pulse:
    """Calls `say` at most once a second, and only if `beat` was called since; from a thread of its own.

    A render that hangs beats no more, and then nothing is said.
    """

    def __init__(self, say: Callable[[], None]) -> None:
        self._say = say
        self._beaten = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def beat(self) -> None:
        """The render works; costs nothing, so it may be told many times a second."""
        self._beaten = True

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(ALIVE_SECONDS):
            if self._beaten:
                self._beaten = False
                self._say()
