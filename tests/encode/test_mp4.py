"""The MP4 that comes out: right colours, right tags, right length; every failure has a sentence."""

import subprocess
import sys
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from wan_desktop.domain.errors import DiskProblem, EncodeFailed
from wan_desktop.encode.mp4 import Mp4Writer

COLOURS = [
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 255),
    (0, 0, 0),
    (128, 128, 128),
    (224, 172, 105),
    (20, 90, 60),
]


def solid(colour, count=1, width=96, height=64):
    return np.full((count, height, width, 3), colour, np.uint8)


def noise(count, width=256, height=256):
    return np.random.default_rng(0).integers(0, 255, (count, height, width, 3)).astype(np.uint8)


def decode(path):
    with av.open(str(path)) as container:
        return [
            f.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG").to_ndarray()
            for f in container.decode(video=0)
        ]


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_come_back(tmp_path, colour):
    path = tmp_path / "clip.part"
    with Mp4Writer(path, 96, 64, 24) as writer:
        writer.write(solid(colour, 5))
    frames = decode(path)
    assert len(frames) == 5
    middle = frames[2][16:-16, 16:-16].reshape(-1, 3).mean(axis=0)
    assert np.abs(middle - colour).max() <= 3, middle


def test_pixels_are_really_bt709(tmp_path):
    """Red has luma 63 with BT.709's matrix and 81 with BT.601's, which some converters use by default."""
    path = tmp_path / "clip.mp4"
    with Mp4Writer(path, 96, 64, 24) as writer:
        writer.write(solid((255, 0, 0)))
    with av.open(str(path)) as container:
        luma = next(container.decode(video=0)).to_ndarray(format="yuv420p")[:64]
    assert abs(float(luma.mean()) - 63) <= 1


def test_tags_and_layout(tmp_path):
    path = tmp_path / "odd näme 🐈.part"
    with Mp4Writer(path, 96, 64, 24) as writer:
        writer.write(noise(3, 96, 64))
        writer.write(noise(1, 96, 64))
        writer.write(noise(5, 96, 64))
    assert writer.num_frames == 9
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        assert (codec.name, codec.pix_fmt, codec.width, codec.height) == ("h264", "yuv420p", 96, 64)
        assert (codec.color_range, codec.colorspace) == (1, 1)
        assert (codec.color_primaries, codec.color_trc) == (1, 1)
        assert (stream.average_rate, stream.frames) == (Fraction(24), 9)
        assert stream.duration * stream.time_base == Fraction(9, 24)
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("fps", [1, 16, 24, 25, 60])
def test_frame_rate_is_exact(tmp_path, fps):
    path = tmp_path / "clip.mp4"
    with Mp4Writer(path, 64, 64, fps) as writer:
        writer.write(noise(6, 64, 64))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [f.pts * stream.time_base for f in container.decode(stream)]
    assert times == [Fraction(i, fps) for i in range(6)]


def test_quality_is_near_lossless(tmp_path):
    path = tmp_path / "clip.mp4"
    y, x = np.mgrid[0:160, 0:256]
    frames = np.stack([np.stack([x, y + 4 * i, 255 - x], axis=-1) for i in range(8)]).astype(np.uint8)
    with Mp4Writer(path, 256, 160, 24) as writer:
        writer.write(frames)
    error = np.mean((np.stack(decode(path)).astype(float) - frames) ** 2)
    assert 10 * np.log10(255**2 / error) >= 38


def test_frames_of_the_wrong_shape_are_refused(tmp_path):
    with pytest.raises(ValueError, match="do not fit"), Mp4Writer(tmp_path / "a", 96, 64, 24) as writer:
        writer.write(solid((0, 0, 0), width=64))


def test_missing_folder(tmp_path):
    def write():
        with Mp4Writer(tmp_path / "gone" / "clip.part", 256, 256, 24) as writer:
            for _ in range(20):
                writer.write(noise(4))

    with pytest.raises(DiskProblem, match="gone"):
        write()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
@pytest.mark.parametrize("groups", [1, 20])
def test_full_disk(tmp_path, groups):
    path = tmp_path / "clip.part"
    path.symlink_to("/dev/full")

    def write():
        with Mp4Writer(path, 256, 256, 24) as writer:
            for _ in range(groups):
                writer.write(noise(8))

    with pytest.raises(DiskProblem, match="full"):
        write()


def test_a_codec_that_fails_says_so(tmp_path):
    """H.264 takes no frames of 16,400 pixels' width."""
    with (
        pytest.raises(EncodeFailed, match="could not be written"),
        Mp4Writer(tmp_path / "a", 17000, 2, 24) as w,
    ):
        w.write(np.zeros((1, 2, 17000, 3), np.uint8))


def test_abort_ends_at_once_with_a_full_queue(tmp_path):
    def fail_midway():
        with Mp4Writer(tmp_path / "a", 256, 256, 24) as writer:
            for _ in range(8):
                writer.write(noise(4))
            raise KeyError

    before = threading.active_count()
    with pytest.raises(KeyError):
        fail_midway()
    assert threading.active_count() == before


def test_importing_needs_no_codec_library():
    code = "import sys, wan_desktop.encode.mp4; assert not {'av', 'numpy', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
