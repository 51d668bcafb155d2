"""Logs and cached files stay within their bounds."""

from __future__ import annotations

import os

from wan_desktop.config.logs import tail
from wan_desktop.config.tidy import bound


def make(folder, name, size, at):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    os.utime(file, (at, at))
    return file


def test_the_oldest_go_first(tmp_path):
    old, middle, new = (
        make(tmp_path, name, 100, at) for name, at in (("a/old", 1), ("b/mid", 2), ("new", 3))
    )
    assert bound(tmp_path, 250) == [old]
    assert [middle.exists(), new.exists()] == [True, True]
    assert bound(tmp_path, 250) == []
    assert bound(tmp_path, 0) == [middle, new]


def test_a_folder_that_is_not_there_is_within_bounds(tmp_path):
    assert bound(tmp_path / "none", 0) == []


def test_the_tail_of_a_log(tmp_path):
    file = tmp_path / "x.log"
    assert tail(file) == ""
    file.write_bytes(b"\xff\n" * 5000 + b"last but one\nlast\n")
    assert tail(file, lines=2) == "last but one\nlast"
    assert len(tail(file, lines=10**6)) <= 8_000
    os.utime(file, (100, 100))
    assert tail(file, since=101) == ""
    assert tail(file, since=99)
