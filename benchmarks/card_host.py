"""The program's own host around the render process of `card_child`, and the card as it is seen from outside."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import threading
import time
from typing import TYPE_CHECKING, Any

from benchmarks import card_child
from wan_desktop.domain.errors import ModelMissing
from wan_desktop.domain.events import BackendState, JobChanged
from wan_desktop.domain.job import Clip, JobState
from wan_desktop.domain.recipe import make_recipe
from wan_desktop.jobs.host import Host
from wan_desktop.jobs.runner import Runner
from wan_desktop.library.database import Database
from wan_desktop.library.folder import LibraryFolder
from wan_desktop.library.images import ImageStore
from wan_desktop.library.kept import KeptFiles
from wan_desktop.process.render_process import RenderProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    import numpy as np

    from wan_desktop.domain.events import Event, Rendered
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import Draft

WAIT_SECONDS = 180.0
NOISE_MIB = 32
"""By so much the card's used memory may differ for reasons of the driver's own."""


class RawLibrary(LibraryFolder):
    """The library folder for clips of raw frames."""

    def publish(self, job: Job, rendered: Rendered) -> Clip:
        """Give the frames their name; the recipe is made as ever, and nothing is put into the file."""
        now, target = time.time(), self.folder / f"{job.makes}.npy"
        self.part_file(job).replace(target)
        recipe = make_recipe(job, job.makes, now, rendered.made_by)
        return Clip(job.makes, job.id, str(target), "", now, target.stat().st_size, recipe)


class Models:
    """The Models port on a few models."""

    def __init__(self, *models: ModelSpec) -> None:
        self._models = models

    def all(self) -> Sequence[ModelSpec]:
        """All of them."""
        return self._models

    def get(self, model: str | None) -> ModelSpec:
        """The one of that id."""
        for each in self._models:
            if each.id == model:
                return each
        raise ModelMissing("There is no model “{model}”.", field="model", model=model)

    def check_loras(self, loras: Sequence[Any]) -> tuple[Any, ...]:
        """There are none."""
        return tuple(loras)


class CardHost:
    """A whole host in this process: queue, runner, database and library, with a render process of its own.

    `events` is everything that was told, `jobs` the newest of each job.
    """

    def __init__(self, folder: Path, device: str, resources: Path, *models: ModelSpec) -> None:
        self._caps = folder / "caps.json"
        self._seen = self._caps.with_suffix(".seen")
        self.let()
        images = ImageStore(folder / "images")
        self._library = RawLibrary(
            folder / "library", images, KeptFiles(folder / "renders"), snapshot_every_s=lambda: 0.0
        )
        self._library.prepare()
        settings = {
            "device": device,
            "model": None,
            "cache_dir": str(folder / "cache"),
            "resources_dir": str(resources),
            "log_dir": str(folder / "logs"),
            "caps": str(self._caps),
        }
        known = Models(*models)
        self.backend = RenderProcess(card_child.main, lambda: settings, models=known, images=images)
        store = Database(folder / "wan-desktop.sqlite")
        self.host = Host(
            store=store, library=self._library, images=images, models=known, backend=self.backend
        )
        self.events: list[Event] = []
        self.jobs: dict[str, Job] = {}
        self.device: dict[str, Any] = {}
        self._new = threading.Condition()
        self.host.subscribe(self._hear)
        self._runner = Runner(self.host)
        self._thread = threading.Thread(target=self._runner.run, name="runner")
        self._thread.start()

    def let(self, start: int | None = None, rules: Sequence[Sequence[Any]] = ()) -> None:
        """From the next render on: the cap to begin with (None: the whole card), and those that follow."""
        caps = {"start": start, "rules": [list(rule) for rule in rules], "at": time.time()}
        self._caps.write_text(json.dumps(caps), "utf-8")

    def seen(self) -> list[dict[str, Any]]:
        """What the render process has noted so far."""
        if not self._seen.exists():
            return []
        return [json.loads(line) for line in self._seen.read_text("utf-8").splitlines()]

    def render(self, draft: Draft) -> Job:
        """Render, and wait for the end."""
        return self.ended(self.host.submit(draft).result())

    def ended(self, job: Job) -> Job:
        """The job, once nothing more happens to it and the render process rests."""
        ended: Job = self.wait(lambda: self._if(job, lambda now: now.state.ended), f"the end of {job.id}")
        self.wait(lambda: "rests" in self.seen()[-1], "the card given back")
        return ended

    def paused(self, job: Job) -> Job:
        """The job, once it has paused."""
        paused: Job = self.wait(lambda: self._if(job, lambda now: now.state is JobState.PAUSED), "a pause")
        return paused

    def frames(self, job: Job) -> np.ndarray:
        """The frames of the job's clip, uint8 [n, height, width, 3]."""
        import numpy as np

        clip: np.ndarray = np.load(self._clip(job).path)
        return clip

    def latents(self, job: Job) -> np.ndarray:
        """What was drawn, as it is kept."""
        from safetensors.numpy import load_file

        kept: np.ndarray = load_file(self._library.kept.latents(job.id))["latents"]
        return kept

    def made_by(self, job: Job) -> dict[str, Any]:
        """What the recipe of the job's clip says of its making."""
        made: dict[str, Any] = self._clip(job).recipe["made_by"]
        return made

    def _clip(self, job: Job) -> Clip:
        return next(clip for clip in self.host.clips().result() if clip.job_id == job.id)

    def _if(self, job: Job, true: Callable[[Job], bool]) -> Job | None:
        now = self.jobs.get(job.id)
        return now if now is not None and true(now) else None

    def wait(self, true: Callable[[], Any], what: str) -> Any:
        """Until `true()` gives something. Raises TimeoutError."""
        deadline = time.monotonic() + WAIT_SECONDS
        with self._new:
            while time.monotonic() < deadline:
                if found := true():
                    return found
                self._new.wait(0.1)
        raise TimeoutError(f"{what}: not within {WAIT_SECONDS:.0f} s; last heard {self.events[-3:]}")

    def close(self) -> None:
        """End everything."""
        self.host.running.interrupt()
        self._runner.stop()
        self._thread.join()
        self.host.close()

    def _hear(self, event: Event) -> None:
        with self._new:
            self.events.append(event)
            match event:
                case JobChanged(job):
                    self.jobs[job.id] = job
                case BackendState("ready", info):
                    self.device = info
            self._new.notify_all()


