"""Signed distances of the demo world's shapes, all within 1.04 of a unit radius, y pointing down, negative inside.

The formulas for triangle, star and heart follow Inigo Quilez, "2D distance functions" (MIT).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT3 = 3.0**0.5

INSIDE: dict[str, tuple[float, float]] = {"ring": (-0.7, 0.0), "moon": (-0.38, 0.15)}
"""A point well inside of the kinds whose middle is empty, in radii; all others are filled at (0, 0)."""


def _ball(x: Tensor, y: Tensor) -> Tensor:
    return torch.sqrt(x * x + y * y) - 0.94


def _box(x: Tensor, y: Tensor, width: float, height: float) -> Tensor:
    qx, qy = x.abs() - width, y.abs() - height
    outside = torch.sqrt(qx.clamp(min=0) ** 2 + qy.clamp(min=0) ** 2)
    return outside + torch.maximum(qx, qy).clamp(max=0)


def _square(x: Tensor, y: Tensor) -> Tensor:
    return _box(x, y, 0.67, 0.67) - 0.09


def _triangle(x: Tensor, y: Tensor, side: float = 0.84) -> Tensor:
    px, py = x.abs() - side, side / _ROOT3 - y
    fold = px + _ROOT3 * py > 0
    px, py = torch.where(fold, (px - _ROOT3 * py) / 2, px), torch.where(fold, (-_ROOT3 * px - py) / 2, py)
    px = px - px.clamp(-2 * side, 0)
    return -torch.sqrt(px * px + py * py) * py.sign() - 0.06


def _star(x: Tensor, y: Tensor, inner: float = 0.5) -> Tensor:
    ax, ay = 0.809016994375, -0.587785252292
    px, py = x.abs() * 1.06, -y * 1.06
    for kx in (ax, -ax):
        along = 2 * (kx * px + ay * py).clamp(min=0)
        px, py = px - along * kx, py - along * ay
    px, py = px.abs(), py - 1.0
    bx, by = -inner * ay, inner * ax - 1.0
    h = ((px * bx + py * by) / (bx * bx + by * by)).clamp(0, 1.0)
    distance = torch.sqrt((px - bx * h) ** 2 + (py - by * h) ** 2)
    return distance * (py * bx - px * by).sign() / 1.06 - 0.06


def _heart(x: Tensor, y: Tensor, scale: float = 0.67) -> Tensor:
    px, py = (x * scale).abs(), 0.53 - y * scale
    lobe = torch.sqrt((px - 0.25) ** 2 + (py - 0.75) ** 2) - 0.35355339
    fold = 0.5 * (px + py).clamp(min=0)
    cusp = torch.minimum(px**2 + (py - 1) ** 2, (px - fold) ** 2 + (py - fold) ** 2)
    return torch.where(px + py > 1, lobe, torch.sqrt(cusp) * (px - py).sign()) / scale


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return (torch.sqrt(x * x + y * y) - 0.72).abs() - 0.22


def _cross(x: Tensor, y: Tensor) -> Tensor:
    return torch.minimum(_box(x, y, 0.88, 0.25), _box(x, y, 0.25, 0.88)) - 0.08


def _moon(x: Tensor, y: Tensor, cos: float = 0.921, sin: float = -0.389) -> Tensor:
    """A crescent, tilted, open to the upper right, shifted so that its middle is near its mass."""
    px, py = x * cos - y * sin - 0.22, x * sin + y * cos
    full = torch.sqrt(px * px + py * py) - 0.88
    cut = torch.sqrt((px - 0.50) ** 2 + py * py) - 0.76
    return torch.maximum(full, -cut) - 0.02


SHAPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "ball": _ball,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "heart": _heart,
    "cross": _cross,
    "moon": _moon,
}
"""Distance of points (x, y), in radii, by kind."""
