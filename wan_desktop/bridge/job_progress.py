"""How far a whole job is, and how long it will still take, from its own progress events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wan_desktop.domain.job import JobState, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.events import Progress
    from wan_desktop.domain.job import Job

SHARES: dict[Stage, float] = {
    Stage.LOADING: 0.06,
    Stage.ENCODING: 0.03,
    Stage.DENOISING: 0.77,
    Stage.DECODING: 0.12,
    Stage.SAVING: 0.02,
}
"""Each stage's part of the bar for the whole job, in the order of the stages; drawing dominates."""

_BEFORE_DECODING = 1.0 - SHARES[Stage.DECODING] - SHARES[Stage.SAVING]

MIN_UNITS = 2
"""Steps or frames that must have passed in a stage before its speed is worth telling."""


def fraction(progress: Progress | None) -> float:
    """How far the whole job is, 0 to 1; None is the very beginning."""
    if progress is None:
        return 0.0
    before = 0.0
    for stage, share in SHARES.items():
        if stage is progress.stage:
            part = progress.done / progress.total if progress.total else 0.0
            return before + share * min(max(part, 0.0), 1.0)
        before += share
    return before


def kept_fraction(job: Job) -> float:
    """How far a job that does not run got, 0 to 1, by what it keeps; the share that it need not do again."""
    if job.state is JobState.DONE:
        return 0.0
    if job.kept_latents:
        return _BEFORE_DECODING
    if not job.kept_steps:
        return 0.0
    drawn = SHARES[Stage.DENOISING] * job.kept_step / job.kept_steps
    return SHARES[Stage.LOADING] + SHARES[Stage.ENCODING] + drawn


class Clock:
    """Seconds that a job will still take, measured from its own steps. `now` gives seconds, for tests."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._first: Progress | None = None
        self._last: Progress | None = None
        self._first_at = self._last_at = 0.0

    def note(self, progress: Progress) -> None:
        """Take the next progress event of the job."""
        if self._first is None or self._first.stage is not progress.stage:
            self._first, self._first_at = progress, self._now()
        self._last, self._last_at = progress, self._now()

    def remaining(self) -> float | None:
        """Seconds left, or None while nothing is known yet."""
        unit, last = self._unit_seconds(), self._last
        if last is None:
            return None
        if last.stage is Stage.DENOISING and unit is not None:
            rest = (SHARES[Stage.DECODING] + SHARES[Stage.SAVING]) / SHARES[Stage.DENOISING]
            return self._left(last, unit) + unit * last.total * rest
        if last.stage is Stage.DECODING and unit is not None:
            return self._left(last, unit)
        return 0.0 if last.stage is Stage.SAVING else None

    def _left(self, last: Progress, unit: float) -> float:
        return max(0.0, (last.total - last.done) * unit - (self._now() - self._last_at))

    def _unit_seconds(self) -> float | None:
        """Seconds per step or frame in the present stage."""
        if self._first is None or self._last is None:
            return None
        units = self._last.done - self._first.done
        return (self._last_at - self._first_at) / units if units >= MIN_UNITS else None
