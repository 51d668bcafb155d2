"""A render that stopped anywhere goes on to the same frames, bit for bit; what does not fit is refused."""

import dataclasses
import shutil
from collections import deque

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from support.engine_jobs import DEMO, RESOURCES, a_job, a_model

from wan_desktop.domain.errors import BadOutput, Cancelled, InvalidRequest, Paused, SnapshotUnfit
from wan_desktop.domain.events import Kept, Note, Progress, Resumed
from wan_desktop.domain.job import Stage, WorkFiles
from wan_desktop.domain.request import Lora
from wan_desktop.engine import job_run, keeping, loaded, sampler_state, samplers
from wan_desktop.engine.control import Control
from wan_desktop.engine.renderer import Renderer
from wan_desktop.engine.stopwatch import Stopwatch
from wan_desktop.jobs.cancel import CancelToken

STEPS = 4


@pytest.fixture(scope="module")
def renderer(cpu, tmp_path_factory):
    return Renderer(cpu, tmp_path_factory.mktemp("cache"), RESOURCES)


@pytest.fixture
def files(tmp_path):
    kept = tmp_path / "not there yet"
    return WorkFiles(str(tmp_path / "part"), str(kept / "snapshot"), str(kept / "latents"), 0.0)


class Run:
    """One render, to its end or to the pause after `pause_after` steps; `copies` gets every snapshot."""

    def __init__(self, renderer, device, job, files, image=None, pause_after=0, copies=None):
        token, groups, self.events, self.paused = CancelToken(), [], [], False
        try:
            for event in renderer.render(
                job, a_model(), image, groups.append, Stopwatch(device), Control(token), files
            ):
                self.events.append(event)
                if isinstance(event, Progress) and event.stage is Stage.DENOISING:
                    if pause_after and event.done == pause_after:
                        token.pause()
                if copies and isinstance(event, Kept) and not event.latents:
                    shutil.copy(files.snapshot, copies / str(event.step))
        except Paused:
            self.paused = True
        self.frames = np.concatenate(groups) if groups else None

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]


@pytest.mark.parametrize("with_image", [False, True])
@pytest.mark.parametrize("sampler", samplers.SAMPLERS)
def test_going_on_after_any_step_gives_the_same_frames(
    renderer, cpu, files, tmp_path, picture, sampler, with_image
):
    job = a_job(sampler=sampler, num_inference_steps=STEPS, image="sha" if with_image else None)
    image = picture if with_image else None
    copies = tmp_path / "copies"
    copies.mkdir()
    whole = Run(renderer, cpu, job, files, image, copies=copies)
    steps = sorted(int(file.name) for file in copies.iterdir())
    assert steps == list(range(1, len(steps) + 1))
    assert steps
    for step in steps:
        (tmp_path / "not there yet" / "latents").unlink()
        shutil.copy(copies / str(step), files.snapshot)
        again = Run(renderer, cpu, job, files, image)
        assert again.of(Resumed) == [Resumed(job.id, step, STEPS)]
        assert np.array_equal(again.frames, whole.frames)


def test_a_pause_keeps_its_step_and_a_second_one_goes_on_from_there(renderer, cpu, files):
    whole = Run(renderer, cpu, a_job(num_inference_steps=STEPS), WorkFiles("", "", "")).frames
    rarely = dataclasses.replace(files, snapshot_every_s=1000.0)
    job = a_job(num_inference_steps=STEPS)
    for step in (1, 3):
        run = Run(renderer, cpu, job, rarely, pause_after=step)
        assert run.paused
        assert run.frames is None
        assert run.of(Kept) == [Kept(job.id, step, STEPS)]
    last = Run(renderer, cpu, job, rarely)
    assert last.of(Resumed) == [Resumed(job.id, 3, STEPS)]
    assert last.of(Kept) == [Kept(job.id, STEPS, STEPS, latents=True)]
    assert np.array_equal(last.frames, whole)


def test_finished_latents_are_decoded_without_drawing(renderer, cpu, files, tmp_path):
    job = a_job(num_inference_steps=STEPS)
    whole = Run(renderer, cpu, job, files)
    assert [k.step for k in whole.of(Kept)] == [1, 2, 3, 4]
    assert not (tmp_path / "not there yet" / "snapshot").exists()
    again = Run(
        renderer, cpu, dataclasses.replace(a_job(num_inference_steps=STEPS, fps=12), latents_of="job1"), files
    )
    assert again.events[0] == Resumed(job.id, STEPS, STEPS)
    assert {p.stage for p in again.of(Progress)} == {Stage.DECODING}
    assert np.array_equal(again.frames, whole.frames)


def test_latents_that_were_promised_and_are_gone(renderer, cpu, files):
    with pytest.raises(SnapshotUnfit, match="not there any more") as told:
        Run(renderer, cpu, dataclasses.replace(a_job(), latents_of="other"), files)
    assert told.value.action == "Start again with the same seed"


