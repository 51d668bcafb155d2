"""Rain and snow over a clip: sparse and soft, in the frame's own pixels, whatever the camera does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from training.settings import constant, smooth, soft_dots

if TYPE_CHECKING:
    from torch import Tensor

CHANCES = 124
"""Random numbers in [0, 1) that one clip's weather is made from."""
_STREAKS, _DOTS, _FLAKES = 30, 12, 20


def rain(image: Tensor, x: Tensor, y: Tensor, time: Tensor, size: Tensor, chance: Tensor) -> Tensor:
    """`image` [N, 3, T, H, W] in [-1, 1] with 16 to 28 slanted streaks: light over dark, dark over light.

    x [N, 1, 1, W], y [N, 1, H, 1] in pixels of the frame; time [N, T]; size [N, 2]; chance [N, CHANCES].
    """
    unit = size.amin(1)[:, None, None] / 160  # [N, 1, 1]
    width, height = size[:, :1, None], size[:, 1:, None]
    u = chance[:, :4, None, None]
    part = chance[:, None, 4:].unflatten(2, (4, _STREAKS))  # [N, 1, 4, streaks]
    slant = (u[:, 0] - 0.5) * 0.5
    speed = unit * (6 + 1.5 * u[:, 1]) * (0.92 + 0.16 * part[:, :, 3])
    length = unit * (13 + 7 * part[:, :, 2])
    top = (part[:, :, 1] * (height + 40 * unit) + speed * time[..., None]) % (height + 40 * unit) - 20 * unit
    left = part[:, :, 0] * (width + slant.abs() * height) - slant.clamp(min=0) * height
    shown = torch.arange(_STREAKS, device=x.device) < 16 + 13 * u[:, 2]
    left = torch.where(shown, left, -1e4)
    steps = torch.linspace(0, 1, _DOTS, device=x.device)
    at_y = (top[..., None] + length[..., None] * steps).flatten(2)
    at_x = ((left + slant * top)[..., None] + (slant * length)[..., None] * steps).flatten(2)
    sigma = (1.2 * unit).expand(-1, -1, at_x.shape[2])
    cover = 0.62 * smooth(0.75 * soft_dots(x, y, (at_x, at_y), (sigma, sigma)))[:, None]
    bright = smooth((image.mean(1, keepdim=True) + 0.35) / 0.6)
    drop = constant((0.62, 0.72, 0.90), image.device).view(3, 1, 1, 1)
    shade = constant((-0.30, -0.15, 0.12), image.device).view(3, 1, 1, 1)
    return image + cover * (drop + bright * (shade - drop) - image)


def snow(image: Tensor, x: Tensor, y: Tensor, time: Tensor, size: Tensor, chance: Tensor) -> Tensor:
    """`image` with 12 to 20 soft flakes that sway as they fall; a grey rim shows them over white. As `rain`."""
    unit = size.amin(1)[:, None, None] / 160
    width, height = size[:, :1, None], size[:, 1:, None]
    u = chance[:, :4, None, None]
    part = chance[:, None, 4 : 4 + 6 * _FLAKES].unflatten(2, (6, _FLAKES))
    speed = unit * (1.1 + 0.8 * u[:, 0]) * (0.8 + 0.4 * part[:, :, 2])
    radius = unit * (2.6 + 1.6 * part[:, :, 3])
    at_y = (part[:, :, 1] * (height + 16 * unit) + speed * time[..., None]) % (height + 16 * unit) - 8 * unit
    sway = (6.283 * (time[..., None] / (26 + 14 * part[:, :, 4]) + part[:, :, 5])).sin()
    at_x = part[:, :, 0] * width + 4 * unit * sway
    shown = torch.arange(_FLAKES, device=x.device) < 12 + 9 * u[:, 2]
    at_x = torch.where(shown, at_x, -1e4)
    rim, core = 0.95 * radius, 0.62 * radius
    shadow = smooth(1.1 * soft_dots(x, y, (at_x, at_y), (rim, rim)))[:, None]
    cover = smooth(1.25 * soft_dots(x, y, (at_x, at_y), (core, core)))[:, None]
    image = image - 0.30 * shadow * (image + 1)
    return image + 0.95 * cover * (0.97 - image)
