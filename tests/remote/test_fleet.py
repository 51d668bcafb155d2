"""Servers come, change and go while a host runs: its lanes follow the list at once, without a restart."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from support.hosts import make_host
from support.jobs_elsewhere import FAST
from support.models import OneModel
from support.scripted_backend import ScriptedBackend
from support.waiting import Waiter

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.encode.mp4 import Mp4Writer
from wan_desktop.jobs.runner import Runner
from wan_desktop.models.wan22_ti2v_5b import make_spec
from wan_desktop.remote.book import RemoteBook
from wan_desktop.remote.comfy import ComfyBackend
from wan_desktop.remote.fleet import Fleet
from wan_desktop.remote.lanes import fits_here
from wan_desktop.remote.places import AlsoForAny, WithRemotes

SMALL = {"width": 128, "height": 96, "num_frames": 5, "num_inference_steps": 2, "seed": 1}


class Here(ScriptedBackend):
    """Asks for the job's model, as the render process does."""

    models = None

    def render(self, job, files, cancel):
        self.models.get(job.request.model)
        yield from super().render(job, files, cancel)


class Desk:
    """A host that follows the list in `config`; `helps` is whether it takes jobs for whoever is free."""

    def __init__(self, folder, config):
        self.book = RemoteBook(config)
        self.backend = Here()
        self.fleet = Fleet(
            self.book,
            self._comfy,
            folder / "renders",
            helps=lambda: self.helps,
            hand_back=lambda job_id: self.host.running.hand_back(job_id),
            look_every_s=0.05,
        )
        models = WithRemotes(OneModel(), self.fleet.names, make_spec)
        self.backend.models = AlsoForAny(models)
        self.host = make_host(folder, self.backend, models)
        self.helps = False
        fits = fits_here(self.fleet.names, folder / "renders", lambda: self.helps)
        self.runner = Runner(self.host, fits=fits, lanes=self.fleet.lanes())
        self.waiter = Waiter(self.host)
        self._thread = threading.Thread(target=self.runner.run, daemon=True)
        self._thread.start()
        self.fleet.watch(self.runner.use_lanes)

    def _comfy(self, remote, turns):
        how = {"with_token": self.book.with_token, "turns": turns, "pace": FAST}
        return ComfyBackend(remote, images=self.host.images, writer=Mp4Writer, **how)

    def submit(self, model, prompt):
        return self.host.submit(Draft(prompt=prompt, model=model, **SMALL)).result().id

    def done(self, ident):
        return self.waiter.state(ident, JobState.DONE)

    def close(self):
        self.fleet.close()
        self.runner.stop()
        self.host.running.interrupt()
        self._thread.join(30)
        assert not self._thread.is_alive()
        self.host.close()


@pytest.fixture
def desk(tmp_path, own_folders):
    running = Desk(tmp_path / "here", own_folders / "config")
    yield running
    running.close()


def asked(served):
    return [job.request.prompt for job in served.backend.requests]


def test_the_command_beside_a_running_host_gives_it_a_server_at_once(desk, start):
    served = start()
    add = [sys.executable, "-m", "wan_desktop", "remotes", "add", "studio", served.api.address]
    assert subprocess.run(add, capture_output=True, timeout=60).returncode == 0
    desk.done(desk.submit("on:studio/demo", "one"))
    assert asked(served) == ["one"]
    assert desk.backend.requests == []


def test_a_removed_server_is_refused_at_once_and_what_waits_for_it_says_why(desk, start):
    served = start()
    served.backend.script("held", hold=Stage.DENOISING)
    desk.book.add("studio", served.api.address)
    running = desk.submit("on:studio/demo", "held one")
    desk.waiter.stage(running, Stage.DENOISING)
    waiting = desk.submit("on:studio/demo", "two")
    desk.book.remove("studio")
    with pytest.raises(InvalidRequest):
        desk.submit("on:studio/demo", "three")
    for ident in (running, waiting):
        error = desk.waiter.state(ident, JobState.FAILED).error
        assert error["field"] == "on"
        assert error["values"]["name"] == "studio"
    assert len(served.backend.requests) == 1


def test_one_that_failed_since_its_server_was_removed_goes_on_when_it_is_back(desk, start):
    served = start()
    served.backend.script("held", hold=Stage.DENOISING)
    desk.book.add("studio", served.api.address)
    job = desk.submit("on:studio/demo", "held one")
    desk.waiter.stage(job, Stage.DENOISING)
    desk.book.remove("studio")
    desk.waiter.state(job, JobState.FAILED)
    desk.book.add("studio", served.api.address)
    desk.host.resume(job).result()
    served.backend.release()
    desk.done(job)
    assert asked(served) == ["held one"]


def test_a_token_mended_in_the_middle_is_used_at_once(desk, start):
    served = start(token="right")
    desk.book.add("studio", served.api.address, "wrong")
    first = desk.submit("on:studio/demo", "one")
    assert "token" in desk.waiter.state(first, JobState.FAILED).error["template"]
    desk.book.add("studio", served.api.address, "right")
    desk.done(desk.submit("on:studio/demo", "two"))