@pytest.fixture(scope="module")
def kept(renderer, cpu, tmp_path_factory):
    """A paused render's files."""
    folder = tmp_path_factory.mktemp("kept")
    files = WorkFiles(str(folder / "part"), str(folder / "snapshot"), str(folder / "latents"), 0.0)
    assert Run(renderer, cpu, a_job(), files, pause_after=1).paused
    return folder


def fits(kept, job=None, model=None, **changed):
    made = keeping.origin(job or a_job(), model or a_model(), "") | changed
    return keeping.load_snapshot(kept / "snapshot", made)


def test_what_is_the_same_fits(kept):
    assert fits(kept).step == 1
    assert fits(kept, a_job(fps=8, preset="other"), plan="another").step == 1


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"job": a_job(seed=8)}, "another render"),
        ({"job": a_job(prompt="other")}, "another render"),
        ({"job": a_job(sampler="other")}, "another render"),
        ({"job": a_job(image="sha")}, "another render"),
        ({"model": a_model(fingerprint="other")}, "model has changed"),
        ({"torch": "2.9"}, "torch 2"),
        ({"diffusers": "0.39"}, "this program has 0.39"),
        ({"format": 0}, "another version"),
    ],
)
def test_what_is_of_another_render_is_refused(kept, what, words):
    with pytest.raises(SnapshotUnfit, match=words) as told:
        fits(kept, **what)
    assert told.value.action == "Start again with the same seed"


def test_a_lora_that_is_another_one_now_is_not_gone_on_with(renderer, cpu, files, tmp_path):
    """The request names its file, which may be written anew or go; what was drawn to its end is developed."""
    file, aside = tmp_path / "cats.safetensors", tmp_path / "aside"
    write_lora(file, 1)
    job = a_job(loras=(Lora(str(file), 1.0, "as it was queued"),))
    drawn = WorkFiles("", str(tmp_path / "drawn" / "snapshot"), str(tmp_path / "drawn" / "latents"), 0.0)
    whole = Run(renderer, cpu, job, drawn).frames
    assert Run(renderer, cpu, job, files, pause_after=1).paused
    file.rename(aside)
    with pytest.raises(InvalidRequest, match=r"cats.*there is no such file"):
        Run(renderer, cpu, job, files)
    write_lora(file, 2)
    with pytest.raises(SnapshotUnfit, match=r"LoRA .*cats.* has changed") as told:
        Run(renderer, cpu, job, files)
    assert told.value.action == "Start again with the same seed"
    assert np.array_equal(Run(renderer, cpu, job, drawn).frames, whole)
    aside.replace(file)
    again = Run(renderer, cpu, job, files)
    assert again.of(Resumed) == [Resumed(job.id, 1, 3)]
    assert np.array_equal(again.frames, whole)


def write_lora(file, seed):
    from safetensors.torch import save_file

    width = load_file(DEMO / "transformer" / "diffusion_pytorch_model.safetensors")[
        "blocks.0.attn1.to_q.weight"
    ].shape[0]
    generator = torch.Generator().manual_seed(seed)
    shapes = {"lora_down": (4, width), "lora_up": (width, 4)}
    save_file(
        {
            f"diffusion_model.blocks.0.self_attn.q.{name}.weight": torch.randn(shape, generator=generator)
            for name, shape in shapes.items()
        },
        file,
    )


