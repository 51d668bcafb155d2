"""Two jobs from the click to their clips, what was promised on the way, and what must hold after a restart."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from support.chain_engine import ChainEngine
from support.faults import DATABASE
from support.hosts import make_host
from support.models import OneModel

from wan_desktop.domain.events import ClipAdded, JobChanged
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.runner import Runner
from wan_desktop.library.rebuild import adopt_clips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Job
    from wan_desktop.jobs.host import Host

STEPS = 3
DONE = {(JobState.DONE, "None")}
LATENTS = {"latents.safetensors"}


@dataclass
class Promises:
    """What the program has said is safe: jobs, their steps, clips by their job's seed, remembered words."""

    jobs: set[str] = field(default_factory=set)
    steps: dict[str, int] = field(default_factory=dict)
    clips: set[str] = field(default_factory=set)
    words: str | None = None

    def hear(self, event: Event) -> None:
        """An event that everybody hears."""
        match event:
            case JobChanged(job) if job.state is JobState.RUNNING:
                self.steps[job.id] = max(job.kept_step, self.steps.get(job.id, 0))
            case ClipAdded(clip):
                self.clips.add(clip.id)

    def copy(self) -> Promises:
        """As they are now."""
        return Promises(set(self.jobs), dict(self.steps), set(self.clips), self.words)


@contextlib.contextmanager
def a_host(folder: Path, engine: ChainEngine) -> Iterator[Host]:
    """The program on `folder`, made ready as it makes itself ready at each start."""
    host = make_host(folder, engine, OneModel())
    try:
        for clip in adopt_clips(host.store, host.library):
            host.settle(clip).result()
        host.sweep(10**9).result()
        yield host
    finally:
        host.close()


def submit_two(host: Host, picture: Path, promises: Promises) -> list[Job]:
    """A job from words and one from a picture, and a word that is being typed."""
    small = {"width": 128, "height": 96, "num_frames": 5, "num_inference_steps": STEPS}
    jobs = []
    for seed, image in ((1, None), (2, str(picture))):
        job = host.submit(Draft(prompt=f"a cat number {seed}", seed=seed, image=image, **small)).result()
        promises.jobs.add(job.id)
        jobs.append(job)
    host.remember("draft", "a dog and").result()
    promises.words = "a dog and"
    return jobs


def a_picture(folder: Path) -> Path:
    """A picture to start from, outside the program's folders."""
    path = folder / "start.png"
    Image.new("RGB", (128, 96), (200, 30, 60)).save(path)
    return path


def work_off(host: Host, **values: object) -> None:
    """Run what waits, with everything of earlier times, until nothing is left."""
    runner = Runner(host, disk_retry_s=0.01, **values)  # type: ignore[arg-type]
    runner.go_on()
    runner.finish()
    worker = threading.Thread(target=runner.run, name="runner")
    worker.start()
    worker.join(timeout=60)
    stuck = worker.is_alive()
    runner.stop()
    worker.join(timeout=10)
    assert not stuck, [(job.state, job.error) for job in host.jobs().result()]


def check_restart(folder: Path, promises: Promises, pictures: dict[int, str]) -> None:
    """Start on `folder`, go on with everything, and assert that nothing is lost, doubled, left over or other."""
    engine = ChainEngine()
    with a_host(folder, engine) as host:
        found = {job.id for job in host.jobs().result()}
        assert promises.jobs <= found, "a job is lost"
        assert promises.clips <= {clip.id for clip in host.clips().result()}, "a clip is lost"
        assert promises.words in (None, host.recall("draft").result()), "words are lost"
        work_off(host)
        for job_id, begun in engine.resumed.items():
            assert begun[0] >= promises.steps.get(job_id, 0), "steps that were kept are drawn again"
        check_end(host, folder, pictures)


def check_end(host: Host, folder: Path, pictures: dict[int, str]) -> None:
    """Every job is done, each has its one clip of the right frames, and nothing else lies about."""
    jobs, clips = host.jobs().result(), host.clips().result()
    library, kept = folder / "library", folder / "renders"
    _same("how jobs ended", {(job.state, str(job.error)) for job in jobs} | DONE, DONE)
    _same("clips of jobs", sorted(clip.job_id for clip in clips), sorted(job.id for job in jobs))
    _same("clip files", {str(path) for path in library.glob("*.mp4")}, {clip.path for clip in clips})
    small = {path.stem for path in library.glob(".thumbnails/*")}
    _same("thumbnails", small, {clip.id for clip in clips})
    _same("kept files", {path.name for path in kept.glob("*/*")} | LATENTS, LATENTS)
    _same("kept files of no job", {path.name for path in kept.glob("*")} - {job.id for job in jobs}, set())
    _same("half-written files", [str(path) for path in folder.rglob("*.part")], [])
    for clip in clips:
        _same("frames", frames(Path(clip.path)), pictures[clip.recipe["request"]["seed"]])
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as database:
        _same("database", database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise AssertionError(f"{what}: {found}, not {wanted}")


def frames(path: Path) -> str:
    """A digest of the frames as they are decoded."""
    import av

    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            digest.update(frame.to_ndarray(format="rgb24").tobytes())
    return digest.hexdigest()


def undisturbed(folder: Path, picture: Path) -> dict[int, str]:
    """The frames by seed of a run in which nothing goes wrong."""
    with a_host(folder, ChainEngine()) as host:
        submit_two(host, picture, Promises())
        work_off(host)
        return {clip.recipe["request"]["seed"]: frames(Path(clip.path)) for clip in host.clips().result()}