@contextlib.contextmanager
def another_process(room: int) -> Iterator[None]:
    """Inside, another process holds the card but for `room` bytes."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold_all_but, args=(theirs, room), daemon=True)
    process.start()
    try:
        ours.recv()
        yield
    finally:
        ours.send("enough")
        process.join(30)


def hold_all_but(conn: Connection, room: int) -> None:
    """Hold the card's memory but for `room` bytes, until anything is said."""
    import torch

    torch.zeros(1, device="cuda")
    held = torch.empty(torch.cuda.mem_get_info()[0] - room, dtype=torch.uint8, device="cuda")
    conn.send(held.nbytes)
    conn.recv()


class Vram:
    """The card's memory, asked of the driver: what `nvidia-smi` shows. Zeros without a card.

    `before` is what was used when it was made, by others.
    """

    def __init__(self, *, card: bool) -> None:
        self._handle = None
        if card:
            import pynvml

            pynvml.nvmlInit()
            self._nvml = pynvml
            self._handle = pynvml.nvmlDeviceGetHandleByIndex(0)
        self.before = self.used()

    def used(self) -> int:
        """MiB of the whole card."""
        if self._handle is None:
            return 0
        return int(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).used) // 2**20

    def of(self, pid: int | None) -> int | None:
        """MiB of one process; None when the driver knows of none."""
        if self._handle is None:
            return None
        found = self._nvml.nvmlDeviceGetComputeRunningProcesses(self._handle)
        return next((int(each.usedGpuMemory or 0) // 2**20 for each in found if each.pid == pid), None)

    def settles(self, pid: int | None, seconds: float = 10.0) -> float | None:
        """Seconds until the process has nothing of the card, and the whole card is as it was; None: it is not."""
        began = time.monotonic()
        while self.of(pid) is not None or self.used() > self.before + NOISE_MIB:
            if time.monotonic() - began > seconds:
                return None
            time.sleep(0.02)
        return round(time.monotonic() - began, 2)
