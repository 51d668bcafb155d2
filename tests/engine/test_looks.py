"""Frames nobody wants are noticed; dark, still and fading clips are left alone."""

import numpy as np
import pytest
import torch
from support.engine_jobs import RESOURCES, a_job, a_model

from wan_desktop.domain.events import Note
from wan_desktop.engine.looks import BLACK, FROZEN, PLAIN, Looks
from wan_desktop.engine.renderer import Renderer
from wan_desktop.engine.stopwatch import Stopwatch


@pytest.fixture(scope="module")
def renderer(cpu, tmp_path_factory):
    return Renderer(cpu, tmp_path_factory.mktemp("cache"), RESOURCES)


def render(renderer, cpu, job):
    groups = []
    events = list(renderer.render(job, a_model(), None, groups.append, Stopwatch(cpu)))
    return np.concatenate(groups), [event.sentence for event in events if isinstance(event, Note)]


@pytest.fixture(scope="module")
def clip(renderer, cpu):
    """A real clip, uint8 [9, 64, 96, 3]."""
    frames, notes = render(renderer, cpu, a_job(num_inference_steps=8))
    assert not notes
    return frames


def look(frames):
    looks = Looks()
    for group in np.split(frames, [1, 5]):
        looks.see(group)
    return looks.note()


def still(clip):
    return np.repeat(clip[4:5], 9, axis=0)


def test_black_at_each_end_of_what_counts(clip):
    assert look(clip // 16) == BLACK
    assert look(np.zeros_like(clip)) == BLACK


def test_a_dark_night_with_one_star_is_not_black(clip):
    night = clip // 16
    night[:, 20, 30] = 200
    for i in range(9):
        night[i, 40, 10 + i] = 90
    assert look(night) == ""


def test_one_even_colour(clip):
    assert look(np.full_like(clip, 128)) == PLAIN
    noisy = 100 + clip // 32
    assert look(noisy) == PLAIN


def test_a_fade_of_even_frames_is_no_fault(clip):
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    assert look(np.broadcast_to(levels[:, None, None, None], clip.shape)) == ""


def test_frozen_and_just_not_frozen(clip):
    assert look(still(clip)) == FROZEN
    speck = still(clip)
    speck[-1, 30:32, 40:42] ^= 128
    assert look(speck) == ""
    brighter = still(clip).astype(int)
    brighter[5:] += 1
    assert look(brighter.clip(0, 255).astype(np.uint8)) == ""
    assert look(still(clip)[:1]) == ""


def test_a_drawn_still_scene_is_not_frozen(renderer, cpu):
    """The built-in model on something that stands still: frames differ by more than rounding."""
    _, notes = render(renderer, cpu, a_job(prompt="a blue circle standing still over a green background"))
    assert not notes


def test_a_broken_decoder_is_told_with_the_clip(renderer, cpu):
    bias = renderer.load(a_model()).pipeline.vae.decoder.conv_out.bias
    good = bias.data
    bias.data = torch.full_like(good, torch.nan)
    frames, notes = render(renderer, cpu, a_job())
    bias.data = good
    assert not frames.any()
    assert notes == [BLACK]
