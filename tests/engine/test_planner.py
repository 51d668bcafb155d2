"""The plan that a render begins with: the one asked for, or the first that fits; never one that ran out before."""

import dataclasses

import pytest
import torch
from support.engine_jobs import a_job, a_model

from wan_desktop.domain.memory import CARD_PLANS
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.engine import decode, full_size, levers, plans
from wan_desktop.engine.decode import decode_frames
from wan_desktop.engine.device import Device, pinnable
from wan_desktop.engine.dry_run import Meter, peak_bytes
from wan_desktop.engine.forecast import WORKSPACE, Forecast, Size
from wan_desktop.engine.planner import Planner

CARD = Device("cuda:0", "a card", "bfloat16", "2.13.0", 24 * 2**30)
SIZE = Size(256, 160, 25)


@pytest.fixture
def free(monkeypatch):
    """Sets how many bytes are free on the card, of the computer's memory, and on the disk of temporary files."""

    def set_free(card, memory=2**40, disk=2**40):
        monkeypatch.setattr("wan_desktop.engine.planner.free_memory", lambda device: card)
        monkeypatch.setattr("wan_desktop.engine.planner.host_memory", lambda: memory)
        monkeypatch.setattr("wan_desktop.engine.planner.spill_room", lambda: disk)

    monkeypatch.setattr(levers, "of", lambda *_: levers.NONE)
    return set_free


@pytest.fixture(scope="module")
def forecast(cpu):
    return Forecast.of(a_model(), cpu)


def test_names_are_those_of_the_plans():
    assert tuple(plan.name for plan in plans.CARD) == CARD_PLANS


def test_a_card_gets_the_first_plan_that_fits(free):
    planner = Planner(CARD)
    free(2**40)
    assert planner.number(a_job(), a_model()) == 0
    free(0)
    assert planner.number(a_job(), a_model()) == len(plans.CARD) - 1
    seen = []
    for mib in range(150, 260, 2):
        free(mib * 2**20)
        seen.append(planner.number(a_job(width=256, height=160, num_frames=25), a_model()))
    assert seen == sorted(seen, reverse=True)


FRAMES = int(256 * 160 * 25 * 3 * plans.SPARE) + plans.SPARE_BYTES + 1
"""What must be free where the frames of `SIZE` wait for the last tile."""


@pytest.mark.parametrize(
    ("keep", "memory", "disk", "name"),
    [
        (2**30, FRAMES, 0, "tiled"),
        (2**30, 0, FRAMES, "tiled"),
        (0, 0, FRAMES, "tiled"),
        (0, 2**40, FRAMES - 2, "least"),  # too many for memory, and the disk is full
        (0, FRAMES, 0, "tiled"),  # developing on the processor fits no better: the job waits for its disk
        (2**30, FRAMES - 2, FRAMES - 2, "tiled"),
    ],
)
def test_frames_that_wait_for_the_last_tile_count(free, monkeypatch, keep, memory, disk, name):
    """A card with room for the plan "tiled"."""
    monkeypatch.setattr(plans, "KEEP_BYTES", keep)
    free(2**40, 0, 0)
    job = a_job(width=SIZE.width, height=SIZE.height, num_frames=SIZE.num_frames)
    planner = Planner(CARD)
    assert planner.number(job, a_model()) == 0  # where no frames wait, nothing of the computer's is asked for
    of_card = Forecast.of(a_model(), CARD)
    free(int(of_card.peak(plans.CARD[2], SIZE) * plans.SPARE) + plans.SPARE_BYTES + 1, memory, disk)
    assert plans.CARD[planner.number(job, a_model())].name == name


def test_a_plan_that_ran_out_is_not_tried_again(free):
    free(2**40)
    job = dataclasses.replace(a_job(), plan=3)
    assert Planner(CARD).number(job, a_model()) == 3
    assert Planner(CARD).number(dataclasses.replace(a_job(plan="streamed"), plan=3), a_model()) == 3


