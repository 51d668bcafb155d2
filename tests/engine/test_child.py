"""The render process, for real: spawned, spoken to through its pipe, cancelled, broken, orphaned."""

import multiprocessing
import os
import queue
import signal
import sys
import time

import av
import numpy as np
import pytest
from PIL import Image
from support.engine_jobs import RESOURCES, a_job, a_model

from wan_desktop import child
from wan_desktop.domain.errors import BadImage, DiskProblem, ModelMissing, RenderProcessDied
from wan_desktop.domain.events import BackendState, Kept, Note, Preview, Progress, Rendered, Resumed
from wan_desktop.domain.job import Stage, WorkFiles
from wan_desktop.engine import control

LIMIT = 120.0


def keeping(part):
    """What a render into `part` keeps beside it, after every step."""
    return WorkFiles(str(part), f"{part}.snapshot", f"{part}.latents", 0.0)


class Process:
    """The parent's side, as plain as can be."""

    def __init__(self, folder, target=child.main, **settings):
        context = multiprocessing.get_context("spawn")
        self.conn, theirs = context.Pipe()
        self.settings = {
            "device": "cpu",
            "model": a_model(),
            "cache_dir": str(folder / "cache"),
            "resources_dir": str(RESOURCES),
            "log_dir": str(folder / "logs"),
        } | settings
        self.process = context.Process(target=target, args=(theirs, self.settings), daemon=True)
        self.process.start()
        theirs.close()

    def next(self):
        assert self.conn.poll(LIMIT), "the render process says nothing"
        return self.conn.recv()

    def until(self, wanted):
        """Messages up to and with the first that `wanted` accepts."""
        said = []
        while not said or not wanted(said[-1]):
            said.append(self.next())
        return said

    def ready(self):
        return self.until(lambda m: m[1].state == "ready")[-1][1]

    def render(self, job, part, image=None, model=None, files=None):
        self.conn.send(("render", job, model or a_model(), image, files or WorkFiles(str(part), "", "")))

    def result(self):
        return self.until(lambda m: m[0] not in ("event", "alive") or isinstance(m[1], Rendered))

    def end(self):
        if self.process.is_alive():
            self.conn.send(("stop",))
        self.process.join(LIMIT)
        assert self.process.exitcode is not None
        self.conn.close()
        return self.process.exitcode


def main_on_a_card_that_fails(conn, settings):
    """The render process on a card whose third step is an illegal memory access."""
    from wan_desktop.engine import renderer

    whole = renderer.Renderer.render

    def render(self, job, *rest):
        for event in whole(self, job, *rest):
            yield event
            if isinstance(event, Kept) and event.step == 3 and not event.latents:
                raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with more")

    renderer.Renderer.render = render
    child.main(conn, settings)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    process = Process(tmp_path_factory.mktemp("child"))
    assert process.next() == ("event", BackendState("starting"))
    info = process.ready().info
    assert info["device"] == "cpu"
    assert (info["plans"], info["cards"]) == (2, [])
    assert info["problems"] == []
    yield process
    assert process.end() == 0


def frames_of(path):
    with av.open(str(path), format="mp4") as container:
        return [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]


def test_a_job_becomes_a_video(shared, tmp_path):
    part = tmp_path / "clip.part"
    shared.render(a_job(), part)
    events = [m[1] for m in shared.result() if m[0] == "event"]
    rendered = events[-1]
    assert (rendered.job_id, rendered.path, rendered.num_frames) == ("job1", str(part), 9)
    assert set(rendered.made_by["seconds"]) == {"loading", "encoding", "denoising", "decoding", "saving"}
    stages = [e.stage for e in events if isinstance(e, Progress)]
    assert stages == sorted(stages, key=list(Stage).index)
    assert stages[-1] is Stage.SAVING
    assert any(isinstance(e, Preview) for e in events)
    frames = frames_of(part)
    assert (len(frames), frames[0].shape) == (9, (64, 96, 3))


