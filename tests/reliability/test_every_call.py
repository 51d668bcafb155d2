"""The n-th call fails, for every n of two jobs: of the disk, of the database, of the engine, of the clock."""

from __future__ import annotations

import errno
import os
import sys
import time

import pytest
from support.chain_engine import ChainEngine
from support.faults import Disk
from support.restarts import Promises, a_host, check_end, check_restart, submit_two, work_off

from wan_desktop.domain.errors import DiskProblem, OutOfMemory, RenderProcessDied
from wan_desktop.domain.job import JobState

pytestmark = pytest.mark.usefixtures("quick_database")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="follows open files by /proc")

REFUSALS = [errno.ENOSPC, errno.EROFS, errno.ENOENT, errno.EIO]


def let_failed_go_on(host):
    """As a person does who presses the button: what failed goes on from what it keeps."""
    failed = [job.id for job in host.jobs().result() if job.state is JobState.FAILED]
    for job_id in failed:
        host.resume(job_id).result()
    if failed:
        work_off(host)


def finish_and_check(home, promises, pictures):
    """Restart, and everything ends as if nothing had been."""
    with a_host(home, ChainEngine()) as host:
        let_failed_go_on(host)
    check_restart(home, promises, pictures)


@linux
def test_the_disk_refuses_every_call_once(tmp_path, picture, pictures):
    """Full, read-only, gone or broken for one call: the jobs go on by themselves, and no restart is needed."""
    number, more = 0, True
    while more:
        home = tmp_path / str(number)
        home.mkdir()
        promises, code = Promises(), REFUSALS[number % len(REFUSALS)]
        with pytest.MonkeyPatch.context() as patch:
            disk = Disk(home, patch)
            with a_host(home, ChainEngine()) as host:
                host.subscribe(promises.hear)
                submit_two(host, picture, promises)
                first = disk.changes
                disk.fail(number, OSError(code, os.strerror(code)))
                work_off(host)
                more = disk.changes > first + number
                disk.heal()
                assert [job.error for job in host.jobs().result() if job.state is JobState.FAILED] == []
        check_restart(home, promises, pictures)
        number += 1
    assert number > 50


@linux
def test_a_disk_that_stays_full_pauses_the_jobs_and_they_end_when_there_is_room(tmp_path, picture, pictures):
    """From every seventh call on nothing can be written for a while."""
    for number in range(0, 70, 7):
        home = tmp_path / str(number)
        home.mkdir()
        promises, code = Promises(), REFUSALS[number % len(REFUSALS)]
        with pytest.MonkeyPatch.context() as patch:
            disk = Disk(home, patch)
            with a_host(home, ChainEngine()) as host:
                host.subscribe(promises.hear)
                submit_two(host, picture, promises)
                disk.fail(number, OSError(code, os.strerror(code)), lasting=True)
                host.subscribe(lambda event, disk=disk: heal_when_paused(event, disk))
                work_off(host)
                disk.heal()
                assert [job.error for job in host.jobs().result() if job.state is JobState.FAILED] == []
        check_restart(home, promises, pictures)


def heal_when_paused(event, disk):
    job = getattr(event, "job", None)
    if job is not None and job.waits_for_disk:
        disk.heal()


def test_the_database_refuses_every_call_once(tmp_path, picture, pictures):
    number, more = 0, True
    while more:
        promises, calls = Promises(), [0]
        home = tmp_path / str(number)
        with pytest.MonkeyPatch.context() as patch, a_host(home, ChainEngine()) as host:
            host.subscribe(promises.hear)
            submit_two(host, picture, promises)
            for name in ("put_job", "put_clip", "waiting"):
                patch.setattr(host.store, name, refusing(getattr(host.store, name), number, calls))
            work_off(host)
            more = calls[0] > number
        check_restart(home, promises, pictures)
        number += 1
    assert number > 15


def refusing(real, number, calls):
    def call(*values):
        calls[0] += 1
        if calls[0] == number + 1:
            raise DiskProblem("The disk is full.")
        return real(*values)

    return call


ENDS = {
    "lost process": lambda: RenderProcessDied("It crashed."),
    "no memory": lambda: OutOfMemory("The GPU is full."),
    "full disk": lambda: DiskProblem("The disk is full."),
    "surprise": lambda: RuntimeError("nobody expected this"),
}


def failing(engine, number, error):
    def trouble(event):
        if event == number:
            engine.events += 1
            raise error()

    return trouble


@pytest.mark.parametrize("what", ENDS)
def test_the_engine_fails_at_every_event(what, tmp_path, picture, pictures):
    """A lost process, missing memory and a full disk end nothing; a surprise ends in a job that can go on."""
    number, more = 0, True
    while more:
        promises, home = Promises(), tmp_path / str(number)

        engine = ChainEngine()
        engine.trouble = failing(engine, number, ENDS[what])
        with a_host(home, engine) as host:
            host.subscribe(promises.hear)
            submit_two(host, picture, promises)
            work_off(host)
            more = engine.events > number
            if what == "surprise":
                let_failed_go_on(host)
            check_end(host, home, pictures)
        number += 1
    assert number > 20


def test_a_process_that_dies_at_every_event_ends_the_job_after_three_tries_with_what_it_kept(
    tmp_path, picture, pictures
):
    def trouble(event):
        if event >= 8:
            raise RenderProcessDied("It crashed.")

    promises = Promises()
    with a_host(tmp_path, ChainEngine(trouble)) as host:
        host.subscribe(promises.hear)
        submit_two(host, picture, promises)
        work_off(host)
        jobs = host.jobs().result()
        assert {(job.state, job.attempts) for job in jobs} == {(JobState.FAILED, 3)}
    finish_and_check(tmp_path, promises, pictures)


def jumping(disk, at, seconds, real):
    return lambda: real() + (seconds if disk.changes >= at else 0.0)


@linux
@pytest.mark.parametrize("seconds", [-86_400.0, 86_400.0], ids=["back a day", "on a day"])
def test_the_clock_jumps_before_every_call(seconds, tmp_path, picture, pictures):
    """The wall clock is set while a job renders: once in every six changes of the disk is tried."""
    for number in range(0, 60, 6):
        home, promises = tmp_path / str(number), Promises()
        home.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            disk = Disk(home, patch)
            with a_host(home, ChainEngine()) as host:
                host.subscribe(promises.hear)
                submit_two(host, picture, promises)
                patch.setattr(time, "time", jumping(disk, disk.changes + number, seconds, time.time))
                work_off(host)
                check_end(host, home, pictures)
