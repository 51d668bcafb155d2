"""Previews: the right colours, a bounded size, a bounded rate."""

import json

import pytest
import torch
from support.engine_jobs import RESOURCES

from wan_desktop.engine.previews import MAX_BYTES, MAX_WIDTH, LatentRgb, Pace


def a_map():
    factors = [[0.0, 0.0, 0.0] for _ in range(48)]
    factors[0], factors[1] = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    return LatentRgb(factors, [0.0, 0.0, -1.0])


def test_colours():
    latents = torch.zeros(1, 48, 2, 4, 6)
    latents[:, 0, 0], latents[:, 1, 0] = 1.0, -1.0
    latents[:, 0, 1], latents[:, 1, 1] = -1.0, 0.0
    first, second = a_map().frames(latents)
    assert first.rgb[:3] == bytes([255, 0, 0])
    assert set(first.rgb[0::3]) == {255}
    assert second.rgb[0] == 0
    assert second.rgb[1] in (127, 128)


@pytest.mark.parametrize("shape", [(7, 10, 16), (31, 44, 80), (61, 42, 120), (61, 120, 42), (1, 4, 4)])
def test_size_is_bounded(shape):
    frames = a_map().frames(torch.zeros(1, 48, *shape))
    assert len(frames) == shape[0]
    assert sum(len(f.rgb) for f in frames) <= MAX_BYTES
    assert all(f.width <= MAX_WIDTH and len(f.rgb) == f.width * f.height * 3 for f in frames)
    assert frames[0].width / frames[0].height == pytest.approx(shape[2] / shape[1], rel=0.05)


def test_numbers_that_overflowed_are_shown_not_raised():
    latents = torch.full((1, 48, 1, 4, 4), float("nan"))
    assert len(a_map().frames(latents)) == 1


def test_pace():
    pace = Pace(0.4)
    assert pace.due(10.0, last=False)
    assert not pace.due(10.3, last=False)
    assert pace.due(10.35, last=True)
    assert not pace.due(10.5, last=False)
    assert pace.due(10.8, last=False)


def test_the_full_models_map_is_there():
    found = json.loads((RESOURCES / "latent_rgb" / "wan22.json").read_text())
    frames = LatentRgb.from_json(found).frames(torch.randn(1, 48, 1, 4, 4))
    assert len(set(frames[0].rgb)) > 10
