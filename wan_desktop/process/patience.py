"""How long a render process may be silent before it counts as hung."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, RenderProcessDied
from wan_desktop.domain.events import Progress
from wan_desktop.domain.job import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

Mail: TypeAlias = "queue.SimpleQueue[tuple[Any, ...]]"
"""What a render hears: the child's messages on its job, ("died", error), and ("look",) when something changed."""

_SLICE_SECONDS = 5.0
_EARLY = (None, Stage.LOADING, Stage.ENCODING)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of silence. A healthy process sends ("alive", job id) each second, but not within one slow operation.

    `unknown_s`: while it starts, loads, saves, or has not finished the stage's first step. Afterwards `longest_times`
    the stage's longest silence so far, at least `least_s`. `confirm_s`: for a cancel, or a pause before drawing.
    """

    unknown_s: float = 600.0
    least_s: float = 60.0
    longest_times: float = 10.0
    confirm_s: float = 1.0


class Patience:
    """Waits for the mail of one render, and counts the silence.

    It is counted in slices of a few seconds at most: a computer that slept has slept one slice, and is no hang.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._stage: Stage | None = None
        self._stepped = False
        self._longest = self._silent = 0.0

    @property
    def early(self) -> bool:
        """True before drawing has begun: nothing is lost with the process."""
        return self._stage in _EARLY

    @property
    def limit(self) -> float:
        """How many seconds of silence are allowed now."""
        if not self._stepped:
            return self._limits.unknown_s
        return max(self._limits.least_s, self._limits.longest_times * self._longest)

    def next(self, mail: Mail, limit: float | None = None) -> tuple[Any, ...] | None:
        """The next message, or None when the silence is over `limit` seconds (None: the stage's own limit)."""
        while (left := (self.limit if limit is None else limit) - self._silent) > 0:
            pause, begin = min(left, _SLICE_SECONDS), self._clock()
            try:
                message = mail.get(timeout=pause)
            except queue.Empty:
                self._silent += pause
                continue
            self._silent += min(max(self._clock() - begin, 0.0), pause)
            if message[0] != "look":
                self._heard(message)
            return message
        return None

    def begin_again(self) -> None:
        """Count the silence from now on."""
        self._silent = 0.0

    def died(self) -> RenderProcessDied:
        """The error of a job whose process is silent for too long."""
        return RenderProcessDied(
            QT_TRANSLATE_NOOP(
                "errors",
                "The render process said nothing for {seconds} seconds and was ended; a fresh one is being started.",
            ),
            action=QT_TRANSLATE_NOOP("errors", "Try again"),
            seconds=round(self._silent),
        )

    def _heard(self, message: tuple[Any, ...]) -> None:
        self._longest = max(self._longest, self._silent)
        self._silent = 0.0
        match message:
            case ("event", Progress(_, stage, done, _)):
                if stage is not self._stage:
                    self._stage, self._stepped, self._longest = stage, False, 0.0
                self._stepped = self._stepped or (done > 0 and stage in (Stage.DENOISING, Stage.DECODING))
