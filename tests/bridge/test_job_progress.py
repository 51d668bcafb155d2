"""How far a whole job is, and how long it still takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wan_desktop.bridge.job_progress import SHARES, Clock, fraction, kept_fraction
from wan_desktop.domain.events import Progress
from wan_desktop.domain.job import JobState, Stage


def test_the_whole_bar_only_grows_and_ends_full():
    events = [None, Progress("j", Stage.LOADING), Progress("j", Stage.ENCODING, 1, 2)]
    events += [Progress("j", Stage.DENOISING, n, 20) for n in range(21)]
    events += [Progress("j", Stage.DECODING, n, 7) for n in range(8)] + [Progress("j", Stage.SAVING, 1, 1)]
    parts = [fraction(event) for event in events]
    assert parts == sorted(parts)
    assert parts[0] == 0
    assert parts[-1] == pytest.approx(1)
    assert sum(SHARES.values()) == pytest.approx(1)
    assert list(SHARES) == list(Stage)


@pytest.mark.parametrize(("done", "total"), [(5, 0), (-1, 4), (9, 4)])
def test_odd_counts_stay_within_their_stage(done, total):
    part = fraction(Progress("j", Stage.DENOISING, done, total))
    assert fraction(Progress("j", Stage.ENCODING, 1, 1)) <= part + 1e-9
    assert part <= fraction(Progress("j", Stage.DECODING)) + 1e-9


class Time:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def clock(time):
    return Clock(time)


def steps(clock, time, stage, total, upto, seconds):
    for n in range(upto + 1):
        clock.note(Progress("j", stage, n, total))
        time.now += seconds
    time.now -= seconds


def test_nothing_is_told_before_two_steps(clock, time):
    assert clock.remaining() is None
    clock.note(Progress("j", Stage.LOADING))
    assert clock.remaining() is None
    steps(clock, time, Stage.DENOISING, 20, 1, 2.0)
    assert clock.remaining() is None


def test_the_rest_comes_from_the_jobs_own_steps(clock, time):
    steps(clock, time, Stage.DENOISING, 20, 10, 2.0)
    tail = 40 * (SHARES[Stage.DECODING] + SHARES[Stage.SAVING]) / SHARES[Stage.DENOISING]
    assert clock.remaining() == pytest.approx(20 + tail)
    time.now += 1.5
    assert clock.remaining() == pytest.approx(18.5 + tail)


def test_while_developing_only_the_frames_count(clock, time):
    steps(clock, time, Stage.DENOISING, 4, 4, 30.0)
    clock.note(Progress("j", Stage.DECODING, 0, 10))
    assert clock.remaining() is None
    steps(clock, time, Stage.DECODING, 10, 4, 1.0)
    assert clock.remaining() == pytest.approx(6.0)
    time.now += 100
    assert clock.remaining() == 0.0
    clock.note(Progress("j", Stage.SAVING))
    assert clock.remaining() == 0.0


def test_what_is_kept_is_as_far_as_the_render_was(bench):
    job = bench.add_job("a", JobState.PAUSED, kept_step=7, kept_steps=20)
    assert kept_fraction(job) == pytest.approx(fraction(Progress("j", Stage.DENOISING, 7, 20)))
    drawn = replace(job, kept_latents=True)
    assert kept_fraction(drawn) == pytest.approx(fraction(Progress("j", Stage.DECODING)))
    assert kept_fraction(replace(drawn, state=JobState.DONE)) == 0
    assert kept_fraction(replace(job, kept_step=0, kept_steps=0)) == 0
