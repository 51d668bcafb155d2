"""The whole program is killed in the middle of a render: the next one goes on from the last kept step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support import working_host_script

from wan_desktop.domain.job import JobState
from wan_desktop.library.database import Database

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture
def start(tmp_path):
    """Start a host: the program, whose output can be read line by line."""
    tests = Path(working_host_script.__file__).parent.parent
    started = []

    def begin(prompt=""):
        program = subprocess.Popen(
            [sys.executable, "-P", working_host_script.__file__, str(tmp_path), prompt],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
        )
        started.append(program)
        return program

    yield begin
    for program in started:
        program.kill()
        program.wait()
        program.stdout.close()


def until(program, wanted):
    """Read what the program tells until `wanted(words)`; all that was read."""
    seen = []
    for line in program.stdout:
        seen.append(line.split())
        if wanted(seen[-1]):
            return seen
    raise AssertionError(seen)


def test_a_killed_program_goes_on_where_it_was(start, tmp_path):
    first = start("film steps 300")
    until(first, lambda words: words[0] == "running" and int(words[1]) >= 20)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start()
    seen = until(second, lambda words: words[0] == "done")
    (resumed,) = [int(words[1]) for words in seen if words[0] == "resumed"]
    assert 20 <= resumed < 300
    second.kill()
    second.wait()
    database = Database(tmp_path / "wan-desktop.sqlite")
    (job,), (clip,) = (database.run(work).result() for work in (database.jobs, database.clips))
    database.close()
    assert (job.state, job.attempts, job.clip_id) == (JobState.DONE, 0, clip.id)
    assert Path(clip.path).is_file()
    assert not list((tmp_path / "library").glob(".*.part"))


def test_a_render_process_that_is_killed_twice_costs_no_step_and_each_kill_one_try_until_it_is_further(start):
    program = start("film steps 300")
    at = 0
    for _ in range(2):
        seen = until(program, lambda words, at=at: words[0] == "running" and int(words[1]) >= at + 20)
        at = int(seen[-1][1])
        for child in psutil.Process(program.pid).children():
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()
    seen = until(program, lambda words: words[0] == "done")
    tries = [words[2] for words in seen if words[0] == "running"]
    assert set(tries) == {"0", "1"}
    assert (tries[-1], seen[-1][2]) == ("0", "0")
    assert max(int(words[1]) for words in seen if words[0] == "resumed") >= at
