"""Clips read back: frames where they are asked for, recipes only when they are ours, a sentence for the rest."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import av
import pytest
from PIL import Image
from support.videos import BACKGROUND, column, make_video

from wan_desktop.domain.errors import DiskProblem, LibraryProblem
from wan_desktop.domain.request import RenderRequest
from wan_desktop.media.clips import RECIPE_KEY, frame_at, hover_frames, probe, read_recipe, thumbnail

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = RenderRequest(
    prompt="a cat 猫",
    negative_prompt="",
    image=None,
    width=64,
    height=64,
    num_frames=9,
    fps=16,
    num_inference_steps=4,
    guidance_scale=5.0,
    flow_shift=5.0,
    sampler="unipc",
    seed=1,
    model="demo",
).to_json() | {"loras": []}


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "with space & 猫\n.mp4", num_frames=25)


def with_tag(path: Path, text: str) -> Path:
    """A copy of the video whose recipe tag holds `text`."""
    target = path.with_name("tagged.mp4")
    options = {"movflags": "use_metadata_tags"}
    with av.open(str(path)) as source, av.open(str(target), "w", format="mp4", options=options) as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        copy.metadata[RECIPE_KEY] = text
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                copy.mux(packet)
    return target


def white_column(image: Image.Image) -> int:
    """Where the white column begins."""
    grey = image.convert("L")
    return next(x for x in range(image.width) if grey.getpixel((x, image.height // 2)) > 170)


def test_the_facts_of_a_video(video):
    info = probe(video)
    assert (info.width, info.height, info.num_frames, info.fps, info.codec) == (64, 64, 25, 16, "h264")
    assert info.seconds == pytest.approx(25 / 16)


@pytest.mark.parametrize("index", [0, 1, 12, 24, -1, -25])
def test_each_frame_is_found(video, index):
    assert abs(white_column(frame_at(video, index)) - column(index % 25)) <= 1


@pytest.mark.parametrize("index", [0, 13, 14, 119, 120, -1])
@pytest.mark.parametrize("fps", [12, 24, 25, 30])
def test_frames_are_found_behind_later_key_frames(tmp_path, index, fps):
    path = make_video(tmp_path / "long.mp4", num_frames=121, fps=fps, keyframe_every=10)
    assert abs(white_column(frame_at(path, index)) - column(index % 121)) <= 1


@pytest.mark.parametrize("index", [25, 1000, -26])
def test_a_frame_that_is_not_there_is_told(video, index):
    with pytest.raises(LibraryProblem):
        frame_at(video, index)


@pytest.mark.parametrize("height", [64, 720])
@pytest.mark.parametrize("tagged", [True, False])
def test_colours_are_those_that_were_encoded(tmp_path, height, tagged):
    path = make_video(tmp_path / "a.mp4", num_frames=1, height=height, tagged=tagged)
    shown = frame_at(path, 0).getpixel((40, 10))
    assert all(abs(a - b) <= 4 for a, b in zip(shown, BACKGROUND, strict=True))


def test_a_thumbnail_is_a_small_jpeg_of_the_middle(tmp_path):
    video = make_video(tmp_path / "a.mp4", num_frames=9, width=640, height=320)
    thumbnail(video, tmp_path / "t.jpg")
    with Image.open(tmp_path / "t.jpg") as small:
        assert (small.format, small.size) == ("JPEG", (384, 192))
        assert abs(white_column(small) - column(4) * 384 / 640) <= 2


def test_a_thumbnail_of_a_small_clip_is_not_blown_up(tmp_path):
    thumbnail(make_video(tmp_path / "a.mp4"), tmp_path / "t.jpg")
    with Image.open(tmp_path / "t.jpg") as small:
        assert small.size == (64, 64)


def test_a_thumbnail_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(DiskProblem):
        thumbnail(make_video(tmp_path / "a.mp4"), tmp_path / "nowhere" / "t.jpg")


@pytest.mark.parametrize(
    ("count", "wanted"), [(5, [0, 5, 10, 15, 20]), (1, [0]), (25, range(25)), (99, range(25))]
)
def test_hover_frames_are_spread_over_the_clip(video, count, wanted):
    frames = hover_frames(video, count, width=64)
    assert [len(f.rgb) for f in frames] == [64 * 64 * 3] * len(wanted)
    found = [white_column(Image.frombytes("RGB", (f.width, f.height), f.rgb)) for f in frames]
    assert all(abs(a - column(n)) <= 1 for a, n in zip(found, wanted, strict=True))


def test_a_recipe_is_read(video):
    recipe = {"format": 1, "request": REQUEST, "made_by": {}}
    assert read_recipe(with_tag(video, json.dumps(recipe))) == recipe
    assert read_recipe(video) is None


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "null",
        "5",
        '"x"',
        "{}",
        '{"request": 5}',
        '{"request": {}}',
        '{"request": {"prompt": "x"}}',
        '{"request": null}',
        "[" * 50_000,
        json.dumps({"request": {**REQUEST, "loras": [5]}}),
        json.dumps({"request": {**REQUEST, "loras": 5}}),
        json.dumps({"request": REQUEST, "x": "y" * 4_000_000}),
    ],
)
def test_what_is_no_recipe_is_none(video, text):
    assert read_recipe(with_tag(video, text)) is None


@pytest.mark.parametrize(
    "content", [b"", b"text", bytes(range(256)) * 40, b"\0\0\0\x20ftypisom" + b"\0" * 300]
)
def test_what_is_no_video_is_told(tmp_path, content):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    assert read_recipe(path) is None
    for read in (
        probe,
        lambda p: frame_at(p, 0),
        lambda p: hover_frames(p, 4),
        lambda p: thumbnail(p, tmp_path / "t"),
    ):
        with pytest.raises(LibraryProblem, match=r"x\.mp4"):
            read(path)


def test_missing_files_and_folders_are_told(tmp_path):
    assert read_recipe(tmp_path / "nowhere.mp4") is None
    assert read_recipe(tmp_path) is None
    with pytest.raises(LibraryProblem, match="not there"):
        probe(tmp_path / "nowhere.mp4")
    with pytest.raises(LibraryProblem):
        probe(tmp_path)


def test_a_sound_file_is_no_clip(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate = 44_100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(LibraryProblem):
        probe(tmp_path / "a.mp4")


def test_a_clip_cut_short_is_told(video):
    os.truncate(video, video.stat().st_size * 3 // 4)
    with pytest.raises(LibraryProblem):
        frame_at(video, -1)


@pytest.mark.parametrize("scheme", ["http", "tcp", "file"])
def test_a_playlist_dressed_up_as_a_clip_connects_nowhere(tmp_path, video, scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        place = f"//127.0.0.1:{server.getsockname()[1]}/a.mp4" if scheme != "file" else str(video)
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{scheme}:{place}\n#EXT-X-ENDLIST\n"
        (tmp_path / "list.mp4").write_text(text)
        assert read_recipe(tmp_path / "list.mp4") is None
        with pytest.raises(LibraryProblem):
            frame_at(tmp_path / "list.mp4", 0)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
@pytest.mark.parametrize("name", ["concat:a.mp4|b.mp4", "http:x.mp4", "pipe:0", "-i.mp4", "%03d.mp4"])
def test_names_that_mean_something_to_the_decoder_are_just_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "a.mp4").rename(name)
    assert probe(name).num_frames == 9


def test_importing_the_package_imports_nothing_slow():
    code = (
        "import sys; import wan_desktop.media.clips, wan_desktop.media.images, wan_desktop.library.folder;"
        "import wan_desktop.library.database, wan_desktop.library.rebuild, wan_desktop.models.catalog;"
        "print([m for m in ('av', 'PIL', 'numpy', 'torch', 'platformdirs') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
