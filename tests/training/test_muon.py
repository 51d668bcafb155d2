"""Muon's matrix updates."""

import torch

from training.muon import Muon, orthogonalised


def test_updates_are_nearly_orthogonal_whatever_the_gradient() -> None:
    torch.manual_seed(0)
    matrices = torch.randn(3, 16, 48) * torch.logspace(0, -1.5, 16)[None, :, None]
    values = torch.linalg.svdvals(orthogonalised(matrices).float())
    assert values.min() > 0.3
    assert values.max() < 1.4


def test_a_step_goes_downhill_with_the_size_of_the_rate() -> None:
    torch.manual_seed(0)
    wide, tall = torch.nn.Parameter(torch.zeros(8, 32)), torch.nn.Parameter(torch.zeros(32, 8))
    goals = torch.randn(8, 32), torch.randn(32, 8)
    muon = Muon([wide, tall])
    ((wide - goals[0]) ** 2).sum().add(((tall - goals[1]) ** 2).sum()).backward()
    muon.step(torch.tensor(0.01))
    for matrix, goal in zip((wide, tall), goals, strict=True):
        assert (matrix * goal).sum() > 0
        assert 0.002 < matrix.square().mean().sqrt() < 0.008  # 0.4 of the rate
