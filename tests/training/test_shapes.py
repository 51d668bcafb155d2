"""The shapes are all about one radius in size, filled where they say, and told apart."""

import torch

from training.scene import KINDS
from training.shapes import INSIDE, SHAPES


def masks() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x, y in radii, and what is inside of each kind [8, 241, 241]."""
    line = torch.linspace(-1.2, 1.2, 241)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return x, y, torch.stack([SHAPES[kind](x, y) < 0 for kind in KINDS])


def test_every_kind_has_a_shape_within_its_radius() -> None:
    assert tuple(sorted(SHAPES)) == tuple(sorted(KINDS))
    x, y, inside = masks()
    reach = torch.stack([torch.sqrt(x * x + y * y)[mask].max() for mask in inside])
    assert (reach < 1.05).all()
    assert (reach > 0.9).all()


def test_kinds_are_filled_where_they_say() -> None:
    for kind in KINDS:
        x, y = (torch.tensor([value]) for value in INSIDE.get(kind, (0.0, 0.0)))
        assert SHAPES[kind](x, y).item() < -0.15, kind
    for kind in INSIDE:
        assert SHAPES[kind](torch.zeros(1), torch.zeros(1)).item() > 0 or kind == "moon"


def test_no_two_kinds_cover_the_same() -> None:
    inside = masks()[2].flatten(1).float()
    common = inside @ inside.T
    union = inside.sum(1)[:, None] + inside.sum(1)[None] - common
    overlap = (common / union).fill_diagonal_(0)
    assert overlap.max() < 0.85
