"""A session on a real host for tests of single panels; only the backend follows a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.hosts import make_host
from support.models import OneModel
from support.scripted_backend import ScriptedBackend

from wan_desktop.bridge.render_thread import RenderThread
from wan_desktop.bridge.session import Session
from wan_desktop.domain.events import ClipAdded, JobChanged
from wan_desktop.domain.ids import new_id
from wan_desktop.domain.job import Clip, Job, JobState
from wan_desktop.domain.request import Draft
from wan_desktop.domain.settings import Settings
from wan_desktop.domain.validate import resolve
from wan_desktop.jobs.runner import Runner

if TYPE_CHECKING:
    from wan_desktop.jobs.host import Host

RESOURCES = Path(__file__).resolve().parents[2] / "resources"


@dataclass
class Bench:
    """Host, session and runner on `folder`; `close` ends them."""

    folder: Path
    render: bool = False
    settings: Settings = field(default_factory=Settings)
    backend: ScriptedBackend = field(default_factory=ScriptedBackend)
    closed: bool = False
    host: Host = field(init=False)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.host = make_host(self.folder, self.backend, OneModel())
        runner = Runner(self.host)
        self._thread = RenderThread(runner, lambda: None)
        self.session = Session(
            self.host,
            runner,
            settings=self.settings,
            save_settings=lambda settings: None,
            write_report=lambda target, *, with_prompts: target,
        )
        if self.render:
            self._thread.start()

    def close(self) -> None:
        """End everything; safe to call again."""
        if self.closed:
            return
        self.closed = True
        self.backend.release()
        for job in self.host.jobs().result():
            self.host.cancel(job.id).result()
        self._thread.finish()
        self.session.close()
        self.host.close()

    # ---- things to show

    def add_job(self, prompt: str = "a red ball", state: JobState = JobState.QUEUED, **values: Any) -> Job:
        """A job in the database and in the session."""
        request = resolve(Draft(prompt=prompt, seed=7), self.host.models.get(None))
        count = len(self.session.jobs)
        job = Job(new_id(), request, state, float(count), 1000.0 + count, **values)
        self.host.store.run(lambda: self.host.store.put_job(job)).result()
        self.session._on_event(JobChanged(job))
        return job

    def add_clip(self, prompt: str = "a red ball", created_at: float = 0.0, *, real: bool = False) -> Clip:
        """A clip in the library; with `real` its MP4 (25 frames, 256x160, 16 a second) and thumbnail are there."""
        from support.videos import make_video

        from wan_desktop.media.clips import thumbnail

        clip_id = new_id()
        request = resolve(Draft(prompt=prompt, seed=7), self.host.models.get(None)).to_json()
        file, small = self.folder / "library" / f"{clip_id}.mp4", self.folder / "library" / f"{clip_id}.jpg"
        if real:
            make_video(file, num_frames=25, width=256, height=160)
            thumbnail(file, small)
        clip = Clip(
            clip_id, clip_id, str(file), str(small), created_at, 12_345, {"request": request, "made_by": {}}
        )
        self.host.store.run(lambda: self.host.store.put_clip(clip)).result()
        self.session._on_event(ClipAdded(clip))
        return clip
