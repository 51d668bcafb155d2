"""Muon: momentum whose matrix updates are made orthogonal, for the transformer's weight matrices.

After Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024); the scale that lets it share a
learning rate with AdamW is that of Liu et al., "Muon is scalable for LLM training" (2025), section 2.2, doubled: a
matrix of this size then moves about half as far as in Jordan's own runs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan et al.: Newton-Schulz of degree five
_ROUNDS = 5
SCALE = 0.4  # root mean square of an update at learning rate 1


def orthogonalised(matrices: Tensor) -> Tensor:
    """About the nearest semi-orthogonal matrix of each of [K, rows, columns], rows <= columns, in bfloat16."""
    a, b, c = _COEFFICIENTS
    x = matrices.bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


class Muon:
    """Updates 2-D `parameters`; those of one shape are worked on together."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        shapes: dict[tuple[int, int], list[nn.Parameter]] = {}
        for parameter in parameters:
            shapes.setdefault((parameter.shape[0], parameter.shape[1]), []).append(parameter)
        self.groups = list(shapes.values())
        self.momenta = [torch.zeros((len(g), *g[0].shape), device=g[0].device) for g in self.groups]

    @torch.no_grad()
    def step(self, rate: Tensor) -> None:
        """One update at learning rate `rate` (scalar on the parameters' device)."""
        for group, momentum in zip(self.groups, self.momenta, strict=True):
            gradients = torch.stack([parameter.grad for parameter in group])
            momentum.lerp_(gradients, 1 - MOMENTUM)
            update = gradients.lerp(momentum, MOMENTUM)
            rows, columns = update.shape[1:]
            flat = rows <= columns
            straight = orthogonalised(update if flat else update.transpose(1, 2))
            straight = (straight if flat else straight.transpose(1, 2)).float()
            steps = straight * (rate * SCALE * max(rows, columns) ** 0.5)
            torch._foreach_sub_(group, list(steps.unbind(0)))
