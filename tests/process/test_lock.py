"""One host per library, also after a crash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.process.lock import take_library

HOLDER = """
import sys, time, pathlib
from wan_desktop.process.lock import take_library
lock = take_library(pathlib.Path(sys.argv[1]))
print("held" if lock else "taken", flush=True)
time.sleep(600)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that tries to be the host; what it says."""
    started = []

    def start():
        program = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        started.append(program)
        return program, program.stdout.readline().strip()

    yield start
    for program in started:
        program.kill()
        program.communicate()


def test_only_one_holds_a_library(tmp_path):
    first = take_library(tmp_path)
    assert first is not None
    assert take_library(tmp_path) is None
    assert take_library(tmp_path / "another") is not None
    first.release()
    first.release()
    again = take_library(tmp_path)
    assert again is not None
    again.release()


def test_another_process_keeps_it_until_it_dies(tmp_path, other):
    program, said = other()
    assert said == "held"
    assert take_library(tmp_path) is None
    program.kill()
    program.wait()
    lock = take_library(tmp_path)
    assert lock is not None
    assert other()[1] == "taken"
    lock.release()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskProblem):
        take_library(tmp_path / "file" / "data")


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_the_lock_file_is_the_users_own(tmp_path):
    lock = take_library(tmp_path)
    (file,) = tmp_path.glob("*.lock")
    assert file.stat().st_mode & 0o077 == 0
    lock.release()
