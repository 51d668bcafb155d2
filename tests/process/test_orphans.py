"""No render process outlives the program that started it, however that program ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from support import parent_script
from support.samples import a_job, files_in

from wan_desktop.jobs.cancel import CancelToken

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture
def parent(tmp_path):
    """Start a program with a render process in the middle of a job: the program and the process."""
    tests = Path(parent_script.__file__).parent.parent
    paths = os.pathsep.join([str(tests), str(tests.parent)])
    started = []

    def start(mode, kind="scripted"):
        program = subprocess.Popen(
            [sys.executable, "-P", parent_script.__file__, mode, str(tmp_path), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": paths},
        )
        started.append(program)
        return program, psutil.Process(int(program.stdout.readline()))

    yield start
    for program in started:
        program.kill()
        program.communicate()


def has_ended(process, seconds=30):
    """True once the process does nothing more; whether the system's first process has noticed is not ours."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


@posix
@pytest.mark.parametrize("kind", ["scripted", "real"])
def test_a_killed_program_takes_its_render_process_along(parent, kind):
    program, child = parent("exit", kind)
    assert child.is_running()
    program.send_signal(signal.SIGKILL)
    assert has_ended(child)


@pytest.mark.parametrize("mode", ["exit", "raise"])
def test_a_program_that_ends_without_closing_leaves_nothing_behind(parent, mode):
    program, child = parent(mode)
    program.communicate("go\n", timeout=60)
    assert has_ended(child)


@posix
def test_ctrl_c_in_the_terminal_does_not_reach_the_render_process(backend, tmp_path):
    def render():
        return list(backend.render(a_job(), files_in(tmp_path, "x"), CancelToken()))[-1]

    pid = render().made_by["pid"]
    os.kill(pid, signal.SIGINT)  # what a terminal does to the whole foreground group
    assert [render().made_by["pid"] for _ in range(3)] == [pid] * 3
