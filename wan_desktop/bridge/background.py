"""Short work off the window's thread: an operation there, its success or failure back here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from wan_desktop.domain.errors import WanError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_busy: set[_Relay] = set()


def in_background(
    owner: QObject,
    work: Callable[[], T],
    success: Callable[[T], object],
    failure: Callable[[WanError], object],
) -> None:
    """Run `work` in a pool thread, then `success` or `failure` on the calling thread, which has an event loop.

    Nothing is called once `owner` is deleted. A WanError goes to `failure`; any other exception is raised on
    the calling thread.
    """
    relay = _Relay(owner, success, failure)
    _busy.add(relay)
    QThreadPool.globalInstance().start(_Work(work, relay))


class _Relay(QObject):
    """Brings the outcome to the thread that asked."""

    ended = Signal(object, object)

    def __init__(
        self, owner: QObject, success: Callable[[Any], object], failure: Callable[[WanError], object]
    ) -> None:
        super().__init__()
        self._owner, self._success, self._failure = owner, success, failure
        self.ended.connect(self._deliver)

    @Slot(object, object)
    def _deliver(self, result: Any, error: BaseException | None) -> None:
        _busy.discard(self)
        if not shiboken6.isValid(self._owner):
            return
        if error is None:
            self._success(result)
        elif isinstance(error, WanError):
            self._failure(error)
        else:
            raise error


class _Work(QRunnable):
    def __init__(self, work: Callable[[], Any], relay: _Relay) -> None:
        super().__init__()
        self._work, self._relay = work, relay

    def run(self) -> None:
        """Called by the pool."""
        result, error = None, None
        try:
            result = self._work()
        except Exception as problem:  # noqa: BLE001 - a thread's border: the asker's thread raises it again
            error = problem
        if shiboken6.isValid(self._relay):
            self._relay.ended.emit(result, error)