@pytest.mark.parametrize("name", CARD_PLANS)
def test_a_plan_can_be_asked_for(free, cpu, name):
    free(2**40)
    assert Planner(CARD).number(a_job(plan=name), a_model()) == CARD_PLANS.index(name)
    assert Planner(cpu).number(a_job(plan=name), a_model()) == (0 if name == "whole" else 1)


def test_where_nothing_can_be_foretold_the_first_plan_begins(free, monkeypatch):
    free(2**40)
    monkeypatch.setattr(
        Forecast, "peaks", lambda *_: (_ for _ in ()).throw(NotImplementedError("no meta kernel"))
    )
    assert Planner(CARD).number(a_job(), a_model()) == 0


def test_less_is_foretold_for_plans_that_need_less(forecast):
    for stage in ("denoising", "decoding"):
        peaks = [forecast.peaks(plan, SIZE)[stage] for plan in plans.CARD]
        assert peaks == sorted(peaks, reverse=True)
    assert forecast.peak(plans.CARD[0], SIZE) > forecast.peak(plans.CARD[3], SIZE)


def test_a_longer_clip_needs_no_more_to_decode(forecast):
    longer = dataclasses.replace(SIZE, num_frames=97)
    for plan in plans.CARD:
        assert forecast.peaks(plan, longer)["decoding"] == forecast.peaks(plan, SIZE)["decoding"]


def test_what_is_foretold_is_what_is_held(pipeline, forecast):
    """The same code on real tensors, counted by the same meter: within a tenth."""
    latents = torch.randn(1, 48, 2, 10, 16)
    held = Meter("cpu")
    held.leave_out([*pipeline.vae.parameters(), *pipeline.vae.buffers(), latents])
    with held:
        for _ in decode_frames(pipeline.vae, latents):
            pass
    weights = sum(p.nbytes for p in pipeline.vae.parameters())
    foretold = forecast.peaks(plans.CARD[0], SIZE)["decoding"] - weights
    assert held.peak == pytest.approx(foretold - WORKSPACE, rel=0.1)
    assert forecast.on_processor(plans.CARD[-1], SIZE) == foretold - WORKSPACE + weights
    assert [forecast.on_processor(plan, SIZE) for plan in plans.CARD[:-1]] == [0] * (len(plans.CARD) - 1)


@pytest.mark.parametrize("size", [Size(1280, 704, 121), Size(832, 480, 25)])
def test_a_card_foretells_what_the_processor_takes_in_float32(size):
    """Of the 5 B's decoder, from the half precision that the card has."""
    told = []
    for dtype in (torch.bfloat16, torch.float32):
        parts = (full_size.outline(name, dtype) for name in (TRANSFORMER, VAE, TEXT_ENCODER))
        forecast = Forecast(*parts, levers=levers.NONE, compiled=False)
        told.append(forecast.on_processor(plans.CARD[-1], size))
    assert told[0] == pytest.approx(told[1], rel=0.05)


@pytest.mark.parametrize("plan", plans.CARD, ids=CARD_PLANS)
def test_what_waits_in_the_computer_is_foretold(pipeline, forecast, monkeypatch, plan):
    sizes = []
    room = decode._Frames.__enter__
    monkeypatch.setattr(decode._Frames, "__enter__", lambda self: sizes.append(made := room(self)) or made)
    for _ in decode_frames(pipeline.vae, torch.randn(1, 48, 3, 4, 6), plan.cut):
        pass
    assert sum(frames.nbytes for frames in sizes) == forecast.waiting(plan, Size(96, 64, 9))


def test_the_meter_counts_what_lives():
    def work():
        one = torch.empty(1000, device="meta")
        two = torch.empty(2000, device="meta")
        del one
        torch.empty(500, device="meta")
        return two[:10]

    assert peak_bytes(work) == 4096 + 8192


def test_some_of_the_memory_stays_unpinned():
    import psutil

    assert 0 <= pinnable() < psutil.virtual_memory().total