def test_every_flipped_bit_and_every_cut_is_noticed(kept, tmp_path):
    """Every byte of the header, and a thousand places in the numbers."""
    whole = (kept / "snapshot").read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(0, header, 7), *np.linspace(header, len(whole) - 1, 300).astype(int)]
    file = tmp_path / "snapshot"
    for number, place in enumerate(places):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << number % 8
        file.write_bytes(damaged)
        with pytest.raises(SnapshotUnfit, match="damaged"):
            fits(tmp_path)
    for size in (0, 1, 8, header // 2, header, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:size])
        with pytest.raises(SnapshotUnfit, match="damaged"):
            fits(tmp_path)
    file.write_bytes(whole + b"\0")
    with pytest.raises(SnapshotUnfit, match="damaged"):
        fits(tmp_path)


def test_a_damaged_snapshot_fails_the_job_before_anything_is_loaded(cpu, files, tmp_path):
    (tmp_path / "not there yet").mkdir()
    (tmp_path / "not there yet" / "snapshot").write_bytes(b"nonsense")
    with pytest.raises(SnapshotUnfit, match="damaged"):
        Run(Renderer(cpu, tmp_path, RESOURCES), cpu, a_job(), files)


def test_a_disk_that_refuses_is_told_once_and_the_clip_is_made(renderer, cpu, tmp_path):
    (tmp_path / "a file").write_bytes(b"")
    lost = str(tmp_path / "a file" / "snapshot")
    run = Run(renderer, cpu, a_job(), WorkFiles("", lost, lost + "2", 0.0))
    assert run.frames.shape == (9, 64, 96, 3)
    assert "could not be kept" in run.of(Note)[0].sentence
    assert not run.of(Kept)


@pytest.mark.parametrize("good_steps", [1, 2])
def test_numbers_that_overflow_are_kept_aside_and_the_last_good_step_is_gone_on_from(
    renderer, cpu, files, tmp_path, good_steps
):
    """Three steps of two calls each; a fault of the moment, and the next try gives the undisturbed frames."""
    whole = Run(renderer, cpu, a_job(), WorkFiles("", "", "")).frames
    pipeline = renderer.load(a_model()).pipeline
    calls, events = [], []

    def overflow(module, args, out):
        calls.append(1)
        return out * float("inf") if len(calls) > 2 * good_steps else out

    hook = pipeline.transformer.proj_out.register_forward_hook(overflow)
    render = renderer.render(a_job(), a_model(), None, print, Stopwatch(cpu), Control(CancelToken()), files)
    with pytest.raises(BadOutput, match="overflowed"):
        deque(map(events.append, render), maxlen=0)
    hook.remove()
    assert [e for e in events if isinstance(e, Kept)] == [Kept("job1", n + 1, 3) for n in range(good_steps)]
    assert (tmp_path / "not there yet" / "latents").exists()
    with pytest.raises(BadOutput) as told:
        Run(renderer, cpu, dataclasses.replace(a_job(), latents_of="job1"), files)
    assert told.value.action == "Use a lower guidance"
    again = Run(renderer, cpu, a_job(), files)
    assert again.of(Resumed) == [Resumed("job1", good_steps, 3)]
    assert np.array_equal(again.frames, whole)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("refused"), MemoryError()])
def test_memory_that_runs_out_in_a_step_leaves_what_was_kept_before_told(renderer, cpu, files, error):
    """Its note says where the next memory plan goes on: the step whose snapshot was just being written."""
    job, told, forwards = a_job(num_inference_steps=STEPS), [], []

    def refuse(module, args):
        forwards.append(module)
        if len(forwards) == 2 * STEPS:  # the last step's second forward
            raise error

    transformer = renderer.load(a_model()).pipeline.transformer
    handle = transformer.register_forward_pre_hook(refuse)
    render = renderer.render(job, a_model(), None, print, Stopwatch(cpu), files=files)
    with pytest.raises(type(error)):
        deque(map(told.append, render), maxlen=0)
    handle.remove()
    assert [event.step for event in told if isinstance(event, Kept)] == [1, 2, 3]
    assert Run(renderer, cpu, job, files).of(Resumed) == [Resumed(job.id, 3, STEPS)]


def test_overflow_in_another_precision_blames_that():
    with pytest.raises(BadOutput, match="fp8") as told:
        job_run.check_finite(torch.tensor([1.0, torch.nan]), a_job(precision="fp8").request)
    assert told.value.action == "Use the exact precision"


def test_damaged_latents_are_refused(renderer, cpu, files, tmp_path):
    Run(renderer, cpu, a_job(), files)
    place = tmp_path / "not there yet" / "latents"
    data = bytearray(place.read_bytes())
    data[-5] ^= 4
    place.write_bytes(data)
    for job in (a_job(), dataclasses.replace(a_job(), latents_of="job1")):
        with pytest.raises(SnapshotUnfit, match="damaged"):
            Run(renderer, cpu, job, files)


def test_weights_are_read_piece_by_piece(pipeline):
    ticks = []
    loaded.read_in(pipeline.text_encoder, lambda: ticks.append(1))
    assert len(ticks) >= len(list(pipeline.text_encoder.parameters()))
    large = torch.nn.Linear(6000, 6000, bias=False).requires_grad_(False)
    ticks.clear()
    loaded.read_in(large, lambda: ticks.append(1))
    assert len(ticks) == 3

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        loaded.read_in(large, stop)


def test_a_scheduler_s_state_is_everything_and_strangers_are_refused():
    scheduler = samplers.make("unipc", 5, 5.0, "cpu")
    scheduler.generator = torch.Generator().manual_seed(3)
    torch.randn(7, generator=scheduler.generator)
    scheduler.words = {"a": (1, [2.5, None]), "b": torch.tensor(3)}
    state = sampler_state.state(scheduler)
    expected = torch.randn(5, generator=scheduler.generator)
    fresh = samplers.make("unipc", 5, 5.0, "cpu")
    sampler_state.restore(fresh, state, torch.device("cpu"))
    assert torch.equal(torch.randn(5, generator=fresh.generator), expected)
    assert fresh.words == {"a": (1, [2.5, None]), "b": torch.tensor(3)}
    scheduler.stranger = object()
    with pytest.raises(TypeError, match="stranger"):
        sampler_state.state(scheduler)
