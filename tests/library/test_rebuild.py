"""A lost database costs no clip: the MP4s know how they were made."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest
from support.videos import make_video

from wan_desktop.domain.events import Rendered
from wan_desktop.domain.job import Clip, Job, JobState
from wan_desktop.domain.request import RenderRequest
from wan_desktop.library import found
from wan_desktop.library.database import Database
from wan_desktop.library.folder import LibraryFolder
from wan_desktop.library.images import ImageStore
from wan_desktop.library.kept import KeptFiles
from wan_desktop.library.publishing import remux
from wan_desktop.library.rebuild import adopt_clips, empty_bin

REQUEST = RenderRequest("猫", "", None, 64, 64, 9, 16, 4, 5.0, 5.0, "unipc", 1, "demo")


@pytest.fixture
def folder(tmp_path: Path) -> LibraryFolder:
    library = LibraryFolder(
        tmp_path / "library", ImageStore(tmp_path / "images"), KeptFiles(tmp_path / "renders")
    )
    library.prepare()
    return library


@pytest.fixture
def database(tmp_path: Path):
    opened = Database(tmp_path / "library.db")
    yield opened
    opened.close()


def publish(folder: LibraryFolder, ident: str) -> Clip:
    job = Job(ident, REQUEST, JobState.RUNNING, 1.0, 1.0)
    return folder.publish(job, Rendered(ident, str(make_video(folder.part_file(job))), 9, {"torch": "2"}))


def plain(clip: Clip) -> Clip:
    return replace(clip, recipe=json.loads(json.dumps(clip.recipe)))


def stored(database: Database, **which) -> list[Clip]:
    return database.run(lambda: database.clips(**which)).result(10)


def test_clips_without_a_row_come_back_as_they_were(folder, database):
    clips = [publish(folder, ident) for ident in ("aaaaaaaaaa", "bbbbbbbbbb")]
    Path(clips[0].thumbnail).unlink()
    added = adopt_clips(database, folder)
    assert sorted(c.id for c in added) == ["aaaaaaaaaa", "bbbbbbbbbb"]
    assert stored(database) == [plain(c) for c in reversed(clips)]
    assert Path(clips[0].thumbnail).is_file()
    assert adopt_clips(database, folder) == []


def test_a_file_that_vanishes_while_it_is_read_costs_no_other_clip(folder, database, monkeypatch):
    clips = [publish(folder, ident) for ident in ("aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc")]
    read = found.read_recipe

    def and_gone(path):
        recipe = read(path)
        if "bbbbbbbbbb" in path.name:
            path.unlink()
        return recipe

    monkeypatch.setattr(found, "read_recipe", and_gone)
    assert {clip.id for clip in adopt_clips(database, folder)} == {clips[0].id, clips[2].id}


def test_clips_in_the_bin_come_back_into_the_bin(folder, database):
    binned = folder.to_bin(publish(folder, "aaaaaaaaaa"), time.time())
    adopt_clips(database, folder)
    (found,) = stored(database, deleted=True)
    assert (found.path, found.thumbnail) == (binned.path, binned.thumbnail)
    assert abs(found.deleted_at - binned.deleted_at) < 86_400
    assert folder.from_bin(found).path.endswith("aaaaaaaaaa.mp4")
    assert stored(database) == []


def test_known_clips_are_left_alone(folder, database):
    clip = plain(publish(folder, "aaaaaaaaaa"))
    database.run(lambda: database.put_clip(clip)).result(10)
    assert adopt_clips(database, folder) == []
    assert stored(database) == [clip]


def test_a_clip_whose_row_is_damaged_comes_back_from_its_file(folder, tmp_path):
    clip = plain(publish(folder, "aaaaaaaaaa"))
    database = Database(tmp_path / "damaged.sqlite")
    database.run(lambda: database.put_clip(clip)).result(10)
    database.close()
    raw = sqlite3.connect(tmp_path / "damaged.sqlite")
    raw.execute("UPDATE clips SET recipe = '{'")
    raw.commit()
    raw.close()
    database = Database(tmp_path / "damaged.sqlite")
    assert [plain(found) for found in adopt_clips(database, folder)] == [clip]
    assert stored(database) == [clip]
    database.close()


def test_a_clip_that_was_renamed_by_hand_is_found_again(folder, database):
    clip = plain(publish(folder, "aaaaaaaaaa"))
    database.run(lambda: database.put_clip(clip)).result(10)
    renamed = Path(clip.path).rename(folder.folder / "My favourite.mp4")
    (found,) = adopt_clips(database, folder)
    assert (found.id, found.path) == (clip.id, str(renamed))
    assert stored(database) == [replace(clip, path=str(renamed))]


def test_a_second_copy_of_a_clip_is_not_added(folder, database):
    clip = publish(folder, "aaaaaaaaaa")
    (folder.folder / "copy.mp4").write_bytes(Path(clip.path).read_bytes())
    assert len(adopt_clips(database, folder)) == 1
    assert len(stored(database)) == 1
    assert adopt_clips(database, folder) == []


def test_other_videos_and_broken_files_are_left_alone(folder, database):
    make_video(folder.folder / "holiday.mp4")
    (folder.folder / "broken.mp4").write_bytes(b"\0" * 500)
    (folder.folder / "notes.txt").write_text("mine")
    (folder.folder / "a folder.mp4").mkdir()
    assert adopt_clips(database, folder) == []
    assert len(list(folder.folder.glob("*.*"))) >= 4


def test_a_clip_with_flipped_or_missing_bytes_costs_no_other_clip(folder, tmp_path):
    """Sixty places all over the file, its recipe's among them, and sixty lengths."""
    whole, hurt = publish(folder, "aaaaaaaaaa"), publish(folder, "bbbbbbbbbb")
    file = Path(hurt.path)
    data = file.read_bytes()
    lost = 0
    for number, place in enumerate(range(0, len(data), len(data) // 60 + 1)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << number % 8
        for damaged in (flipped, data[:place]):
            file.write_bytes(damaged)
            database = Database(tmp_path / f"{number}-{len(damaged)}.db")
            found = {clip.id: clip for clip in adopt_clips(database, folder)}
            assert plain(found.pop("aaaaaaaaaa")) == plain(whole)
            assert len(found) <= 1
            assert all(clip.path == str(file) for clip in found.values())
            lost += not found
            database.close()
        assert file.exists()
    assert lost >= 30


@pytest.mark.parametrize(
    "made_up",
    [
        {"clip_id": "../../evil"},
        {"clip_id": 5},
        {"created_at": "yesterday"},
        {"created_at": float("inf")},
        {"job_id": None},
    ],
)
def test_a_made_up_recipe_does_no_harm(folder, database, tmp_path, made_up):
    source = make_video(tmp_path / "source.mp4")
    recipe = {"request": REQUEST.to_json(), "made_by": {}, **made_up}
    remux(source, folder.folder / "x.mp4", {"wan_desktop": json.dumps(recipe)})
    (clip,) = adopt_clips(database, folder)
    assert Path(clip.thumbnail).parent == folder.folder / ".thumbnails"
    assert Path(clip.thumbnail).is_file()
    assert abs(clip.created_at - time.time()) < 60
    assert adopt_clips(database, folder) == []


def test_old_clips_leave_the_bin_and_the_database(folder, database):
    now, day = time.time(), 86_400
    for ident, age in (("aaaaaaaaaa", 32), ("bbbbbbbbbb", 2)):
        binned = folder.to_bin(publish(folder, ident), now - age * day)
        database.run(lambda binned=binned: database.put_clip(binned)).result(10)
    assert empty_bin(database, folder, now) == ["aaaaaaaaaa"]
    assert [c.id for c in stored(database, deleted=True)] == ["bbbbbbbbbb"]
    assert empty_bin(database, folder, now) == []
