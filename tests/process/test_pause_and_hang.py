"""A render process that is told to pause, and one that says nothing any more."""

from __future__ import annotations

import queue
import threading
import time

import psutil
import pytest
from support.samples import a_job, files_in

from wan_desktop.domain.errors import Cancelled, Paused, RenderProcessDied
from wan_desktop.domain.events import Kept, Progress, Rendered, Resumed
from wan_desktop.domain.job import Stage
from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.process.patience import Limits, Patience


def until(backend, job, files, wanted, token, say, events=None):
    """Render, and call `say` at the first event that is `wanted`; all events, also in `events`."""
    events, said = [] if events is None else events, False
    for event in backend.render(job, files, token):
        events.append(event)
        if not said and wanted(event):
            said = True
            say()
    return events


# ---- pause


def test_a_pause_waits_for_the_step_and_gives_the_process_back(backend, states, tmp_path):
    token, files, seen, pids = CancelToken(), files_in(tmp_path), [], []

    def pause():
        pids.append(backend.pid)
        token.pause()

    with pytest.raises(Paused):
        until(backend, a_job("steps 500"), files, lambda e: e == Kept(e.job_id, 3, 500), token, pause, seen)
    last = max(e.step for e in seen if isinstance(e, Kept))
    assert 3 <= last < 500
    assert not psutil.pid_exists(pids[0])
    assert states.names[-1] == "stopped"
    assert backend.pid is None
    again = list(backend.render(a_job(f"steps {last + 3}"), files, CancelToken()))
    assert [e.step for e in again if isinstance(e, Resumed)] == [last]
    assert isinstance(again[-1], Rendered)


def test_a_pause_while_the_model_loads_waits_for_nothing(backend, states, tmp_path):
    token = CancelToken()
    began = time.monotonic()
    with pytest.raises(Paused):
        until(backend, a_job("deaf"), files_in(tmp_path), lambda e: True, token, token.pause)
    assert time.monotonic() - began < 30
    assert states.names[-1] == "stopped"


def test_a_pause_before_the_process_is_ready_ends_it(backend, states, settings, tmp_path):
    settings["start"] = f"gate {tmp_path / 'gate'}"
    token = CancelToken()
    threading.Thread(target=lambda: (states.until("starting"), token.pause())).start()
    with pytest.raises(Paused):
        list(backend.render(a_job(), files_in(tmp_path), token))
    assert backend.pid is None
    (tmp_path / "gate").touch()
    assert isinstance(list(backend.render(a_job(), files_in(tmp_path), CancelToken()))[-1], Rendered)


def test_a_cancel_outdoes_a_pause_that_takes_long(backend, tmp_path):
    token = CancelToken()

    def both():
        token.pause()
        token.cancel()

    with pytest.raises(Cancelled):
        until(backend, a_job("steps 100000"), files_in(tmp_path), lambda e: isinstance(e, Kept), token, both)


def pause_too_late(backend, tmp_path):
    """Pause a job after its last step; its events."""
    token = CancelToken()
    return until(
        backend,
        a_job(),
        files_in(tmp_path),
        lambda e: isinstance(e, Progress) and (e.stage, e.done) == (Stage.DENOISING, 2),
        token,
        token.pause,
    )


def test_a_pause_that_comes_too_late_changes_nothing(backend, tmp_path):
    assert isinstance(pause_too_late(backend, tmp_path)[-1], Rendered)


def test_a_job_that_is_rendered_again_by_the_same_process_can_be_paused_again(backend, tmp_path):
    pause_too_late(backend, tmp_path)
    token, pid = CancelToken(), backend.pid

    def kept_by_the_same(event):
        return isinstance(event, Kept) and backend.pid == pid

    with pytest.raises(Paused):
        until(backend, a_job("steps 500"), files_in(tmp_path), kept_by_the_same, token, token.pause)