def test_start_image_from_a_file(shared, tmp_path, picture):
    file = tmp_path / "a 'picture' 🐈.png"
    Image.fromarray(picture).resize((192, 128)).save(file)
    shared.render(a_job(image="sha"), tmp_path / "clip.part", image=str(file))
    assert shared.result()[-1][1].num_frames == 9


def test_failures_have_sentences_and_the_process_goes_on(shared, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    shared.render(a_job(image="sha"), tmp_path / "clip.part", image=str(bad))
    kind, job_id, error = shared.result()[-1]
    assert (kind, job_id, type(error)) == ("failed", "job1", BadImage)

    shared.render(a_job(), tmp_path / "gone" / "clip.part")
    assert isinstance(shared.result()[-1][2], DiskProblem)

    shared.render(a_job(), tmp_path / "clip.part", model=a_model(tmp_path / "nowhere", "other"))
    assert isinstance(shared.result()[-1][2], ModelMissing)

    shared.render(a_job(prompt="word " * 900), tmp_path / "clip.part")
    said = [m[1] for m in shared.result() if m[0] == "event"]
    assert any(isinstance(e, Note) for e in said)
    assert isinstance(said[-1], Rendered)


def test_a_surprise_is_reported_in_one_line(shared, tmp_path):
    shared.render(a_job(sampler="no such sampler"), tmp_path / "clip.part")
    _, _, error = shared.result()[-1]
    assert error.code == "error"
    assert "KeyError" in error.sentence
    assert "\n" not in error.sentence


def test_cancel_during_a_render(shared, tmp_path):
    shared.render(a_job(num_inference_steps=200), tmp_path / "clip.part")
    shared.until(lambda m: isinstance(m[1], Progress) and m[1].stage is Stage.DENOISING and m[1].done)
    begin = time.monotonic()
    shared.conn.send(("cancel", "job1"))
    assert shared.result()[-1] == ("cancelled", "job1")
    assert time.monotonic() - begin < 10
    shared.render(a_job(), tmp_path / "clip.part")
    assert isinstance(shared.result()[-1][1], Rendered)


def test_pause_and_go_on_in_another_process(shared, tmp_path):
    """The clip of a render that was paused and went on in a fresh process is that of one that was left alone."""
    job = a_job(num_inference_steps=12)
    shared.render(job, tmp_path / "whole.part")
    assert isinstance(shared.result()[-1][1], Rendered)
    whole = frames_of(tmp_path / "whole.part")

    files = keeping(tmp_path / "clip.part")
    shared.render(job, tmp_path / "clip.part", files=files)
    shared.until(lambda m: isinstance(m[1], Progress) and m[1].stage is Stage.DENOISING and m[1].done == 2)
    shared.conn.send(("pause", job.id))
    said = shared.result()
    assert said[-1] == ("paused", job.id)
    kept = [m[1] for m in said if m[0] == "event" and isinstance(m[1], Kept)][-1]
    assert 2 <= kept.step < kept.total == 12

    other = Process(tmp_path / "other", model=None)
    other.ready()
    other.render(job, tmp_path / "clip.part", files=files)
    events = [m[1] for m in other.result() if m[0] == "event"]
    assert events[0] == Resumed(job.id, kept.step, 12)
    drawing = [e.done for e in events if isinstance(e, Progress) and e.stage is Stage.DENOISING]
    assert drawing[0] == kept.step
    assert all(np.array_equal(a, b) for a, b in zip(whole, frames_of(tmp_path / "clip.part"), strict=True))
    assert other.end() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_a_killed_process_kept_is_gone_on_from(shared, tmp_path):
    """Power gone in the middle: what another process finds on the disk gives the same clip."""
    job, files = a_job(num_inference_steps=30), keeping(tmp_path / "clip.part")
    dying = Process(tmp_path / "dying", model=None)
    dying.ready()
    dying.render(job, tmp_path / "clip.part", files=files)
    kept = dying.until(lambda m: isinstance(m[1], Kept) and m[1].step >= 3)[-1][1].step
    os.kill(dying.process.pid, signal.SIGKILL)
    dying.process.join(LIMIT)
    dying.conn.close()

    shared.render(job, tmp_path / "clip.part", files=files)
    said = [m[1] for m in shared.result() if m[0] == "event"]
    assert isinstance(said[0], Resumed)
    assert kept <= said[0].step < 30
    assert said[-1].made_by["resumed_step"] == said[0].step
    assert said[-1].made_by["plan"] == "whole"
    shared.render(job, tmp_path / "whole.part")
    assert isinstance(shared.result()[-1][1], Rendered)
    pairs = zip(frames_of(tmp_path / "whole.part"), frames_of(tmp_path / "clip.part"), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_a_card_that_fails_is_told_as_a_lost_process_and_ends_it(shared, tmp_path):
    job, files = a_job(num_inference_steps=30), keeping(tmp_path / "clip.part")
    poisoned = Process(tmp_path / "poisoned", main_on_a_card_that_fails, model=None)
    poisoned.ready()
    poisoned.render(job, tmp_path / "clip.part", files=files)
    kind, job_id, error = poisoned.result()[-1]
    assert (kind, job_id, type(error)) == ("failed", job.id, RenderProcessDied)
    assert "illegal memory access" in error.sentence
    poisoned.process.join(LIMIT)
    assert poisoned.process.exitcode == child.EXIT_POISONED
    poisoned.conn.close()
    shared.render(job, tmp_path / "clip.part", files=files)
    assert next(m[1].step for m in shared.result() if isinstance(m[1], Resumed)) >= 3


def test_a_working_render_says_that_it_lives(shared, tmp_path):
    shared.render(a_job(num_inference_steps=200), tmp_path / "clip.part")
    assert shared.until(lambda m: m[0] == "alive")[-1] == ("alive", "job1")
    shared.conn.send(("cancel", "job1"))
    assert shared.result()[-1] == ("cancelled", "job1")


def test_a_render_that_hangs_says_nothing(monkeypatch):
    """One beat is one message; then there is silence, until it beats again."""
    monkeypatch.setattr(control, "ALIVE_SECONDS", 0.01)
    said = queue.SimpleQueue()
    with control.Pulse(lambda: said.put("alive")) as pulse:
        for _ in range(2):
            pulse.beat()
            assert said.get(timeout=LIMIT) == "alive"
            with pytest.raises(queue.Empty):
                said.get(timeout=0.1)


def test_cancel_before_it_starts_and_for_nothing(shared, tmp_path):
    shared.conn.send(("cancel", "unknown"))
    shared.render(a_job(), tmp_path / "clip.part")
    shared.conn.send(("cancel", "job1"))
    assert shared.result()[-1] == ("cancelled", "job1")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_is_the_hosts(shared, tmp_path):
    os.kill(shared.process.pid, signal.SIGINT)
    shared.render(a_job(), tmp_path / "clip.part")
    assert isinstance(shared.result()[-1][1], Rendered)


def test_it_ends_when_the_host_is_gone(tmp_path):
    process = Process(tmp_path)
    process.ready()
    process.render(a_job(num_inference_steps=200), tmp_path / "clip.part")
    process.until(lambda m: isinstance(m[1], Progress) and m[1].done)
    process.conn.close()
    process.process.join(LIMIT)
    assert process.process.exitcode == child.EXIT_ORPHANED


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_bad_model_at_the_start_is_not_the_end_and_a_crash_leaves_a_trace(tmp_path, capfd):
    process = Process(tmp_path, model=a_model(tmp_path / "nowhere", "gone"))
    assert process.ready().state == "ready"
    process.render(a_job(), tmp_path / "clip.part")
    assert isinstance(process.result()[-1][1], Rendered)
    os.kill(process.process.pid, signal.SIGSEGV)
    process.process.join(LIMIT)
    assert process.process.exitcode == -signal.SIGSEGV
    process.conn.close()
    assert "nowhere" in (tmp_path / "logs" / "render.log").read_text()
    assert "Segmentation fault" in (tmp_path / "logs" / "render-output.log").read_text()
    assert capfd.readouterr() == ("", "")
