"""Keeps the computer from going to sleep while something renders."""

from __future__ import annotations

import contextlib
import logging
import warnings
from typing import TYPE_CHECKING

from wan_desktop.domain.events import AwakeState
from wan_desktop.domain.sentence import QT_TRANSLATE_NOOP, Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

NOT_POSSIBLE = Sentence(
    QT_TRANSLATE_NOOP(
        "notes",
        "This system does not let Wan Desktop keep it awake: it may go to sleep in the middle of a render.",
    )
)


class KeepAwake:
    """Asks the system, through wakepy: D-Bus on Linux, SetThreadExecutionState on Windows, caffeinate on macOS.

    The screen may still go dark. `wanted` is asked each time.
    """

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted

    @contextlib.contextmanager
    def hold(self) -> Iterator[AwakeState | None]:
        """Hold the computer awake within the block: whether it works, None when it is not wanted. Never raises."""
        if not self._wanted():
            yield None
            return
        stack, on = contextlib.ExitStack(), False
        with _whatever_it_answers():
            on = _ask_system(stack)
        try:
            yield AwakeState(True) if on else AwakeState(False, NOT_POSSIBLE)
        finally:
            with _whatever_it_answers():
                stack.close()


@contextlib.contextmanager
def _whatever_it_answers() -> Iterator[None]:
    """A system's own service may answer anything; the render goes on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the system's border
        log.warning("keeping the computer awake: %r", error)


def _ask_system(stack: contextlib.ExitStack) -> bool:
    from wakepy import keep

    logging.getLogger("wakepy").setLevel(logging.WARNING)  # it explains itself at length before each render
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mode = stack.enter_context(keep.running(on_fail="pass"))
    return bool(mode.active)
