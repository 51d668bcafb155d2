"""Drawing things: each is computed in a patch just large enough for it, one kind after another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from training.scene import KINDS
from training.shapes import SHAPES

if TYPE_CHECKING:
    from torch import Tensor

_REACH = 1.5  # radii from the middle to where the shadow ends
_OPEN = frozenset({"ring", "moon"})  # too thin for a glint


def moved(value: Tensor, device: torch.device) -> Tensor:
    """`value`, from the CPU, on `device`, without waiting for what that is still doing."""
    if value.device.type == device.type:
        return value
    return value.pin_memory().to(device, non_blocking=True)


def draw_things(
    image: Tensor, rows: Tensor, kind: Tensor, colour: Tensor, place: Tensor, origin: Tensor
) -> None:
    """Draw one thing into each of `rows` [R] of `image` [N, 3, T, H, W], which holds -1 to 1, in place.

    kind: [N] index into KINDS; colour: [N, 3] in [0, 1]; place: [N, T, 4] x, y, radius in pixels and angle, in a
    frame of which `image` shows what begins at `origin` [N, 2]. All but `image` on the CPU.
    """
    for index, name in enumerate(KINDS):
        chosen = rows[kind[rows] == index]
        if len(chosen):
            _draw_kind(image, chosen, name, colour[chosen], place[chosen], origin[chosen])


def _draw_kind(image: Tensor, rows: Tensor, kind: str, colour: Tensor, place: Tensor, origin: Tensor) -> None:
    height, width = image.shape[-2:]
    side = math.ceil(2 * _REACH * float(place[..., 2].amax())) + 2
    rows, colour, place, origin = (moved(part, image.device) for part in (rows, colour, place, origin))
    x = _pixels(place[..., 0] - origin[:, None, 0], side, width)  # [R, T, w] columns of the patch
    y = _pixels(place[..., 1] - origin[:, None, 1], side, height)
    radius = place[..., 2, None, None]
    u = (x[:, :, None] + origin[:, 0].view(-1, 1, 1, 1) + 0.5 - place[..., 0, None, None]) / radius
    v = (y[..., None] + origin[:, 1].view(-1, 1, 1, 1) + 0.5 - place[..., 1, None, None]) / radius
    distance = _turned(kind, u, v, place[..., 3])
    shadow = (0.5 - _turned(kind, u - 0.15, v - 0.22, place[..., 3]) / 0.26).clamp(0, 1)
    shadow = 0.36 * shadow * shadow * (3 - 2 * shadow)
    light = 0.99 - 0.17 * (u + v) + 0.16 * distance.clamp(-0.5, 0)
    glint = 0.03 * (1 - u - v)
    if kind not in _OPEN:
        glint = glint + 0.30 * torch.exp(-((u + 0.34) ** 2 + (v + 0.36) ** 2) / 0.05)
    cover = (0.5 - distance * radius).clamp(0, 1)
    frame = torch.arange(place.shape[1], device=image.device)[:, None, None]
    index = (rows.view(-1, 1, 1, 1) * (3 * len(frame)) + frame) * height + y[..., None].long()
    index = index * width + x[:, :, None].long()
    flat = image.view(-1)
    for channel in range(3):
        at = index + channel * len(frame) * height * width
        body = (colour[:, channel].view(-1, 1, 1, 1) * light + glint).clamp(0, 1) * 2 - 1
        under = flat[at]
        under = under - shadow * (under + 1)
        flat[at] = under + cover * (body - under)


def _pixels(middle: Tensor, side: int, length: int) -> Tensor:
    """[R, T, min(side, length)] pixels about `middle` [R, T], all within `length`."""
    side = min(side, length)
    first = (middle - side / 2).floor().clamp(0, length - side)
    return first[..., None] + torch.arange(side, device=middle.device)


def _turned(kind: str, u: Tensor, v: Tensor, angle: Tensor) -> Tensor:
    """Distance to the shape turned by `angle` [R, T], in radii."""
    cos, sin = angle.cos()[..., None, None], angle.sin()[..., None, None]
    return SHAPES[kind](u * cos + v * sin, v * cos - u * sin)
