"""The power goes, or the program is killed, at every moment of two jobs: what was promised is there, once."""

from __future__ import annotations

import hashlib
import shutil
import sys

import pytest
from support.chain_engine import ChainEngine
from support.faults import Disk
from support.restarts import Promises, a_host, check_restart, submit_two, work_off

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="follows open files by /proc"),
    pytest.mark.usefixtures("quick_database"),
]


class Moments:
    """Copies of the disk as it would be found, one for each moment that left another one, with what was promised."""

    def __init__(self, disk, folder, leave):
        self.found = []
        self.promises = Promises()
        self._last = None
        self._disk, self._folder, self._leave = disk, folder, leave

    def keep(self, label):
        with self._disk.lock:
            target = self._folder / "moment"
            promised = self.promises.copy()
            self._leave(self._disk, target)
            looks = digest(target), promised
            if looks == self._last:
                shutil.rmtree(target)
            else:
                self._last = looks
                self.found.append(
                    (label, target.rename(target.with_name(f"moment{len(self.found)}")), promised)
                )

    def hear(self, event):
        with self._disk.lock:
            self.promises.hear(event)
            self.keep(type(event).__name__)


def digest(folder):
    """All names and bytes under it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(bytes(file) + file.read_bytes() for file in files)).hexdigest()


@pytest.mark.parametrize("leave", [Disk.after_power_cut, Disk.after_kill], ids=["power cut", "kill"])
def test_every_moment(leave, tmp_path, picture, pictures, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "moments").mkdir()
    with monkeypatch.context() as patch:
        disk = Disk(home, patch)
        moments = Moments(disk, tmp_path / "moments", leave)
        with a_host(home, ChainEngine()) as host:
            disk.at_each_change = moments.keep
            host.subscribe(moments.hear)
            submit_two(host, picture, moments.promises)
            work_off(host)
            moments.keep("the end")
            disk.at_each_change = lambda label: None
    assert len(moments.found) > 25
    wrong = []
    for label, folder, promises in moments.found:
        try:
            shutil.rmtree(home)
            folder.rename(home)  # rows name files by their whole path
            check_restart(home, promises, pictures)
        except AssertionError as error:
            wrong.append(f"{folder.name}, {label}: {error}")
    assert wrong == [], "\n".join(wrong)
