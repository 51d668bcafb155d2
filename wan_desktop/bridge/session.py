"""The window's view of the host: observable state and verbs. Everything here runs on the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from wan_desktop.domain import events
from wan_desktop.domain.errors import WanError
from wan_desktop.domain.job import Clip, Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from PIL.Image import Image

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import Draft
    from wan_desktop.domain.settings import Settings
    from wan_desktop.jobs.host import Host
    from wan_desktop.jobs.runner import Runner

DRAFT_KEY = "draft"
DRAFT_DELAY_MS = 400
"""The stored text is never more than a second behind the typing: saved this long after the first unsaved key."""


class Session(QObject):
    """Signals carry domain objects; verbs never block. A verb that fails says so through `refused`.

    `progress` and `preview` carry events.Progress and events.Preview of the running job. `refused` carries the
    WanError of a verb that could not be done; `submitted` the Job made by `submit`.
    """

    job_changed = Signal(object)
    job_removed = Signal(str)
    submitted = Signal(object)
    refused = Signal(object)
    progress = Signal(object)
    preview = Signal(object)
    note = Signal(object)
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
        opening_notes: Sequence[str] = (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._host, self._runner = host, runner
        self._settings, self._save_settings = settings, save_settings
        self.opening_notes = tuple(opening_notes)
        self.jobs: dict[str, Job] = {}
        self.clips: dict[str, Clip] = {}
        self.last_progress: dict[str, events.Progress] = {}
        self.backend = events.BackendState("starting")
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

    def model(self) -> ModelSpec:
        """The chosen model."""
        return self._host.models.get(None)

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

    def retry(self, job_id: str) -> None:
        """Queue an ended job again."""
        self._then(self._host.retry(job_id))

    def move(self, job_id: str, before: str | None) -> None:
        """Put a waiting job before another waiting one, or last."""
        self._then(self._host.move(job_id, before))

    def remove(self, job_id: str) -> None:
        """Take an ended or waiting job off the list."""
        self._then(self._host.remove(job_id))

    def release_held(self) -> None:
        """Let the jobs of an earlier time run."""
        self._runner.release()

    # ---- the library

    @property
    def library_folder(self) -> Path:
        """The folder where clips are put now."""
        return self._host.library.folder

    def delete_clip(self, clip: Clip, then: Callable[[Clip], None] | None = None) -> None:
        """Move a clip to the bin; `then` gets the binned clip, which `restore_clip` takes."""
        self._then(self._host.delete_clip(clip), then)

    def restore_clip(self, clip: Clip) -> None:
        """Bring a clip back from the bin."""
        self._then(self._host.restore_clip(clip))

    def image_path(self, sha256: str) -> Path:
        """The file of a stored start image. Raises BadImage when it is gone."""
        return self._host.images.path(sha256)

    def load_image(self, path: str) -> Image:
        """The picture as it will be used: turned, RGB. Raises BadImage."""
        from wan_desktop.media.images import load_rgb

        image: Image = load_rgb(path)
        return image

    def keep_image(self, path: str) -> str:
        """Put a picture that has no lasting file (a pasted one) in the image store; its sha256.

        Reads and writes: call it in the background. Raises BadImage or DiskProblem.
        """
        return self._host.images.add(path)[0]

    def recipe_of(self, path: str) -> dict[str, Any] | None:
        """The recipe inside a video file, or None when it is no clip of ours. Reads: call it in the background."""
        from wan_desktop.media.clips import read_recipe

        return read_recipe(path)

    def keep_image_of(self, path: str) -> str | None:
        """Put the start image that travels inside a clip in the image store; its sha256, None when there is none.

        It is the picture as it was rendered, cropped. Call it in the background. Raises BadImage or DiskProblem.
        """
        import base64
        import tempfile

        from wan_desktop.media.clips import IMAGE_KEY, probe

        text = probe(path).tags.get(IMAGE_KEY, "")
        if not text:
            return None
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/start-image"
            with open(file, "wb") as out:
                out.write(base64.b64decode(text))
            return self.keep_image(file)

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
                self.jobs[job.id] = job
                self.job_changed.emit(job)
            case events.JobRemoved(job_id):
                self.jobs.pop(job_id, None)
                self.last_progress.pop(job_id, None)
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
                self.note.emit(event)
            case events.BackendState():
                self.backend = event
                self.backend_changed.emit(event)