def test_a_changed_entry_follows_the_same_prompt_further(desk, start):
    served = start()
    served.backend.script("held", hold=Stage.DENOISING)
    desk.book.add("studio", served.api.address)
    job = desk.submit("on:studio/demo", "held one")
    desk.waiter.stage(job, Stage.DENOISING)
    before = len(desk.waiter.events)
    desk.book.add(
        "studio", served.api.address.replace("127.0.0.1", "localhost")
    )  # the same one by another name
    desk.waiter.state(job, JobState.RUNNING, after=before)
    served.backend.release()
    desk.done(job)
    assert asked(served) == ["held one"]


def test_a_server_that_stays_is_not_disturbed_by_others(desk, start):
    left, right = start("left"), start("right")
    left.backend.script("held", hold=Stage.DENOISING)
    desk.book.add("left", left.api.address)
    job = desk.submit("on:left/demo", "held one")
    desk.waiter.stage(job, Stage.DENOISING)
    desk.book.add("right", right.api.address)
    desk.done(desk.submit("on:right/demo", "two"))
    desk.book.remove("right")
    left.backend.release()
    desk.done(job)
    states = [e.job.state for e in desk.waiter.events if getattr(e, "job", None) and e.job.id == job]
    assert states.count(JobState.QUEUED) == 1


def test_what_another_server_had_begun_is_taken_over_when_that_one_is_removed(desk, start):
    left, right = start("left"), start("right")
    left.backend.script("held", hold=Stage.DENOISING)
    desk.book.add("left", left.api.address)
    job = desk.submit("on:any/demo", "held one")
    desk.waiter.stage(job, Stage.DENOISING)
    desk.book.add("right", right.api.address)
    desk.book.remove("left")
    desk.done(job)
    assert asked(right) == ["held one"]


def test_whoever_is_free_is_this_computer_too_when_it_can(desk, start):
    served = start()
    served.backend.script("held", hold=Stage.DENOISING)
    desk.book.add("studio", served.api.address)
    there = desk.submit(
        "on:any", "held one"
    )  # this computer cannot: it waits for the server, which lacks the model
    assert "wan2.2" in desk.waiter.state(there, JobState.FAILED).error["values"]["file"]
    busy = desk.submit("on:studio/demo", "held two")
    desk.waiter.stage(busy, Stage.DENOISING)
    desk.helps = True
    desk.done(desk.submit("on:any", "three"))
    assert [job.request.prompt for job in desk.backend.requests] == ["three"]
    assert asked(served) == ["held two"]
    served.backend.release()
    desk.done(busy)


def test_what_this_computer_has_begun_it_finishes_itself(desk, start):
    served = start()
    desk.book.add("studio", served.api.address)
    desk.host.pause_queue(after_current=False).result()
    ident = desk.submit("on:any", "begun")
    begun = replace(
        desk.host.store.run(lambda: desk.host.store.job(ident)).result(), kept_step=1, kept_steps=2
    )
    desk.host.store.run(lambda: desk.host.store.put_job(begun)).result()
    desk.host.resume_queue().result()
    desk.done(ident)
    assert [job.request.prompt for job in desk.backend.requests] == ["begun"]
    assert asked(served) == []


def test_one_that_is_away_or_lacks_something_leaves_the_job_to_others(desk, start, stub):
    del stub.nodes["KSampler"]
    served = start(token="right")
    desk.book.add("away", "http://127.0.0.1:9")
    desk.book.add("lacking", stub.address)
    desk.book.add("closed", served.api.address, "wrong")
    desk.host.pause_queue(after_current=False).result()
    good = start("good")
    good.backend.script("busy", hold=Stage.DENOISING)
    desk.book.add("good", good.api.address)
    desk.host.resume_queue().result()
    busy = desk.submit("on:good/demo", "busy one")
    desk.waiter.stage(busy, Stage.DENOISING)
    job = desk.submit("on:any/demo", "two")
    for name in ("away", "lacking", "closed"):
        desk.waiter.until(
            lambda e, name=name: name in getattr(e, "sentence", "") and "another one" in e.sentence
        )
    good.backend.release()
    desk.done(busy)
    desk.done(job)
    assert asked(good) == ["busy one", "two"]
    assert stub.posts == []


def test_when_nobody_can_take_it_the_last_one_says_why_and_trying_again_asks_all(desk, start, stub):
    desk.book.add("away", "http://127.0.0.1:9")
    del stub.nodes["KSampler"]
    desk.book.add("lacking", stub.address)
    job = desk.submit("on:any", "one")
    assert desk.waiter.state(job, JobState.FAILED).error["code"] == "remote"
    desk.book.remove("lacking")
    desk.book.remove("away")
    served = start()
    desk.book.add("away", served.api.address)
    before = len(desk.waiter.events)
    desk.host.retry(job).result()
    error = desk.waiter.state(job, JobState.FAILED, after=before).error
    assert "it has demo" in error["template"].format(**error["values"])  # it was asked, and lacks the model
