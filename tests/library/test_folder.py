"""The library folder: what is published is whole, what is deleted comes back, what fails leaves nothing."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
import subprocess
import time
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from support.videos import BACKGROUND, make_video

from wan_desktop.domain.errors import DiskProblem, EncodeFailed, LibraryProblem, WanError
from wan_desktop.domain.events import Rendered
from wan_desktop.domain.job import Job, JobState
from wan_desktop.domain.request import RenderRequest
from wan_desktop.library.copies import check_target, copy_to
from wan_desktop.library.folder import LibraryFolder
from wan_desktop.library.images import ImageStore
from wan_desktop.library.kept import KeptFiles
from wan_desktop.media.clips import IMAGE_KEY, frame_at, probe, read_recipe

PROMPT = 'A red ball — rolling 滚动的红球 🔴 over "grass" ; rm -rf /\nsecond line'
MADE_BY = {"torch": "2.13.0", "device": "cpu", "seconds": {"denoising": 1.5}, "odd": float("nan")}


@pytest.fixture
def images(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "data" / "images")


@pytest.fixture
def kept(tmp_path: Path) -> KeptFiles:
    return KeptFiles(tmp_path / "data" / "renders")


@pytest.fixture
def folder(tmp_path: Path, images, kept) -> LibraryFolder:
    library = LibraryFolder(tmp_path / "My clips 'n stuff 🎬", images, kept)
    library.prepare()
    return library


def make_job(ident: str = "abcdefghjk", **changes) -> Job:
    values = {
        "prompt": PROMPT,
        "negative_prompt": "静态",
        "image": None,
        "width": 64,
        "height": 64,
        "num_frames": 9,
        "fps": 16,
        "num_inference_steps": 4,
        "guidance_scale": 5.0,
        "flow_shift": 5.0,
        "sampler": "unipc",
        "seed": 1,
        "model": "demo",
    }
    return Job(ident, RenderRequest(**(values | changes)), JobState.RUNNING, 1.0, 100.0)


def render(folder: LibraryFolder, job: Job, **video) -> Rendered:
    part = make_video(folder.part_file(job), **video)
    return Rendered(job.id, str(part), 9, MADE_BY)


def publish(folder: LibraryFolder, job: Job | None = None):
    job = job or make_job()
    return folder.publish(job, render(folder, job))


def everything(folder: LibraryFolder) -> list[str]:
    return sorted(str(p.relative_to(folder.folder)) for p in folder.folder.rglob("*") if p.is_file())


def test_a_published_clip_is_whole_and_says_how_it_was_made(folder):
    job = make_job()
    clip = publish(folder, job)
    path = Path(clip.path)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d_a-red-ball-rolling-over-grass-rm-rf-seco_abcdefghjk\.mp4", path.name
    )
    assert everything(folder) == [".thumbnails/abcdefghjk.jpg", path.name]
    assert clip.size_bytes == path.stat().st_size
    assert json.dumps(read_recipe(path)) == json.dumps(clip.recipe)
    assert RenderRequest.from_json(clip.request) == job.request
    assert clip.recipe["made_by"]["torch"] == "2.13.0"
    info = probe(path)
    assert (info.num_frames, info.fps, info.width, info.height, info.codec) == (9, 16, 64, 64, "h264")
    assert info.tags["comment"] == PROMPT
    assert info.tags["title"] == PROMPT[:100]
    assert b"moov" in path.read_bytes()[:100]
    with Image.open(clip.thumbnail) as small:
        assert small.format == "JPEG"
        assert all(abs(a - b) < 12 for a, b in zip(small.getpixel((60, 60)), BACKGROUND, strict=True))


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
def test_ffprobe_shows_the_recipe(folder):
    clip = publish(folder)
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", clip.path]
    shown = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    tags, stream = shown["format"]["tags"], shown["streams"][0]
    assert json.loads(tags["wan_desktop"])["request"]["prompt"] == PROMPT
    assert (stream["nb_frames"], stream["avg_frame_rate"], stream["start_time"]) == ("9", "16/1", "0.000000")
    assert {stream[k] for k in ("color_space", "color_transfer", "color_primaries")} == {"bt709"}
    assert stream["color_range"] == "tv"


def test_pixels_are_not_touched_by_publishing(folder, tmp_path):
    job = make_job()
    rendered = render(folder, job)
    before = [frame_at(rendered.path, n).tobytes() for n in range(9)]
    clip = folder.publish(job, rendered)
    assert [frame_at(clip.path, n).tobytes() for n in range(9)] == before


def test_the_start_image_as_rendered_travels_in_the_clip(folder, images, tmp_path):
    source = tmp_path / "photo.png"
    wide = Image.new("RGB", (300, 100), "green")
    wide.paste("red", (100, 0, 200, 100))
    wide.save(source)
    sha256, _ = images.add(str(source))
    source.unlink()
    clip = publish(folder, make_job(image=sha256))
    import base64

    data = base64.b64decode(probe(clip.path).tags[IMAGE_KEY])
    with Image.open(io.BytesIO(data)) as shown:
        assert shown.size == (64, 64)
        assert shown.format == "JPEG"
        assert all(abs(a - b) < 8 for a, b in zip(shown.getpixel((3, 32)), (255, 0, 0), strict=True))
    assert clip.request["image"] == sha256


def test_a_big_start_image_and_a_long_prompt_read_back(folder, images, tmp_path):
    source = tmp_path / "noise.png"
    Image.frombytes("RGB", (640, 640), os.urandom(640 * 640 * 3)).save(source)
    sha256, _ = images.add(str(source))
    job = make_job(image=sha256, prompt="猫" * 10_000, width=640, height=640)
    clip = folder.publish(job, render(folder, job, width=640, height=640))
    assert len(probe(clip.path).tags[IMAGE_KEY]) > 500_000
    assert read_recipe(clip.path)["request"]["prompt"] == "猫" * 10_000
    assert re.fullmatch(r"[A-Za-z0-9._-]+", Path(clip.path).name)


def test_an_empty_prompt_has_no_title_and_still_a_name(folder):
    clip = publish(folder, make_job(prompt=""))
    assert "_clip_" in Path(clip.path).name
    assert "title" not in probe(clip.path).tags


def test_a_job_that_makes_another_clip_leaves_its_first_one_alone(folder):
    job = make_job()
    first = publish(folder, job)
    second = publish(folder, replace(job, clip_id="second2222"))
    third = folder.to_bin(second, time.time())
    fourth = publish(folder, replace(job, clip_id="fourth4444"))
    assert [clip.id for clip in (first, second, fourth)] == [job.id, "second2222", "fourth4444"]
    assert Path(first.path).is_file()
    assert Path(third.path).is_file()


def test_a_clip_that_is_there_is_known_by_the_ids_in_its_recipe(folder):
    job = make_job()
    clip = publish(folder, job)
    found = folder.published(job)
    assert replace(found, recipe={}) == replace(clip, recipe={})
    assert found.recipe["request"] == clip.recipe["request"]
    assert folder.published(replace(job, clip_id="second2222")) is None
    other = replace(job, id="other22222", clip_id=clip.id)
    assert folder.published(other) is None


@pytest.mark.parametrize(
    "video", [{"num_frames": 8}, {"fps": 24}, {"width": 32}], ids=["frames", "rate", "size"]
)
def test_a_video_that_is_not_what_was_asked_for_is_refused(folder, video):
    job = make_job()
    rendered = render(folder, job, **video)
    with pytest.raises(EncodeFailed, match="instead of"):
        folder.publish(job, rendered)
    folder.discard(job)
    assert everything(folder) == []


@pytest.mark.parametrize("damage", ["empty", "garbage", "cut"])
def test_a_broken_video_is_refused(folder, damage):
    job = make_job()
    rendered = render(folder, job)
    part = Path(rendered.path)
    whole = part.read_bytes()
    part.write_bytes({"empty": b"", "garbage": b"\0" * 5000, "cut": whole[: len(whole) // 2]}[damage])
    with pytest.raises(EncodeFailed):
        folder.publish(job, rendered)
    folder.discard(job)
    assert everything(folder) == []


def test_a_video_of_which_no_frame_can_be_decoded_is_no_clip(folder):
    job = make_job()
    rendered = render(folder, job)
    part = folder.part_file(job)
    data = bytearray(part.read_bytes())
    begin = data.index(b"mdat") + 4
    length = int.from_bytes(data[begin - 8 : begin - 4], "big") - 8
    data[begin : begin + length] = b"\xff" * length
    part.write_bytes(data)
    with pytest.raises(WanError):
        folder.publish(job, rendered)
    folder.discard(job)
    assert everything(folder) == []


def test_a_disk_that_answers_with_errors_is_a_disk_problem_whatever_is_asked(folder, monkeypatch):
    """As one that is pulled out does; without a disk problem a job would fail instead of waiting."""
    job = make_job()
    rendered, real = render(folder, job), os.stat

    def broken(path, *rest, **named):
        if isinstance(path, (str, os.PathLike)) and str(folder.folder) in str(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *rest, **named)

    asked = [
        lambda: folder.check_space(job.request),
        lambda: folder.published(job),
        lambda: folder.publish(job, rendered),
    ]
    for each in asked:
        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", broken)
            with pytest.raises(DiskProblem):
                each()


def test_a_video_that_is_gone_is_told(folder):
    job = make_job()
    with pytest.raises(EncodeFailed, match="gone"):
        folder.publish(job, Rendered(job.id, str(folder.part_file(job)), 9, {}))


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fills_up_while_publishing_leaves_no_half_clip(folder, monkeypatch, call):
    job = make_job()
    rendered = render(folder, job)

    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(DiskProblem, match="full"):
        folder.publish(job, rendered)
    monkeypatch.undo()
    folder.discard(job)
    assert everything(folder) == []


def test_a_disk_without_hard_links_works_and_never_overwrites(folder, monkeypatch):
    def no_links(*_args):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_links)
    clip = publish(folder)
    assert probe(clip.path).num_frames == 9
    binned = folder.to_bin(clip, time.time())
    shutil.copy(binned.path, clip.path)
    with pytest.raises(DiskProblem):
        folder.from_bin(binned)
    assert Path(binned.path).is_file()


# ---- space


Usage = namedtuple("Usage", "total used free")


def test_space_is_checked_with_both_numbers(folder, monkeypatch):
    folder.check_space(make_job().request)
    job = make_job(width=1280, height=704, num_frames=121)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 220_000_000))
    folder.check_space(make_job().request)
    with pytest.raises(DiskProblem, match=r"\d+ MB needed, 220 MB free") as told:
        folder.check_space(job.request)
    assert told.value.action == "Free disk space"
    assert everything(folder) == []


def test_a_folder_that_is_gone_is_told(folder):
    shutil.rmtree(folder.folder)
    with pytest.raises(DiskProblem, match="not there"):
        folder.check_space(make_job().request)
    folder.discard(make_job())


def test_a_folder_that_cannot_be_written_is_told(folder, monkeypatch):
    import tempfile

    def refused(**_options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    with pytest.raises(DiskProblem, match="cannot be written"):
        folder.check_space(make_job().request)


@pytest.mark.skipif(os.name == "nt", reason="a system folder of Linux and macOS")
def test_a_system_folder_is_refused(images, kept):
    library = LibraryFolder(
        Path("/proc/library") if Path("/proc").is_dir() else Path("/dev/library"), images, kept
    )
    with pytest.raises(DiskProblem):
        library.prepare()


def test_preparing_without_creating_wants_the_folder(tmp_path, images, kept):
    library = LibraryFolder(tmp_path / "stick" / "clips", images, kept)
    with pytest.raises(DiskProblem, match="not there"):
        library.prepare(create=False)
    library.prepare()
    assert library.folder.is_dir()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskProblem):
        LibraryFolder(tmp_path / "file", images, kept).prepare()


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
def test_a_folder_whose_name_is_no_text_is_refused(tmp_path, images, kept):
    library = LibraryFolder(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")), images, kept)
    with pytest.raises(DiskProblem, match="rename it") as told:
        library.prepare()
    assert told.value.sentence.encode("utf-8")
    assert not library.folder.exists()


def test_what_a_crash_left_is_swept_at_the_start(folder):
    clip = publish(folder)
    for name in (".abc.part", ".abc.finished.part", ".thumbnails/.abc.jpg.part"):
        (folder.folder / name).write_bytes(b"half")
    (folder.folder / "mine.part").write_bytes(b"the user's own")
    folder.prepare()
    assert everything(folder) == [".thumbnails/abcdefghjk.jpg", Path(clip.path).name, "mine.part"]


# ---- the bin


def test_a_clip_goes_to_the_bin_and_comes_back(folder):
    clip = publish(folder)
    binned = folder.to_bin(clip, 1_800_000_000.0)
    assert binned.deleted_at == 1_800_000_000.0
    assert folder.files() == []
    assert Path(binned.path).is_file()
    assert Path(binned.thumbnail).is_file()
    assert folder.from_bin(binned) == clip
    assert probe(clip.path).num_frames == 9
    assert Path(clip.thumbnail).is_file()


def test_a_clip_without_a_file_can_still_be_deleted(folder):
    clip = publish(folder)
    Path(clip.path).unlink()
    binned = folder.to_bin(clip, time.time())
    assert binned.deleted_at is not None
    with pytest.raises(LibraryProblem, match="no longer in the bin"):
        folder.from_bin(binned)


def test_a_lost_thumbnail_is_made_again(folder):
    binned = folder.to_bin(publish(folder), time.time())
    Path(binned.thumbnail).unlink()
    assert Path(folder.from_bin(binned).thumbnail).is_file()


def test_clips_of_an_earlier_library_folder_are_binned_where_they_lie(folder, tmp_path, images):
    clip = publish(folder)
    other = LibraryFolder(tmp_path / "new", images, kept)
    other.prepare()
    binned = other.to_bin(clip, time.time())
    assert Path(binned.path).is_relative_to(folder.folder)
    assert other.from_bin(binned) == clip


def test_the_bin_keeps_clips_for_thirty_days(folder):
    day = 86_400
    now = 1_800_000_000.0
    old = folder.to_bin(publish(folder, make_job("aaaaaaaaaa")), now - 32 * day)
    young = folder.to_bin(publish(folder, make_job("bbbbbbbbbb")), now - 29 * day)
    assert folder.sweep_bin(now) == ["aaaaaaaaaa"]
    assert not Path(old.path).exists()
    assert Path(young.path).is_file()
    assert folder.sweep_bin(now) == []


# ---- another folder while a job runs


def test_a_running_job_ends_in_the_folder_where_it_began(folder, tmp_path):
    old, job = folder.folder, make_job()
    rendered = render(folder, job)
    folder.use(tmp_path / "new")
    folder.use(old)
    folder.prepare()
    folder.use(tmp_path / "new")
    clip = folder.publish(job, rendered)
    assert Path(clip.path).parent == old
    assert sorted(p.name for p in old.rglob("*") if p.is_file()) == [Path(clip.path).name, "abcdefghjk.jpg"]
    assert Path(publish(folder).path).parent == tmp_path / "new"


def test_a_job_that_fails_after_the_folder_changed_leaves_nothing(folder, tmp_path):
    old, job = folder.folder, make_job()
    render(folder, job)
    folder.use(tmp_path / "new")
    folder.discard(job)
    assert list(old.iterdir()) == []
    assert folder.part_file(job).parent == tmp_path / "new"


def test_a_folder_that_cannot_be_used_changes_nothing(folder, tmp_path):
    old = folder.folder
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskProblem):
        folder.use(tmp_path / "file")
    assert folder.folder == old


# ---- copies


def test_a_copy_goes_to_a_file_or_into_a_folder(folder, tmp_path):
    clip = publish(folder)
    out = tmp_path / "out put"
    out.mkdir()
    assert copy_to(clip, out) == out / Path(clip.path).name
    assert copy_to(clip, out / "x.mp4") == out / "x.mp4"
    assert (out / "x.mp4").read_bytes() == Path(clip.path).read_bytes()
    (out / "x.mp4").write_bytes(b"old")
    copy_to(clip, out / "x.mp4")
    assert probe(out / "x.mp4").num_frames == 9
    assert len(list(out.iterdir())) == 2


def test_a_copy_that_fails_leaves_the_old_file(folder, tmp_path, monkeypatch):
    clip = publish(folder)
    target = tmp_path / "x.mp4"
    target.write_bytes(b"old")

    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskProblem, match="full"):
        copy_to(clip, target)
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["x.mp4"]


def test_a_copy_to_nowhere_is_refused_beforehand(tmp_path):
    check_target(tmp_path)
    check_target(tmp_path / "new.mp4")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DiskProblem, match="no folder"):
        check_target(tmp_path / "nowhere" / "x.mp4")
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskProblem, match="no folder"):
        check_target(tmp_path / "file" / "x.mp4")


def test_a_missing_source_is_told(folder, tmp_path):
    clip = replace(publish(folder), path=str(tmp_path / "gone.mp4"))
    with pytest.raises(DiskProblem):
        copy_to(clip, tmp_path / "x.mp4")
    assert not (tmp_path / "x.mp4").exists()
