"""A backend for tests that follows a script instead of rendering: real files, no torch.

`ScriptedBackend` writes a small real MP4 (a square moving over a gradient) and reports stages, steps, previews and
frames as the render process does. A test scripts it job by job:

    backend.script("a cat", fail=OutOfMemory("..."))      # the job whose prompt holds "a cat" fails while drawing
    backend.script("slow", hold=Stage.DENOISING)          # waits there until `backend.release()` or a cancel
    backend.script("odd", notes=("Something to know.",))
    backend.script("shaky", fail=RenderProcessDied("..."), after=2, times=1)    # once, when two steps are kept

Like the render process it keeps a snapshot after each step and the latents after the last one, goes on from what it
finds, and heeds pause.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.events import BackendState, Frame, Kept, Note, Preview, Progress, Rendered, Resumed
from wan_desktop.domain.job import Stage
from wan_desktop.media.files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job, WorkFiles
    from wan_desktop.jobs.cancel import CancelToken


@dataclass(frozen=True)
class Script:
    """What happens to one job: it fails at `at`, or waits at `hold`; `notes` are told.

    It fails so many `times` (None: always), in DENOISING when `after` steps are kept.
    """

    fail: Exception | None = None
    at: Stage = Stage.DENOISING
    after: int = 0
    times: int | None = None
    hold: Stage | None = None
    notes: tuple[str, ...] = ()


class ScriptedBackend:
    """Implements the Backend port; `requests` lists what it was asked to render, in order; `rests` counts `rest`."""

    def __init__(self) -> None:
        self.requests: list[Job] = []
        self.closed = False
        self.rests = 0
        self._scripts: dict[str, Script] = {}
        self._failed: dict[str, int] = {}
        self._released = threading.Event()
        self._listeners: list[Callable[[BackendState], None]] = []
        self._state = BackendState("ready", {"device": "cpu", "device_name": "CPU", "problems": []})

    def script(self, words: str, **what: object) -> None:
        """From now on a job whose prompt holds `words` follows Script(**what)."""
        self._scripts[words] = Script(**what)  # type: ignore[arg-type]
        self._failed.pop(words, None)

    def release(self) -> None:
        """Let every held job, now and later, go on."""
        self._released.set()

    def start(self) -> None:
        """Nothing to get ready."""

    def subscribe(self, listener: Callable[[BackendState], None]) -> Callable[[], None]:
        """As the port says."""
        self._listeners.append(listener)
        listener(self._state)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def tell(self, state: BackendState) -> None:
        """Change the state that listeners see."""
        self._state = state
        for listener in list(self._listeners):
            listener(state)

    def rest(self) -> None:
        """There is no GPU to give back."""
        self.rests += 1

    def close(self) -> None:
        """Let held jobs go."""
        self.closed = True
        self._released.set()

    def render(self, job: Job, files: WorkFiles, cancel: CancelToken) -> Iterator[RenderEvent]:
        """Follow the job's script."""
        self.requests.append(job)
        words = next((words for words in self._scripts if words in job.request.prompt), "")
        script, request = self._scripts.get(words, Script()), job.request
        for stage in (Stage.LOADING, Stage.ENCODING, Stage.DENOISING, Stage.DECODING):
            yield Progress(job.id, stage)
            if stage is Stage.ENCODING:
                yield from (Note(job.id, sentence) for sentence in script.notes)
            if script.hold is stage:
                cancel.on_change(self._released.set)
                self._released.wait()
            cancel.raise_if_cancelled()
            if script.at is stage and not script.after:
                self._fail(words, script)
            if stage is Stage.DENOISING:
                yield from self._draw(job, files, cancel, words, script)
            cancel.raise_if_paused()
        with disk_errors(Path(files.part).parent):
            write_clip(Path(files.part), request.width, request.height, request.num_frames, request.fps)
        made_by = {"device": "scripted", "seconds": {"total": 0.1}}
        yield Rendered(job.id, files.part, request.num_frames, made_by)

    def _draw(
        self, job: Job, files: WorkFiles, cancel: CancelToken, words: str, script: Script
    ) -> Iterator[RenderEvent]:
        snapshot, latents, steps = Path(files.snapshot), Path(files.latents), job.request.num_inference_steps
        done = steps if latents.exists() else int(snapshot.read_text()) if snapshot.exists() else 0
        if done:
            yield Resumed(job.id, done, steps)
        if 0 < script.after <= done:
            self._fail(words, script)
        for step in range(done + 1, steps + 1):
            cancel.raise_if_cancelled()
            yield Progress(job.id, Stage.DENOISING, step, steps)
            yield Preview(job.id, step, moving_frames(64, 40, 4))
            snapshot.write_text(str(step))
            yield Kept(job.id, step, steps)
            if script.after == step:
                self._fail(words, script)
            cancel.raise_if_paused()
        latents.write_text("latents")
        yield Kept(job.id, steps, steps, latents=True)

    def _fail(self, words: str, script: Script) -> None:
        count = self._failed[words] = self._failed.get(words, 0) + 1
        if script.fail is not None and (script.times is None or count <= script.times):
            raise script.fail


def moving_frames(width: int, height: int, count: int) -> tuple[Frame, ...]:
    """`count` small frames: a white square that moves over a blue-to-green gradient."""
    return tuple(Frame(width, height, picture(width, height, n / max(count - 1, 1))) for n in range(count))


def picture(width: int, height: int, at: float) -> bytes:
    """RGB bytes of a white square at `at` (0 left, 1 right) over a gradient."""
    import numpy as np

    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[..., 1] = np.linspace(40, 160, height, dtype=np.uint8)[:, None]
    rgb[..., 2] = np.linspace(200, 90, height, dtype=np.uint8)[:, None]
    side = max(4, min(width, height) // 4)
    left, top = round(at * (width - side)), (height - side) // 2
    rgb[top : top + side, left : left + side] = 255
    return rgb.tobytes()


def write_clip(path: Path, width: int = 256, height: int = 160, num_frames: int = 25, fps: int = 16) -> None:
    """Write a real H.264 MP4 of the moving square; the format is MP4 whatever the file's name."""
    import av
    import numpy as np

    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for n in range(num_frames):
            rgb = np.frombuffer(picture(width, height, n / max(num_frames - 1, 1)), np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb.reshape(height, width, 3), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
