"""The window's view of the host: observable state and verbs. Everything here runs on the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from wan_desktop.bridge.session_files import SessionFiles
from wan_desktop.domain import events
from wan_desktop.domain.errors import WanError
from wan_desktop.domain.job import Clip, Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from wan_desktop.bridge.api_door import ApiDoor
    from wan_desktop.bridge.model_shelf import ModelShelf
    from wan_desktop.bridge.servers import ServerShelf
    from wan_desktop.bridge.session_files import ReportWriter
    from wan_desktop.domain.benchmark import Benchmark
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import Draft
    from wan_desktop.domain.settings import Settings
    from wan_desktop.jobs.host import Host
    from wan_desktop.jobs.runner import Runner

DRAFT_KEY = "draft"
DRAFT_DELAY_MS = 400
"""The stored text is never more than a second behind the typing: saved this long after the first unsaved key."""


class Session(QObject, SessionFiles):
    """Signals carry domain objects; verbs never block. A verb that fails says so through `refused`.

    `progress` and `preview` carry events.Progress and events.Preview of the running job. `refused` carries the
    WanError of a verb that could not be done; `submitted` the Job made by `submit`. `job_changed` carries every job
    that is told of, `state_changed` only one whose state is another than before. `pausing` carries the id of a
    job that stops after its step, `resumed` the events.Resumed of one that goes on, `queue_changed` the
    events.QueueState, `awake_changed` the events.AwakeState.
    """

    job_changed = Signal(object)
    state_changed = Signal(object)
    job_removed = Signal(str)
    submitted = Signal(object)
    refused = Signal(object)
    progress = Signal(object)
    preview = Signal(object)
    note = Signal(object)
    pausing = Signal(str)
    resumed = Signal(object)
    queue_changed = Signal(object)
    awake_changed = Signal(object)
    held_changed = Signal()
    clip_added = Signal(object)
    clip_removed = Signal(str)
    backend_changed = Signal(object)
    settings_changed = Signal(object)
    model_changed = Signal(object)
    loaded = Signal()
    raise_requested = Signal(str)
    _event = Signal(object)
    _call = Signal(object)

    def __init__(
        self,
        host: Host,
        runner: Runner,
        *,
        settings: Settings,
        save_settings: Callable[[Settings], None],
        write_report: ReportWriter,
        opening_notes: Sequence[str] = (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._host, self._runner = host, runner
        self._settings, self._save_settings = settings, save_settings
        self._write_report = write_report
        self.opening_notes = tuple(opening_notes)
        self.model_shelf: ModelShelf | None = None
        self.api: ApiDoor | None = None
        self.servers: ServerShelf | None = None
        self.benchmark: Benchmark | None = None
        self.jobs: dict[str, Job] = {}
        self.clips: dict[str, Clip] = {}
        self.last_progress: dict[str, events.Progress] = {}
        self.notes: dict[str, list[str]] = {}
        self.stopping: set[str] = set()
        self.went_on: dict[str, events.Resumed] = {}
        self.backend = events.BackendState("starting")
        self.queue_state = events.QueueState(paused=False)
        self.awake = events.AwakeState(on=False)
        self.draft: dict[str, Any] | None = None
        self._unsaved: Draft | None = None
        self._saver = QTimer(self)
        self._saver.setSingleShot(True)
        self._saver.setInterval(DRAFT_DELAY_MS)
        self._saver.timeout.connect(self.flush_draft)
        self._event.connect(self._on_event)
        self._call.connect(lambda call: call())
        self._unsubscribe = host.subscribe(self._event.emit)

    # ---- state

    @property
    def settings(self) -> Settings:
        """The present settings."""
        return self._settings

    @property
    def held_jobs(self) -> int:
        """How many jobs of an earlier time wait for `release_held`."""
        return len(self._runner.held & self.jobs.keys())

    def models(self) -> Sequence[ModelSpec]:
        """Every usable model, the built-in one last."""
        return self._host.models.all()

    def model(self, name: str | None = None) -> ModelSpec:
        """The chosen model, or the one of that name, such as a server's. Raises WanError."""
        return self._host.models.get(name)

    def running_job(self) -> Job | None:
        """The job that renders now, or None."""
        return next((j for j in self.jobs.values() if j.state is JobState.RUNNING), None)

    def load(self) -> None:
        """Fetch jobs, clips and the stored draft; `loaded` follows."""
        jobs, clips, draft = self._host.jobs(), self._host.clips(), self._host.recall(DRAFT_KEY)

        def ready(value: Any) -> None:
            for job in jobs.result():
                self.jobs.setdefault(job.id, job)
            for clip in clips.result():
                self.clips.setdefault(clip.id, clip)
            self.draft = value
            self.loaded.emit()

        self._then(draft, ready)

    # ---- jobs

    def submit(self, draft: Draft) -> None:
        """Queue a render; `submitted` or `refused` follows."""
        self.save_draft(draft)
        self._then(self._host.submit(draft), self.submitted.emit)

    def check(self, draft: Draft) -> WanError | None:
        """What would be refused about the draft's values, or None."""
        try:
            self._host.check(draft)
        except WanError as error:
            return error
        return None

    def cancel(self, job_id: str) -> None:
        """Stop a waiting or running job."""
        self._then(self._host.cancel(job_id))

    def pause(self, job_id: str) -> None:
        """Let a waiting job rest, a running one after its present step: `pausing` tells of that."""
        self._then(self._host.pause(job_id))

    def resume(self, job_id: str) -> None:
        """Let a paused or ended job go on from what it keeps."""
        self._then(self._host.resume(job_id))

    def retry(self, job_id: str) -> None:
        """Queue an ended or paused job again, from the start."""
        self._then(self._host.retry(job_id))

    def decode_again(self, job_id: str, plan: int | None) -> None:
        """Make another clip of the latents that a job keeps; `plan` is a memory plan's place, None the job's own."""
        self._then(self._host.decode_again(job_id, plan))

    def mend(self, job_id: str, way: str = "") -> None:
        """Make the clip of a job that came out wrong otherwise, by its likeliest mend or the one of that name.

        `submitted` or `refused` follows.
        """
        self._then(self._host.mend(job_id, way), self.submitted.emit)

    def pause_queue(self, *, after_current: bool) -> None:
        """Begin no further job; without `after_current` what renders stops after its step too."""
        self._then(self._host.pause_queue(after_current))

    def resume_queue(self) -> None:
        """Go on with what waits, also from an earlier time."""
        self._then(self._host.resume_queue())
        self.release_held()

    def move(self, job_id: str, before: str | None) -> None:
        """Put a waiting job before another waiting one, or last."""
        self._then(self._host.move(job_id, before))

    def remove(self, job_id: str) -> None:
        """Take an ended or waiting job off the list."""
        self._then(self._host.remove(job_id))

    def release_held(self) -> None:
        """Let the jobs of an earlier time run."""
        self._runner.release()
        self.held_changed.emit()

    # ---- the library

    def delete_clip(self, clip: Clip, then: Callable[[Clip], None] | None = None) -> None:
        """Move a clip to the bin; `then` gets the binned clip, which `restore_clip` takes."""
        self._then(self._host.delete_clip(clip), then)

    def restore_clip(self, clip: Clip) -> None:
        """Bring a clip back from the bin."""
        self._then(self._host.restore_clip(clip))

    # ---- the text being typed, and settings

    def save_draft(self, draft: Draft) -> None:
        """Remember what is being typed; stored within half a second, also while typing goes on."""
        self._unsaved = draft
        if not self._saver.isActive():
            self._saver.start()

    def flush_draft(self) -> None:
        """Store the draft now."""
        self._saver.stop()
        if self._unsaved is not None:
            self._then(self._host.remember(DRAFT_KEY, self._unsaved.to_json()))
            self._unsaved = None

    def change_settings(self, settings: Settings) -> None:
        """Save and use new settings. `model_changed` follows when the model is another one."""
        before = self.model().id
        try:
            self._save_settings(settings)
        except WanError as error:
            self.refused.emit(error)
            return
        self._settings = settings
        self.settings_changed.emit(settings)
        if self.model().id != before:
            self.model_changed.emit(self.model())

    def raise_window(self, file: str = "") -> None:
        """Ask the window to come forward, and to open `file` if given; called from any thread."""
        self._call.emit(lambda: self.raise_requested.emit(file))

    def close(self) -> None:
        """Store what is unsaved and listen no more."""
        self.flush_draft()
        self._unsubscribe()

    # ---- from other threads to this one

    def _then(self, future: Future[Any], done: Callable[[Any], object] | None = None) -> None:
        """When `future` is done call `done` with its result on this thread; a WanError goes to `refused`."""

        def here() -> None:
            error = future.exception()
            if isinstance(error, WanError):
                self.refused.emit(error)
            elif error is not None:
                raise error
            elif done is not None:
                done(future.result())

        future.add_done_callback(lambda _: self._call.emit(here))

    def _on_event(self, event: events.Event) -> None:
        match event:
            case events.JobChanged(job):
                self._take_job(job)
            case events.JobRemoved(job_id):
                self.jobs.pop(job_id, None)
                self._forget_run(job_id)
                self.job_removed.emit(job_id)
            case events.ClipAdded(clip):
                self.clips[clip.id] = clip
                self.clip_added.emit(clip)
            case events.ClipRemoved(clip_id):
                self.clips.pop(clip_id, None)
                self.clip_removed.emit(clip_id)
            case events.Progress():
                self.last_progress[event.job_id] = event
                self.progress.emit(event)
            case events.Preview():
                self.preview.emit(event)
            case events.Note():
                self.notes.setdefault(event.job_id, []).append(event.sentence)
                self.note.emit(event)
            case events.Pausing(job_id):
                self.stopping.add(job_id)
                self.pausing.emit(job_id)
            case events.Resumed():
                self.went_on[event.job_id] = event
                self.resumed.emit(event)
            case events.QueueState():
                self.queue_state = event
                self.queue_changed.emit(event)
            case events.AwakeState():
                self.awake = event
                self.awake_changed.emit(event)
            case events.BackendState():
                self.backend = event
                self.backend_changed.emit(event)

    def _take_job(self, job: Job) -> None:
        before, self.jobs[job.id] = self.jobs.get(job.id), job
        if job.state is not JobState.RUNNING or before is None or before.state is not JobState.RUNNING:
            self._forget_run(job.id)
        self.job_changed.emit(job)
        if before is not None and before.state is not job.state:
            self.state_changed.emit(job)

    def _forget_run(self, job_id: str) -> None:
        """What was told of the job's render belongs to that render alone."""
        self.last_progress.pop(job_id, None)
        self.notes.pop(job_id, None)
        self.went_on.pop(job_id, None)
        self.stopping.discard(job_id)
