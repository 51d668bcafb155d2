"""The image store keeps a start image as it was, whatever happens to the file outside."""

from __future__ import annotations

import errno
import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from wan_desktop.domain.errors import BadImage, DiskProblem
from wan_desktop.library.images import ImageStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "data" / "images")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "turned 猫.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20), "red").save(path, exif=exif)
    return path


def test_the_original_bytes_are_kept_under_their_hash(store, picture):
    data = picture.read_bytes()
    sha256, size = store.add(str(picture))
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert size == (20, 30)
    picture.unlink()
    assert store.path(sha256).read_bytes() == data
    assert store.size(sha256) == (20, 30)
    assert ImageStore(store.path(sha256).parent).size(sha256) == (20, 30)


def test_the_same_picture_is_stored_once(store, picture):
    first, second = store.add(str(picture)), store.add(str(picture))
    assert first == second
    assert [p.name for p in store.path(first[0]).parent.iterdir()] == [first[0]]


def test_a_stored_file_that_was_cut_short_is_mended(store, picture):
    sha256, _ = store.add(str(picture))
    stored = store.path(sha256)
    stored.write_bytes(b"cut")
    store.add(str(picture))
    assert stored.read_bytes() == picture.read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"<svg/>", b"\x89PNG\r\n\x1a\n cut"])
def test_what_is_no_picture_is_not_stored(store, tmp_path, content):
    path = tmp_path / "x.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadImage) as told:
        store.add(str(path))
    assert told.value.field == "image"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "name", ["0" * 64, "", "../../etc/passwd", "/etc/passwd", "x", "A" * 64, "0" * 63 + "\n"]
)
def test_unknown_and_crafted_names_are_refused(store, picture, name):
    store.add(str(picture))
    for ask in (store.path, store.size):
        with pytest.raises(BadImage, match="choose the picture again"):
            ask(name)


def test_a_full_disk_leaves_nothing_behind(store, picture, monkeypatch, tmp_path):
    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskProblem, match="full"):
        store.add(str(picture))
    assert list((tmp_path / "data" / "images").iterdir()) == []
