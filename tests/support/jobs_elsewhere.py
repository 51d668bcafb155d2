"""Jobs, and the files they keep, for a backend that renders on another computer."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from support import samples

from wan_desktop.domain.events import Note, Progress, Rendered
from wan_desktop.domain.job import Job, JobState, WorkFiles
from wan_desktop.encode.mp4 import Mp4Writer
from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.library.images import ImageStore
from wan_desktop.remote.book import Remote
from wan_desktop.remote.comfy import ComfyBackend
from wan_desktop.remote.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAST = Pace(poll_s=0.05, quiet_poll_s=5.0, retry_s=0.05, first_s=1.0, give_up_s=5.0, cancel_s=5.0)
REQUEST = replace(
    samples.REQUEST,
    negative_prompt="dull",
    width=128,
    height=96,
    num_frames=9,
    fps=24,
    num_inference_steps=3,
    model="on:there",
)


class Rendering:
    """One render in a thread of its own; `events` so far, `error` when it ended with one."""

    def __init__(self, backend: ComfyBackend, job: Job, files: WorkFiles) -> None:
        self.events: list[Any] = []
        self.error: BaseException | None = None
        self.cancel = CancelToken()
        self._new = threading.Condition()
        self._thread = threading.Thread(target=self._run, args=(backend, job, files), daemon=True)
        self._thread.start()

    def _run(self, backend: ComfyBackend, job: Job, files: WorkFiles) -> None:
        try:
            for event in backend.render(job, files, self.cancel):
                with self._new:
                    self.events.append(event)
                    self._new.notify_all()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error
        with self._new:
            self._new.notify_all()

    def until(self, wanted: Callable[[Any], bool], seconds: float = 20) -> Any:
        """The first event like that; fails when the render ends before."""
        deadline = time.monotonic() + seconds
        with self._new:
            while True:
                found = next((event for event in self.events if wanted(event)), None)
                if found is not None:
                    return found
                assert self.error is None, self.error
                assert time.monotonic() < deadline, self.events
                self._new.wait(0.1)

    def end(self, seconds: float = 30) -> Rendering:
        """Wait until it has ended."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), self.events
        return self

    @property
    def notes(self) -> list[str]:
        return [event.sentence for event in self.events if isinstance(event, Note)]

    @property
    def progress(self) -> list[Progress]:
        return [event for event in self.events if isinstance(event, Progress)]

    @property
    def rendered(self) -> Rendered:
        if self.error is not None:
            raise self.error
        assert isinstance(self.events[-1], Rendered)
        return self.events[-1]


class Elsewhere:
    """Renders jobs on servers; everything here lies under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.images = ImageStore(folder / "images")

    def job(self, ident: str = "job1", **values: Any) -> Job:
        return Job(ident, replace(REQUEST, **values), JobState.RUNNING, 1.0, 1.0)

    def files(self, job: Job) -> WorkFiles:
        kept = self.folder / "renders" / job.id
        kept.mkdir(parents=True, exist_ok=True)
        (self.folder / "library").mkdir(exist_ok=True)
        part = self.folder / "library" / f".{job.id}.part"
        return WorkFiles(str(part), str(kept / "snapshot.safetensors"), str(kept / "latents.safetensors"))

    def begin(
        self,
        address: str,
        job: Job | None = None,
        *,
        token: str = "",
        pace: Pace = FAST,
        certificate: str = "",
    ) -> Rendering:
        job = job or self.job()
        backend = ComfyBackend(
            Remote("there", address, token, certificate), images=self.images, writer=Mp4Writer, pace=pace
        )
        return Rendering(backend, job, self.files(job))
