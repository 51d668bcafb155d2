"""Snapshots while denoising: copied between two steps, written beside the next ones, one at a time."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.events import Kept, Note
from wan_desktop.domain.sentence import QT_TRANSLATE_NOOP, Sentence
from wan_desktop.engine import sampler_state
from wan_desktop.engine.keeping import Snapshot, save_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.engine.control import Control
    from wan_desktop.engine.pipeline import Step

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
"""How often somebody who waits for the disk looks for a cancel."""


class Snapshots:
    """Keeps one render: every `every_s` seconds (0: after every step) and when it pauses.

    `file` may be "": then nothing is kept. `made` is `keeping.origin`. A disk that refuses is told once and does not
    end the render; what was kept before stays.
    """

    def __init__(self, job_id: str, file: str, every_s: float, made: dict[str, Any]) -> None:
        self._job_id, self._file, self._every_s, self._made = job_id, file, every_s, made
        self._due = time.monotonic() + every_s
        self._writing: _Writing | None = None
        self._complained = False

    def after(self, step: Step, control: Control) -> Iterator[RenderEvent]:
        """Keep `step` if it is time; yields what is now safe on disk. When told to pause, waits until `step` is."""
        if not self._file:
            return
        if control.paused or not self._every_s:
            yield from self.finish(control)
        yield from self._news()
        if self._writing is None and (control.paused or time.monotonic() >= self._due):
            self._due = time.monotonic() + self._every_s
            self._writing = _Writing(Path(self._file), _snapshot(step), self._made)
        if control.paused:
            yield from self.finish(control)

    def finish(self, control: Control) -> Iterator[RenderEvent]:
        """Wait until nothing is being written; yields what is now safe. Raises Cancelled."""
        while self._writing is not None and not self._writing.done.wait(_LOOK_SECONDS):
            control.check()
        yield from self._news()

    def _news(self) -> Iterator[RenderEvent]:
        """What the write that has ended, if one has, means."""
        writing = self._writing
        if writing is None or not writing.done.is_set():
            return
        self._writing = None
        if writing.error is None:
            yield Kept(self._job_id, writing.snapshot.step, writing.snapshot.total)
        elif not self._complained:
            self._complained = True
            yield Note(self._job_id, not_kept(writing.error))


class _Writing:
    """A snapshot on its way to the disk."""

    def __init__(self, file: Path, snapshot: Snapshot, made: dict[str, Any]) -> None:
        self.snapshot = snapshot
        self.error: Exception | None = None
        self.done = threading.Event()
        self._file, self._made = file, made
        threading.Thread(target=self._run, name="snapshot", daemon=True).start()

    def _run(self) -> None:
        try:
            save_snapshot(self._file, self.snapshot, self._made)
        except Exception as error:  # the thread's border: the render says it in a note
            log.warning("a snapshot could not be written", exc_info=error)
            self.error = error
        finally:
            self.done.set()


def _snapshot(step: Step) -> Snapshot:
    latents = step.latents.detach().to("cpu", copy=True).contiguous()
    return Snapshot(step.index + 1, step.total, latents, sampler_state.state(step.scheduler))


def not_kept(error: Exception) -> Sentence:
    """The sentence that says why what is done so far is not safe."""
    template = QT_TRANSLATE_NOOP(
        "notes", "What is done so far could not be kept on disk, so a crash would lose it. {why}"
    )
    return Sentence(template, why=error.sentence if isinstance(error, WanError) else str(error))
