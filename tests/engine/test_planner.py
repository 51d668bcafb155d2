"""The plan that a render begins with: the one asked for, or the first that fits; never one that ran out before."""

import dataclasses

import pytest
import torch
from support.engine_jobs import a_job, a_model

from wan_desktop.domain.memory import CARD_PLANS
from wan_desktop.engine import levers, plans
from wan_desktop.engine.decode import decode_frames
from wan_desktop.engine.device import Device, pinnable
from wan_desktop.engine.dry_run import Meter, peak_bytes
from wan_desktop.engine.forecast import WORKSPACE, Forecast, Size
from wan_desktop.engine.planner import Planner

CARD = Device("cuda:0", "a card", "bfloat16", "2.13.0", 24 * 2**30)
SIZE = Size(256, 160, 25)


@pytest.fixture
def free(monkeypatch):
    """Sets how many bytes are free on the card."""

    def set_free(count):
        monkeypatch.setattr("wan_desktop.engine.planner.free_memory", lambda device: count)

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
