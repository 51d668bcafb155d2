"""The measurement of this computer, on networks small enough to be measured whole."""

import dataclasses

import pytest
import torch

from benchmarks.random_5b import TINY
from wan_desktop.domain.benchmark import Benchmark
from wan_desktop.engine import bench
from wan_desktop.engine.bench import STEPS, Bench, Scale

SCALE = Scale(96, 192, (2, 2), 1)
TOLD = Benchmark(
    device="cuda:0",
    device_name="a card",
    torch="2.13.0",
    linear=1e-5,
    squared=1e-9,
    transfer=0.0,
    decode=1e-4,
    text=2.0,
    plan="whole",
    scaled=False,
    measured_at=1.0,
)


def test_every_step_is_done_and_told(cpu):
    work = Bench(cpu, TINY, SCALE)
    assert tuple(work.steps()) == STEPS
    found = work.result()
    assert min(found.squared, found.decode, found.text) > 0
    assert found.linear >= 0
    assert found.transfer == 0
    assert (found.scaled, found.plan, found.device_name) == (True, "whole", cpu.label)
    assert found.seconds(96, 64, 9, 6) > found.seconds(96, 64, 9, 4) > found.seconds(64, 64, 9, 4)
    assert Benchmark.from_json(found.to_json()) == found


def test_where_the_whole_does_not_fit_a_part_is_measured(cpu, monkeypatch):
    monkeypatch.setattr(bench, "ON_SMALL_CARD", Scale(48, 96, (2, 2), 1))
    work, tried = Bench(cpu, TINY, SCALE), []
    attention = bench.levers.attention

    def once(*parts, **how):
        tried.append(parts[0].shape[1])
        if parts[0].shape[1] == SCALE.attention:
            raise torch.OutOfMemoryError("no")
        return attention(*parts, **how)

    monkeypatch.setattr(bench.levers, "attention", once)
    list(work.steps())
    assert {192, 96} <= set(tried)
    assert work.found["attention"][1] == 96
    assert work.result().squared > 0


def test_a_clip_costs_its_text_its_forwards_and_its_frames():
    tokens, latents = 31 * 40 * 22, 31 * 80 * 44
    forward = 1e-5 * tokens + 1e-9 * tokens**2
    assert TOLD.forward_seconds(1280, 704, 121) == pytest.approx(forward)
    assert TOLD.seconds(1280, 704, 121, 100) == pytest.approx(2.0 + 100 * forward + 1e-4 * latents)


def test_weights_that_come_to_the_card_take_their_time():
    streamed = dataclasses.replace(TOLD, transfer=5.0)
    assert streamed.forward_seconds(256, 160, 5) == 5.0
    assert dataclasses.replace(TOLD, transfer=0.1).forward_seconds(1280, 704, 121) > 1.0
