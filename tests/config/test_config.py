"""Folders, settings and logs: where the user says, whole, bounded."""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
from pathlib import Path

import pytest

from wan_desktop.config import logs
from wan_desktop.config.paths import Paths, default_library, find_paths, resources_dir
from wan_desktop.config.settings_file import SettingsFile
from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.settings import Settings


def test_environment_variables_put_folders_elsewhere(tmp_path):
    names = ("DATA", "CONFIG", "CACHE", "LOGS")
    paths = find_paths({f"WAN_DESKTOP_{name}": str(tmp_path / name) for name in names})
    assert (paths.data, paths.config, paths.cache, paths.logs) == tuple(tmp_path / name for name in names)
    paths.create()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    assert default_library(paths, {"WAN_DESKTOP_DATA": "x"}) == tmp_path / "DATA" / "library"


def test_relative_and_home_folders_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    paths = find_paths({"WAN_DESKTOP_DATA": "here", "WAN_DESKTOP_CACHE": "~/there"})
    assert (paths.data, paths.cache) == (tmp_path / "here", tmp_path / "there")


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders")
def test_the_standard_folders_follow_xdg(tmp_path, monkeypatch):
    for name in ("DATA", "CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("XDG_VIDEOS_DIR", str(tmp_path / "Films"))
    paths = find_paths({})
    assert paths.data == tmp_path / "DATA" / "wan-desktop"
    assert paths.config == tmp_path / "CONFIG" / "wan-desktop"
    assert paths.cache == tmp_path / "CACHE" / "wan-desktop"
    assert paths.logs.is_relative_to(tmp_path / "STATE" / "wan-desktop")
    assert default_library(paths, {}) == paths.data / "library"
    (tmp_path / "Films").mkdir()
    assert default_library(paths, {}) == tmp_path / "Films" / "Wan Desktop"


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "data"
    with pytest.raises(DiskProblem, match="file"):
        Paths(folder, folder, folder, folder).create()


def test_the_resources_are_found():
    assert (resources_dir() / "models" / "demo" / "model.json").is_file()


# ---- settings


CHOSEN = Settings(library_dir='/v/猫 "x"\n', model_dirs=("/m/1", "/m/2"), appearance="dark", notify_after_s=5)


def test_settings_come_back(tmp_path):
    file = SettingsFile(tmp_path / "config")
    assert file.load() == Settings()
    file.save(CHOSEN)
    assert SettingsFile(tmp_path / "config").load() == CHOSEN
    assert file.opening_notes == ()
    assert [p.name for p in (tmp_path / "config").iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"null", b"\xff\xfe\x00", b'{"library_dir": "x"', b"[" * 100_000, b"\0" * 300],
)
def test_damaged_settings_are_kept_aside(tmp_path, content):
    (tmp_path / "settings.json").write_bytes(content)
    file = SettingsFile(tmp_path)
    assert file.load() == Settings()
    (kept,) = tmp_path.glob("*.damaged")
    assert kept.read_bytes() == content
    assert kept.name in file.opening_notes[0]
    file.save(CHOSEN)
    assert file.load() == CHOSEN
    assert file.opening_notes == ()


def test_values_of_the_wrong_kind_become_defaults(tmp_path):
    data = {
        "library_dir": 7,
        "model_dirs": "x",
        "appearance": "light",
        "notify_after_s": "soon",
        "unknown": 1,
    }
    (tmp_path / "settings.json").write_text(json.dumps(data))
    assert SettingsFile(tmp_path).load() == Settings(appearance="light")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_save_that_fails_keeps_the_old_settings(tmp_path, monkeypatch, call):
    file = SettingsFile(tmp_path)
    file.save(CHOSEN)

    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(DiskProblem, match="full"):
        file.save(Settings())
    monkeypatch.undo()
    assert file.load() == CHOSEN
    assert [p.name for p in tmp_path.iterdir()] == ["settings.json"]


def test_settings_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "settings.json").mkdir()
    file = SettingsFile(tmp_path)
    assert file.load() == Settings()
    assert "could not be read" in file.opening_notes[0]


# ---- logs


def test_logs_are_written_and_never_grow_without_bound(tmp_path):
    stop = logs.log_to(tmp_path / "logs", "host")
    try:
        log = logging.getLogger("wan_desktop.test")
        log.info("hello 猫 \udcff")
        log.debug("not this")
        for _ in range(60):
            log.info("x" * 100_000)
    finally:
        stop()
    logging.getLogger("wan_desktop.test").warning("after the end")
    files = sorted(Path(tmp_path / "logs").iterdir())
    assert [f.name for f in files] == ["host.log", "host.log.1", "host.log.2", "host.log.3"]
    assert all(f.stat().st_size <= logs.MAX_BYTES for f in files)
    assert "after the end" not in files[0].read_text(encoding="utf-8")


def test_a_log_says_when_where_and_what(tmp_path):
    stop = logs.log_to(tmp_path, "render")
    try:
        logging.getLogger("wan_desktop.test").error("it broke: %s", "猫")
    finally:
        stop()
    line = (tmp_path / "render.log").read_text(encoding="utf-8")
    assert "ERROR" in line
    assert "wan_desktop.test: it broke: 猫" in line
    assert str(os.getpid()) in line


def test_a_log_folder_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskProblem):
        logs.log_to(tmp_path / "file" / "logs", "host")
