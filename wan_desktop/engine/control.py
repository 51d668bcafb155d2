"""What a render listens to while it works, and the sign of life it gives by listening."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.jobs.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable


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
