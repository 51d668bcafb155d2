"""A scripted engine whose clip shows every step that made it: a lost, doubled or foreign step gives other frames.

Step k is sha256(state, k), begun from the seed; snapshot, latents and clip hold the state. Files are written as the
real engine writes them (whole or not at all, durably; one that a disk refuses is told in a note). `trouble(number)`
is called before every event: whatever it raises is what went wrong there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.events import BackendState, Kept, Note, Preview, Progress, Rendered, Resumed
from wan_desktop.domain.job import Stage
from wan_desktop.media.files import disk_errors, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job, WorkFiles
    from wan_desktop.jobs.cancel import CancelToken


class ChainEngine:
    """Implements the Backend port with three memory plans; `events` counts what it told, over all renders."""

    def __init__(self, trouble: Callable[[int], None] = lambda number: None) -> None:
        self.trouble = trouble
        self.events = 0
        self.resumed: dict[str, list[int]] = {}

    def start(self) -> None:
        """Nothing to get ready."""

    def subscribe(self, listener: Callable[[BackendState], None]) -> Callable[[], None]:
        """As the port says; the state never changes."""
        listener(BackendState("ready", {"device": "cpu", "plans": 3}))
        return lambda: None

    def rest(self) -> None:
        """There is no GPU to give back."""

    def close(self) -> None:
        """Nothing runs."""

    def render(self, job: Job, files: WorkFiles, cancel: CancelToken) -> Iterator[RenderEvent]:
        """Render the job, with a snapshot after each step."""
        for event in self._render(job, files):
            self.trouble(self.events)
            self.events += 1
            cancel.raise_if_cancelled()
            yield event

    def _render(self, job: Job, files: WorkFiles) -> Iterator[RenderEvent]:
        yield Progress(job.id, Stage.LOADING)
        yield Progress(job.id, Stage.ENCODING)
        state = yield from self._draw(job, files)
        yield Progress(job.id, Stage.DECODING)
        request = job.request
        with disk_errors(Path(files.part).parent):
            _write_clip(Path(files.part), state, request.width, request.height, request.num_frames)
        yield Rendered(job.id, files.part, request.num_frames, {"device": "scripted", "state": state})

    def _draw(self, job: Job, files: WorkFiles) -> Iterator[RenderEvent]:
        steps, snapshot, latents = job.request.num_inference_steps, Path(files.snapshot), Path(files.latents)
        begun = f"{job.request.seed} {job.request.image}"
        done, state = _kept(latents, begun) or _kept(snapshot, begun) or (0, begun)
        self.resumed.setdefault(job.id, []).append(done)
        if done:
            yield Resumed(job.id, done, steps)
        for step in range(done + 1, steps + 1):
            state = hashlib.sha256(f"{state} {step}".encode()).hexdigest()
            yield Progress(job.id, Stage.DENOISING, step, steps)
            yield Preview(job.id, step, ())
            yield _keep(snapshot, job.id, step, steps, state, begun)
        kept = _keep(latents, job.id, steps, steps, state, begun, finished=True)
        if isinstance(kept, Kept):
            with contextlib.suppress(OSError):
                snapshot.unlink(missing_ok=True)
        yield kept
        return state


def _kept(file: Path, begun: str) -> tuple[int, str] | None:
    if not file.exists():
        return None
    told = json.loads(file.read_text())
    if told["begun"] != begun:
        raise AssertionError(f"{file} belongs to another render")
    return told["step"], told["state"]


def _keep(
    file: Path, job_id: str, step: int, steps: int, state: str, begun: str, finished: bool = False
) -> Kept | Note:
    try:
        write_atomically(file, json.dumps({"step": step, "state": state, "begun": begun}).encode())
    except DiskProblem as error:
        return Note(job_id, f"What is done so far could not be kept on disk. {error.sentence}")
    return Kept(job_id, step, steps, latents=finished)


def _write_clip(path: Path, state: str, width: int, height: int, num_frames: int) -> None:
    """A real MP4 of as many blocks of colour as `state` has letters, another order in every frame."""
    import av
    import numpy as np

    blocks = np.frombuffer(bytes.fromhex(hashlib.sha256(state.encode()).hexdigest()), np.uint8)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=16, options={"crf": "18", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for n in range(num_frames):
            grey = np.kron(np.roll(blocks, n).reshape(4, 8), np.ones((height // 4, width // 8), np.uint8))
            frame = av.VideoFrame.from_ndarray(np.repeat(grey[..., None], 3, axis=2), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
