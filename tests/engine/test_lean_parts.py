"""Pieces in parts give what they give at once."""

import pytest
import torch

from wan_desktop.engine.lean_parts import in_parts
from wan_desktop.engine.lean_pieces import EAGER

FRAMES, A_FRAME, WIDTH, HEAD = 5, 6, 16, 8


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("frames", [1, FRAMES])
@pytest.mark.parametrize("name", ["modulate", "turn", "norm_heads", "leave_self", "leave_text", "gated"])
def test_parts_are_the_whole(name, frames, count):
    x, y = random(2, FRAMES * A_FRAME, WIDTH), random(2, FRAMES * A_FRAME, WIDTH) + 1
    row, other, weight = random(2, frames, WIDTH), random(2, frames, WIDTH) - 1, random(WIDTH)
    cos, sin = random(FRAMES * A_FRAME, 1, HEAD), random(FRAMES * A_FRAME, 1, HEAD) + 1
    arguments = {
        "modulate": (x, row, other, 1e-6),
        "turn": (x, weight, cos, sin, 1e-6),
        "norm_heads": (x, weight, HEAD, 1e-6),
        "leave_self": (x, y, row, weight, weight, 1e-6),
        "leave_text": (x, y, row, other, 1e-6),
        "gated": (x, y, row),
    }[name]
    whole = getattr(EAGER, name)(*arguments)
    parts = getattr(in_parts(EAGER, count), name)(*arguments)
    for one, two in zip(*((t if isinstance(t, tuple) else (t,)) for t in (whole, parts)), strict=True):
        assert torch.allclose(one, two, atol=1e-6)
        assert one.shape == two.shape