def test_rest_gives_the_process_back_and_a_busy_one_is_left_alone(backend, states, tmp_path):
    backend.rest()
    backend.start()
    pid = states.until("ready").info["pid"]
    backend.rest()
    assert not psutil.pid_exists(pid)
    assert states.names[-1] == "stopped"
    events = backend.render(a_job(), files_in(tmp_path), CancelToken())
    next(events), next(events)
    backend.rest()
    assert isinstance(list(events)[-1], Rendered)


def test_rest_kills_a_process_that_does_not_stop(backend, states, settings):
    settings["linger"] = True
    backend.start()
    pid = states.until("ready").info["pid"]
    backend.rest()
    assert not psutil.pid_exists(pid)
    settings["linger"] = False
    backend.start()
    assert states.until("ready", times=2).info["pid"] != pid


# ---- hangs


class TestSilence:
    """With limits short enough for a test."""

    @pytest.fixture
    def limits(self):
        return Limits(unknown_s=1.5, least_s=0.3, longest_times=3.0)

    def test_a_silent_process_is_killed_and_replaced(self, backend, states, tmp_path):
        with pytest.raises(RenderProcessDied, match="said nothing for"):
            list(backend.render(a_job("deaf"), files_in(tmp_path), CancelToken()))
        fresh = states.until("ready", times=2)
        assert fresh.info["pid"] != states.until("ready").info["pid"]
        assert isinstance(list(backend.render(a_job(), files_in(tmp_path), CancelToken()))[-1], Rendered)

    def test_after_a_step_its_length_is_the_measure(self, backend, tmp_path):
        began = time.monotonic()
        with pytest.raises(RenderProcessDied, match="said nothing for 0 seconds"):
            list(backend.render(a_job("steps 3 deaf"), files_in(tmp_path), CancelToken()))
        assert time.monotonic() - began < 20

    def test_a_process_that_says_it_is_alive_is_left_alone(self, backend, tmp_path):
        events = list(backend.render(a_job("steps 1 alive 60"), files_in(tmp_path), CancelToken()))
        assert isinstance(events[-1], Rendered)  # 1.2 s without an event

    def test_a_process_that_never_gets_ready_is_given_up(self, backend, settings, tmp_path):
        settings["start"] = f"gate {tmp_path / 'gate'}"
        with pytest.raises(RenderProcessDied, match="said nothing for"):
            list(backend.render(a_job(), files_in(tmp_path), CancelToken()))
        (tmp_path / "gate").touch()
        assert isinstance(list(backend.render(a_job(), files_in(tmp_path), CancelToken()))[-1], Rendered)


class Mail:
    """A queue that is empty for so many seconds, of a clock that only it moves."""

    def __init__(self, *script):
        self.now, self.script = 0.0, list(script)

    def __call__(self):
        return self.now

    def get(self, timeout):
        wait, message, sleep = self.script[0]
        if wait > timeout:
            self.script[0] = (wait - timeout, message, sleep)
            self.now += timeout + sleep
            raise queue.Empty
        self.script.pop(0)
        self.now += wait + sleep
        return message


def step(done, stage=Stage.DENOISING):
    return ("event", Progress("j", stage, done, 20))


def test_the_limit_grows_with_the_longest_step():
    patience = Patience(
        Limits(), mail := Mail((500, step(1), 0), (30, step(2), 0), (299, step(3), 0), (2991, "", 0))
    )
    assert patience.limit == 600
    for done in (1, 2, 3):
        assert patience.next(mail) == step(done)
    assert patience.limit == 2990
    assert patience.next(mail) is None


def test_a_stage_begins_with_the_long_limit():
    patience = Patience(
        Limits(), mail := Mail((1, step(1), 0), (1, step(0, Stage.DECODING), 0), (1, ("alive", "j"), 0))
    )
    patience.next(mail)
    assert patience.limit == 60
    patience.next(mail), patience.next(mail)
    assert patience.limit == 600


def test_a_night_of_sleep_is_no_hang():
    night = 30_000
    mail = Mail((1, step(1), 0), (20, step(2), night))
    patience = Patience(Limits(), mail)
    assert patience.next(mail) == step(1)
    assert patience.next(mail) == step(2)
    assert patience.limit <= 300
