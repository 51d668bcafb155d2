"""Several servers and this computer share one queue: a real host and runner, servers of ours on loopback."""

from __future__ import annotations

import threading

import pytest
from support.hosts import make_host
from support.models import OneModel
from support.scripted_backend import ScriptedBackend
from support.waiting import Waiter

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.encode.mp4 import Mp4Writer
from wan_desktop.jobs.runner import Lane, Runner
from wan_desktop.models.wan22_ti2v_5b import make_spec
from wan_desktop.remote.book import Remote
from wan_desktop.remote.comfy import ComfyBackend
from wan_desktop.remote.lanes import fits_here, fits_on
from wan_desktop.remote.places import WithRemotes

SMALL = {"width": 128, "height": 96, "num_frames": 5, "num_inference_steps": 2, "seed": 1}


@pytest.fixture
def here(tmp_path, start):
    """A host with two servers, `left` and `right`; .submit(model, prompt) queues."""
    folder = tmp_path / "here"
    servers = {name: start(name) for name in ("left", "right")}
    for served in servers.values():
        served.backend.script("held", hold=Stage.DENOISING)
    backend = ScriptedBackend()
    host = make_host(folder, backend, WithRemotes(OneModel(), lambda: list(servers), make_spec))
    lanes = [
        Lane(
            ComfyBackend(Remote(name, served.api.address), images=host.images, writer=Mp4Writer),
            fits_on(name, lambda: servers, folder / "renders"),
        )
        for name, served in servers.items()
    ]
    runner = Runner(host, fits=fits_here(lambda: servers, folder / "renders"), lanes=lanes)
    thread = threading.Thread(target=runner.run, daemon=True)
    waiter = Waiter(host)
    thread.start()

    class Here:
        def __init__(self):
            self.host, self.backend, self.servers, self.waiter = host, backend, servers, waiter

        def submit(self, model, prompt):
            return host.submit(Draft(prompt=prompt, model=model, **SMALL)).result().id

        def end(self):
            for served in servers.values():
                served.backend.release()
            runner.finish()
            thread.join(30)
            assert not thread.is_alive()

    yield Here()
    runner.stop()
    host.running.interrupt()
    thread.join(30)
    host.close()


def asked(served):
    return [job.request.prompt for job in served.backend.requests]


def test_each_renders_its_own_beside_the_others(here):
    left = here.submit("on:left/demo", "held one")
    right = here.submit("on:right/demo", "held two")
    local = here.submit("demo", "three")
    here.waiter.state(local, JobState.DONE)
    for job, name in ((left, "left"), (right, "right")):
        here.waiter.stage(job, Stage.DENOISING)
        assert len(asked(here.servers[name])) == 1
    here.end()
    states = {job.id: job.state for job in here.host.jobs().result()}
    assert states == dict.fromkeys((left, right, local), JobState.DONE)
    assert asked(here.servers["left"]) == ["held one"]
    assert [job.request.prompt for job in here.backend.requests] == ["three"]
    assert len(here.host.clips().result()) == 3


def test_whoever_is_free_takes_the_next(here):
    first, second = here.submit("on:any/demo", "held one"), here.submit("on:any/demo", "held two")
    here.waiter.stage(first, Stage.DENOISING)
    here.waiter.stage(second, Stage.DENOISING)
    assert len(asked(here.servers["left"])) == len(asked(here.servers["right"])) == 1
    here.end()
    assert here.backend.requests == []


def test_what_one_has_begun_no_other_takes(here):
    busy = here.submit("on:left/demo", "held busy")
    here.waiter.stage(busy, Stage.DENOISING)
    shared = here.submit("on:any/demo", "held shared")
    here.waiter.stage(shared, Stage.DENOISING)  # at the right one, the only one that was free
    here.host.pause(shared).result()
    here.waiter.state(shared, JobState.PAUSED)
    here.servers["left"].backend.release()
    here.waiter.state(busy, JobState.DONE)
    here.host.resume(shared).result()  # now left is free too
    here.end()
    assert asked(here.servers["left"]) == ["held busy"]
    assert asked(here.servers["right"]) == ["held shared"]


def test_cancelling_one_reaches_that_one_alone(here):
    left, right = here.submit("on:left/demo", "held one"), here.submit("on:right/demo", "held two")
    here.waiter.stage(left, Stage.DENOISING)
    here.waiter.stage(right, Stage.DENOISING)
    here.host.cancel(left).result()
    here.waiter.state(left, JobState.CANCELLED)
    here.end()
    assert here.host.store.run(lambda: here.host.store.job(right)).result().state is JobState.DONE


def test_an_unknown_server_is_refused(here):
    with pytest.raises(InvalidRequest) as refused:
        here.submit("on:nowhere", "one")
    assert refused.value.field == "on"


def test_a_servers_model_is_described_as_the_large_one():
    models = WithRemotes(OneModel(), lambda: ["left", "right"], make_spec)
    assert models.get("on:left/fastwan.safetensors").variant == "fastwan"
    assert [spec.id for spec in models.all()] == ["demo"]
    assert models.get("on:left").presets[0].name == "official"
