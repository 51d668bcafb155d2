"""The render process as the runner sees it: a real spawned child that works, fails, crashes and is killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import psutil
import pytest
from support.samples import a_job, files_in

from wan_desktop.domain.errors import BadImage, Cancelled, ModelMissing, OutOfMemory, RenderProcessDied
from wan_desktop.domain.events import Note, Preview, Progress, Rendered
from wan_desktop.domain.job import Stage
from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.process import deaths

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture
def render(backend, tmp_path):
    """Render a prompt to the end: its events."""

    def run(prompt="a red ball", cancel=None, **job):
        return list(backend.render(a_job(prompt, **job), files_in(tmp_path, "x"), cancel or CancelToken()))

    return run


def when(backend, cancel, stage, job, files):
    """Render, and cancel as soon as `stage` is told."""
    for event in backend.render(job, files, cancel):
        if isinstance(event, Progress) and event.stage is stage:
            cancel.cancel()


def test_a_render_starts_the_process_and_ends_with_rendered(render, states, tmp_path):
    events = render()
    assert events[0] == Progress("job23456789", Stage.LOADING)
    assert [type(e) for e in events].count(Preview) == 2
    assert events[-2] == Note("job23456789", "Nothing was rendered.")
    assert isinstance(events[-1], Rendered)
    assert events[-1].path == str(tmp_path / "x.part")
    assert (tmp_path / "x.part").read_bytes() == b"clip"
    assert states.names == ["stopped", "starting", "ready", "busy", "ready"]
    assert states.seen[2].info["device"] == "cpu"


def test_the_process_is_kept_for_the_next_render(render, backend):
    first = render()[-1].made_by["pid"]
    assert render()[-1].made_by["pid"] == first == backend.pid


def test_the_start_image_is_handed_over_by_path(render, tmp_path):
    (tmp_path / "abc").write_bytes(b"image")
    assert render(image="abc")[-1].made_by["image"] == str(tmp_path / "abc")


def test_a_missing_image_or_model_is_told_before_anything_starts(render, backend, tmp_path):
    with pytest.raises(BadImage):
        render(image="none")
    job = a_job()
    object.__setattr__(job.request, "model", "/gone")
    with pytest.raises(ModelMissing):
        list(backend.render(job, files_in(tmp_path, "x"), CancelToken()))
    assert backend.pid is None


def test_a_failed_job_raises_its_error_and_the_process_stays(render, backend):
    with pytest.raises(OutOfMemory, match="No memory for 5 frames"):
        render("error")
    pid = backend.pid
    assert render()[-1].made_by["pid"] == pid


def test_a_process_whose_card_has_failed_is_replaced_and_the_card_is_the_reason(render, states, backend):
    backend.start()
    pid = states.until("ready").info["pid"]
    with pytest.raises(RenderProcessDied, match="card failed"):
        render("poison")
    assert render()[-1].made_by["pid"] not in (pid, None)
    assert not psutil.pid_exists(pid)


@posix
@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGSEGV, "crashed \\(signal 11, SIGSEGV\\)"), (signal.SIGABRT, "SIGABRT")]
)
def test_a_crash_fails_the_job_with_a_sentence_and_the_next_render_succeeds(render, states, number, words):
    with pytest.raises(RenderProcessDied, match=words):
        render(f"signal {int(number)}")
    states.until("ready", times=2)  # the fresh one is there before anybody asks for it
    assert isinstance(render()[-1], Rendered)


def killed_while_it_renders(backend, folder):
    job = a_job("wait")
    events = backend.render(job, files_in(folder, "x"), CancelToken())
    assert [next(events), next(events)] == [Progress(job.id, Stage.LOADING), Progress(job.id, Stage.ENCODING)]
    os.kill(backend.pid, signal.SIGKILL)
    return events


@posix
def test_a_killed_process_fails_the_job_and_nothing_is_said_of_memory(backend, states, render, tmp_path):
    with pytest.raises(RenderProcessDied, match=r"another program.*signal 9.*fresh one") as error:
        list(killed_while_it_renders(backend, tmp_path))
    assert "memory" not in error.value.sentence
    states.until("ready", times=2)
    assert isinstance(render()[-1], Rendered)


@posix
def test_a_process_that_the_system_ends_for_want_of_memory_is_missing_memory(
    backend, states, tmp_path, monkeypatch
):
    """Linux counts those; whoever reads the same number before and after knows that it was not for memory."""
    counters = tmp_path / "vmstat"
    counters.write_text("pgfault 12\noom_kill 4\noom_kill_x 9\n")
    monkeypatch.setattr(deaths, "COUNTERS", counters)
    states.until("stopped")
    events = killed_while_it_renders(backend, tmp_path)
    counters.write_text("pgfault 13\noom_kill 5\noom_kill_x 9\n")
    with pytest.raises(OutOfMemory, match="computer's memory ran out") as error:
        list(events)
    assert "smaller size" in error.value.action


def test_a_process_that_talks_nonsense_and_stays_is_ended_by_us_and_that_is_said(render):
    with pytest.raises(RenderProcessDied, match="no longer answered and was ended") as error:
        render("garbage")
    assert "memory" not in error.value.sentence
    assert isinstance(render()[-1], Rendered)


def test_an_exit_fails_the_job_with_its_code(render):
    with pytest.raises(RenderProcessDied, match="exit code 3"):
        render("exit 3")
    assert isinstance(render()[-1], Rendered)


def test_a_job_the_dead_process_never_began_goes_to_the_next_one(render, tmp_path):
    assert isinstance(render(f"silent once {tmp_path / 'marker'} exit 3")[-1], Rendered)


def test_a_job_that_kills_two_processes_without_a_word_fails(render, states):
    with pytest.raises(RenderProcessDied, match="exit code 3"):
        render("silent exit 3")
    states.until("ready", times=3)


@posix
def test_a_process_killed_while_idle_comes_back_with_the_next_render(render, backend, states):
    first = render()[-1].made_by["pid"]
    os.kill(backend.pid, signal.SIGKILL)
    states.until("stopped", times=2)
    assert backend.pid is None
    assert render()[-1].made_by["pid"] != first


def test_a_confirmed_cancel_keeps_the_process(backend, states, render, tmp_path):
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        when(backend, cancel, Stage.ENCODING, a_job("wait"), files_in(tmp_path, "x"))
    assert states.names[-2:] == ["busy", "ready"]
    pid = backend.pid
    assert render()[-1].made_by["pid"] == pid


def test_a_cancel_from_another_thread_wakes_a_silent_render(backend, states, tmp_path):
    cancel = CancelToken()
    states.until("stopped")
    thread = threading.Thread(target=lambda: (states.until("busy"), cancel.cancel()))
    thread.start()
    with pytest.raises(Cancelled):
        list(backend.render(a_job("wait"), files_in(tmp_path, "x"), cancel))
    thread.join()


def test_an_unconfirmed_cancel_kills_and_replaces_the_process(backend, states, render, tmp_path):
    cancel, began = CancelToken(), time.monotonic()
    with pytest.raises(Cancelled):
        when(backend, cancel, Stage.ENCODING, a_job("deaf"), files_in(tmp_path, "x"))
    assert time.monotonic() - began < 30  # deaf for 600 s, if nobody kills it
    fresh = states.until("ready", times=2)
    assert fresh.info["pid"] != states.until("ready").info["pid"]
    assert render()[-1].made_by["pid"] == fresh.info["pid"]


def test_a_render_given_up_by_its_caller_is_cancelled(backend, render, tmp_path):
    events = backend.render(a_job("wait"), files_in(tmp_path, "x"), CancelToken())
    next(events), next(events)
    pid = backend.pid
    events.close()
    assert render()[-1].made_by["pid"] == pid


def test_a_cancel_before_the_process_is_ready_leaves_it_alone(backend, states, settings, render, tmp_path):
    settings["start"] = f"gate {tmp_path / 'gate'}"
    cancel = CancelToken()
    events = backend.render(a_job(), files_in(tmp_path, "x"), cancel)
    assert next(events).stage is Stage.LOADING
    threading.Thread(target=lambda: (states.until("starting"), cancel.cancel())).start()
    with pytest.raises(Cancelled):
        next(events)
    assert states.names == ["stopped", "starting"]
    (tmp_path / "gate").touch()
    assert isinstance(render()[-1], Rendered)
    assert states.names.count("starting") == 1


def test_a_job_cancelled_before_it_begins_starts_nothing(backend, tmp_path):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(backend.render(a_job(), files_in(tmp_path, "x"), cancel))
    assert backend.pid is None


def test_a_process_that_dies_while_starting_is_given_up_and_tried_again(backend, states, settings, render):
    settings["start"] = "exit 1"
    with pytest.raises(RenderProcessDied, match=r"does not start: it ended 3 times with exit code 1\."):
        render()
    assert states.names == ["stopped", "starting", "failed"]
    assert "exit code 1" in states.seen[-1].sentence
    settings["start"] = ""
    assert isinstance(render()[-1], Rendered)


def test_a_complaint_is_told_at_once(states, settings, render):
    settings["start"] = "complain"
    with pytest.raises(RenderProcessDied, match=r"does not start: No engine is here\."):
        render()
    assert states.names == ["stopped", "starting", "failed"]


def test_a_target_that_cannot_be_spawned_is_told(states, settings, render):
    settings["start"] = threading.Lock()  # cannot be pickled
    with pytest.raises(RenderProcessDied, match="does not start"):
        render()
    settings.clear()
    assert isinstance(render()[-1], Rendered)


def test_start_gets_ready_without_waiting(backend, states):
    backend.start()
    backend.start()
    assert states.until("ready").info["pid"] == backend.pid
    assert states.names == ["stopped", "starting", "ready"]


def test_close_ends_the_process_and_what_it_renders(backend, states, tmp_path):
    backend.start()
    pid = states.until("ready").info["pid"]
    backend.close()
    assert not psutil.pid_exists(pid)  # no zombie either
    assert states.names[-1] == "stopped"
    with pytest.raises(Cancelled):
        list(backend.render(a_job(), files_in(tmp_path, "x"), CancelToken()))
    backend.close()


def test_close_kills_a_process_that_does_not_stop(backend, states, settings):
    settings["linger"] = True
    backend.start()
    pid = states.until("ready").info["pid"]
    backend.close()
    assert not psutil.pid_exists(pid)


def test_close_ends_a_render_in_another_thread(backend, states, tmp_path):
    ended = []

    def work():
        try:
            list(backend.render(a_job("deaf"), files_in(tmp_path, "x"), CancelToken()))
        except Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    pid = states.until("ready").info["pid"]
    states.until("busy")
    backend.close()
    thread.join(timeout=30)
    assert ended
    assert not psutil.pid_exists(pid)


def test_a_listener_that_left_hears_nothing(backend, states):
    states.stop()
    backend.start()
    backend.close()
    assert states.names == ["stopped"]


def test_a_restart_uses_the_new_settings(backend, states, settings):
    settings["device"] = "cpu"
    backend.start()
    first = states.until("ready").info
    settings["device"] = "cuda"
    backend.restart()
    second = states.until("ready", times=2).info
    assert (first["device"], second["device"]) == ("cpu", "cuda")
    assert first["pid"] != second["pid"]


def test_a_restart_waits_for_the_running_job(backend, states, settings, tmp_path):
    settings["device"] = "cpu"
    events = backend.render(a_job(), files_in(tmp_path, "x"), CancelToken())
    next(events), next(events)
    settings["device"] = "cuda"
    backend.restart()
    assert isinstance(list(events)[-1], Rendered)
    assert states.until("ready", times=2).info["device"] == "cuda"


def test_a_restart_while_the_process_starts_does_not_miss_the_new_settings(backend, states, settings):
    settings["device"] = "cpu"
    backend.start()
    settings["device"] = "cuda"
    backend.restart()
    states.wait(lambda: states.seen[-1].info.get("device") == "cuda")
    assert "failed" not in states.names


def test_close_does_not_wait_for_a_process_that_is_still_starting(backend, states, settings, tmp_path):
    settings["start"] = f"gate {tmp_path / 'gate'}"
    backend.start()
    deadline = time.monotonic() + 30
    while (pid := backend.pid) is None and time.monotonic() < deadline:
        time.sleep(0.005)
    backend.close()
    assert not psutil.pid_exists(pid)
    assert states.names == ["stopped", "starting", "stopped"]
