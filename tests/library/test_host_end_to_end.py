"""The host on the real database, folder, image store and catalogue: what a user made is there after a restart."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from support.scripted_backend import ScriptedBackend

from wan_desktop.config.paths import resources_dir
from wan_desktop.domain.errors import BadImage, OutOfMemory
from wan_desktop.domain.events import ClipAdded, JobChanged
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.domain.settings import Settings
from wan_desktop.jobs.host import Host
from wan_desktop.jobs.runner import Runner
from wan_desktop.library.database import Database
from wan_desktop.library.folder import LibraryFolder
from wan_desktop.library.images import ImageStore
from wan_desktop.library.kept import KeptFiles
from wan_desktop.library.rebuild import adopt_clips
from wan_desktop.media.clips import IMAGE_KEY, probe, read_recipe
from wan_desktop.models.catalog import ModelCatalog

if TYPE_CHECKING:
    from pathlib import Path

DRAFT = Draft(prompt="a red ball moving right over a blue background", num_frames=5, width=96, height=96)


class World:
    """One start of the program on `root`."""

    def __init__(self, root: Path) -> None:
        self.database = Database(root / "data" / "library.db")
        images = ImageStore(root / "data" / "images")
        self.folder = LibraryFolder(root / "library", images, KeptFiles(root / "data" / "renders"))
        self.folder.prepare()
        self.backend = ScriptedBackend()
        models = ModelCatalog(resources_dir() / "models" / "demo", Settings)
        self.host = Host(
            store=self.database, library=self.folder, images=images, models=models, backend=self.backend
        )
        self.ended = threading.Event()
        self.clips: list = []
        self.host.subscribe(self._listen)
        self.runner = Runner(self.host)
        self._thread = threading.Thread(target=self.runner.run, daemon=True)
        self._thread.start()

    def _listen(self, event) -> None:
        if isinstance(event, ClipAdded):
            self.clips.append(event.clip)
        if isinstance(event, JobChanged) and event.job.state.ended:
            self.ended.set()

    def render(self, draft: Draft):
        self.ended.clear()
        job = self.host.submit(draft).result(10)
        assert self.ended.wait(30)
        return next(j for j in self.host.jobs().result(10) if j.id == job.id)

    def close(self) -> None:
        if self.backend.closed:
            return
        self.runner.stop()
        self.host.close()
        self._thread.join(30)


@pytest.fixture
def start(tmp_path):
    worlds: list[World] = []

    def begin() -> World:
        worlds.append(World(tmp_path))
        return worlds[-1]

    yield begin
    for world in worlds:
        world.close()


def test_a_rendered_clip_is_in_the_library_after_a_restart(start, tmp_path):
    first = start()
    job = first.render(DRAFT)
    assert job.state is JobState.DONE
    (clip,) = first.clips
    assert probe(clip.path).num_frames == 5
    assert read_recipe(clip.path)["request"]["prompt"] == DRAFT.prompt
    first.close()
    second = start()
    (again,) = second.host.clips().result(10)
    assert (again.id, again.path) == (job.clip_id, clip.path)
    (stored,) = second.host.jobs().result(10)
    assert stored == job


def test_a_start_image_travels_from_the_drop_to_the_clip(start, tmp_path):
    Image.new("RGB", (300, 200), "green").save(tmp_path / "drop.png")
    world = start()
    job = world.render(Draft(image=str(tmp_path / "drop.png"), num_frames=5))
    assert job.state is JobState.DONE
    (clip,) = world.clips
    assert IMAGE_KEY in probe(clip.path).tags
    assert job.request.width > job.request.height
    (tmp_path / "drop.png").unlink()
    again = world.render(Draft.from_request(job.request))
    assert again.state is JobState.DONE
    assert again.request == job.request


def test_a_bad_image_is_refused_before_anything_is_queued(start, tmp_path):
    (tmp_path / "x.png").write_text("<svg/>")
    world = start()
    with pytest.raises(BadImage):
        world.host.submit(Draft(image=str(tmp_path / "x.png"))).result(10)
    assert world.host.jobs().result(10) == []


def test_failed_and_cancelled_jobs_leave_no_file(start):
    world = start()
    world.backend.script("red", fail=OutOfMemory("No memory."))
    assert world.render(DRAFT).state is JobState.FAILED
    world.backend.script("slow", hold=Stage.DENOISING)
    job = world.host.submit(Draft(prompt="slow", num_frames=5)).result(10)
    world.ended.clear()
    world.host.cancel(job.id).result(10)
    assert world.ended.wait(30)
    assert [p for p in world.folder.folder.rglob("*") if p.is_file()] == []


def test_a_lost_database_costs_no_clip(start, tmp_path):
    first = start()
    first.render(DRAFT)
    path = first.database.path
    first.close()
    path.write_bytes(b"lightning" * 500)
    second = start()
    assert second.database.opening_notes
    assert second.host.clips().result(10) == []
    (clip,) = adopt_clips(second.database, second.folder)
    assert clip.id == first.clips[0].id
    assert [c.path for c in second.host.clips().result(10)] == [first.clips[0].path]


def test_a_deleted_clip_comes_back(start):
    world = start()
    world.render(DRAFT)
    gone = world.host.delete_clip(world.clips[0]).result(10)
    assert world.host.clips().result(10) == []
    assert [c.id for c in world.host.clips(deleted=True).result(10)] == [gone.id]
    back = world.host.restore_clip(gone).result(10)
    assert probe(back.path).num_frames == 5
    assert [c.id for c in world.host.clips().result(10)] == [back.id]
