"""Signed distances of the demo world's shapes, all about one unit in radius, y pointing down, negative inside.

The formulas for triangle, star and heart follow Inigo Quilez, "2D distance functions" (MIT).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.words import THINGS

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT3 = 3.0**0.5


def _ball(x: Tensor, y: Tensor) -> Tensor:
    return torch.sqrt(x * x + y * y) - 0.92


def _square(x: Tensor, y: Tensor) -> Tensor:
    qx, qy = x.abs() - 0.72, y.abs() - 0.72
    outside = torch.sqrt(qx.clamp(min=0) ** 2 + qy.clamp(min=0) ** 2)
    return outside + torch.maximum(qx, qy).clamp(max=0) - 0.08


def _triangle(x: Tensor, y: Tensor, side: float = 0.9) -> Tensor:
    px, py = x.abs() - side, -(y - 0.12) + side / _ROOT3
    fold = px + _ROOT3 * py > 0
    px, py = torch.where(fold, (px - _ROOT3 * py) / 2, px), torch.where(fold, (-_ROOT3 * px - py) / 2, py)
    px = px - px.clamp(-2 * side, 0)
    return -torch.sqrt(px * px + py * py) * py.sign() - 0.05


def _star(x: Tensor, y: Tensor, inner: float = 0.48) -> Tensor:
    ax, ay = 0.809016994375, -0.587785252292
    px, py = x.abs(), -y
    for kx in (ax, -ax):
        along = 2 * (kx * px + ay * py).clamp(min=0)
        px, py = px - along * kx, py - along * ay
    px, py = px.abs(), py - 1.0
    bx, by = -inner * ay, inner * ax - 1.0
    h = ((px * bx + py * by) / (bx * bx + by * by)).clamp(0, 1.0)
    distance = torch.sqrt((px - bx * h) ** 2 + (py - by * h) ** 2)
    return distance * (py * bx - px * by).sign()


def _heart(x: Tensor, y: Tensor, scale: float = 0.62) -> Tensor:
    px, py = (x * scale).abs(), -y * scale + 0.52
    lobe = torch.sqrt((px - 0.25) ** 2 + (py - 0.75) ** 2) - 0.35355339
    fold = 0.5 * (px + py).clamp(min=0)
    cusp = torch.minimum(px**2 + (py - 1) ** 2, (px - fold) ** 2 + (py - fold) ** 2)
    return torch.where(px + py > 1, lobe, torch.sqrt(cusp) * (px - py).sign()) / scale


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return (torch.sqrt(x * x + y * y) - 0.70).abs() - 0.24


_SHAPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "ball": _ball,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "ring": _ring,
}


def signed_distance(kind: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Distance of (x, y) to shape `kind`.

    kind: [N] indices into THINGS; x, y: [N, ...] in units of the shape's radius. Returns [N, ...].
    """
    result = torch.empty_like(x)
    for index, name in enumerate(THINGS):
        rows = (kind == index).nonzero(as_tuple=True)[0]
        if len(rows):
            result[rows] = _SHAPES[name](x[rows], y[rows])
    return result
