"""The API that other programs send jobs to, as the window sees it: switched off its thread, in the order asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from wan_desktop.bridge.background import in_background
from wan_desktop.domain.api import ApiState

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.settings import Settings


class Switch(Protocol):
    """What starts and stops the server; `wan_desktop.server.switch` does it."""

    def apply(self, settings: Settings) -> ApiState:
        """Serve as `settings` say. Raises WanError, and then nothing is served."""

    def new_token(self, settings: Settings) -> ApiState:
        """Make another token. Raises WanError."""


class ApiDoor(QObject):
    """`changed` after every switching: `state` says what is so now, `problem` why it is not as it was asked for."""

    changed = Signal()

    def __init__(self, switch: Switch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._switch = switch
        self._busy = False
        self._next: Callable[[], ApiState] | None = None
        self._applied: tuple[object, ...] | None = None
        self.state = ApiState()
        self.problem: WanError | None = None

    @property
    def busy(self) -> bool:
        """True while it is being switched."""
        return self._busy

    def use(self, settings: Settings) -> None:
        """Serve as `settings` say; nothing happens when they say what they said before."""
        asked = (
            settings.api_on,
            settings.api_port,
            settings.api_token,
            settings.api_demo,
            settings.api_loras,
        )
        if asked == self._applied or (self._applied is None and not settings.api_on):
            return
        self._applied = asked
        self._do(lambda: self._switch.apply(settings))

    def new_token(self, settings: Settings) -> None:
        """Make another token, and serve with it."""
        self._do(lambda: self._switch.new_token(settings))

    def _do(self, work: Callable[[], ApiState]) -> None:
        if self._busy:
            self._next = work  # the latest wish is the one that counts
            return
        self._busy = True
        self.problem = None
        self.changed.emit()
        in_background(self, work, self._done, self._failed)

    def _done(self, state: ApiState) -> None:
        self.state = state
        self._end()

    def _failed(self, error: WanError) -> None:
        self.state, self.problem = ApiState(), error
        self._end()

    def _end(self) -> None:
        self._busy, work, self._next = False, self._next, None
        if work is not None:
            self._do(work)
        else:
            self.changed.emit()
