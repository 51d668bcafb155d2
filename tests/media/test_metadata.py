"""Texts inside files: what ComfyUI writes is found, what is broken or meant to harm is refused or empty."""

from __future__ import annotations

import json
import os
import struct
import zlib

import pytest
from PIL import Image
from support.comfy_files import WRITERS, png, video
from support.workflows import template

from wan_desktop.domain.errors import WanError
from wan_desktop.graph.embedded import find_workflow
from wan_desktop.media.metadata import MAX_JSON, is_picture, texts_in


@pytest.mark.parametrize("name", WRITERS)
def test_the_workflow_is_found_in_every_kind_of_file(tmp_path, name):
    graph = template("ein Reiher, 鹭")
    assert find_workflow(texts_in(WRITERS[name](tmp_path / name, graph))) == graph


def test_the_name_of_a_file_says_nothing(tmp_path):
    graph = template("a heron")
    assert find_workflow(texts_in(png(tmp_path / "a.png", graph).rename(tmp_path / "b.mp4"))) == graph
    assert is_picture(tmp_path / "b.mp4")


def test_files_without_texts_have_none(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("a red ball")
    (tmp_path / "empty").write_bytes(b"")
    assert [texts_in(tmp_path / name) for name in ("a.png", "a.txt", "empty")] == [{}, {}, {}]


def test_broken_files_say_so_in_a_sentence(tmp_path):
    whole = video(tmp_path / "a.mp4", template()).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:40])
    data = png(tmp_path / "a.png", template()).read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    os.mkfifo(tmp_path / "pipe") if hasattr(os, "mkfifo") else (tmp_path / "pipe").mkdir()
    for name in ("cut.mp4", "cut.png", "pipe", "nowhere", "."):
        with pytest.raises(WanError) as refused:
            texts_in(tmp_path / name)
        assert refused.value.sentence


def test_a_playlist_that_poses_as_a_clip_reads_no_other_file(tmp_path):
    secret = video(tmp_path / "secret.mp4", template("secret"))
    (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    assert texts_in(tmp_path / "list.mp4") == {}
    (tmp_path / "ftyp.mp4").write_text(f"####ftyp\n#EXTM3U\n{secret}\n")
    with pytest.raises(WanError):
        texts_in(tmp_path / "ftyp.mp4")


def test_texts_that_would_fill_the_memory_are_left(tmp_path):
    (tmp_path / "long.json").write_bytes(b"{" + b" " * MAX_JSON + b"}")
    assert find_workflow(texts_in(tmp_path / "long.json")) is None
    bomb = b"prompt\0\0" + zlib.compress(b" " * 200_000_000, 9)
    chunk = struct.pack(">I", len(bomb)) + b"zTXt" + bomb + struct.pack(">I", zlib.crc32(b"zTXt" + bomb))
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    plain = (tmp_path / "a.png").read_bytes()
    (tmp_path / "bomb.png").write_bytes(plain[:33] + chunk + plain[33:])
    with pytest.raises(WanError, match=r"bomb\.png"):
        texts_in(tmp_path / "bomb.png")


@pytest.mark.parametrize("text", ["{", "{}", '{"a": 1}', "[]", "{" * 100_000, json.dumps({"prompt": "no"})])
def test_json_that_is_no_workflow_is_none(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    assert find_workflow(texts_in(tmp_path / "a.json")) is None
