"""The backgrounds of the demo world: smooth, soft-edged, made of few parts, endless in every direction.

Everything is a function of the place in the world, so that a camera may move over it. Sums of soft dots are matrix
products: a Gaussian is the product of one along x and one along y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

MOVING = frozenset({"night", "sea"})
"""Settings that change by themselves."""
CHANCES = 128
"""Random numbers in [0, 1) that one background is made from."""
_TURN = 2 * math.pi
_WAVES = (  # share of the water's height, waves in the frame's width, their height, colour
    (0.15, 3.0, 2.6, (0.17, 0.49, 0.71)),
    (0.39, 2.2, 4.0, (0.11, 0.40, 0.64)),
    (0.69, 1.5, 5.5, (0.07, 0.31, 0.56)),
)
_RIDGES = (  # share of the frame's height, waves in the frame's width, their height, colour
    (0.46, 1.1, 15.0, (0.50, 0.74, 0.48)),
    (0.62, 0.8, 13.0, (0.33, 0.63, 0.32)),
    (0.80, 0.6, 10.0, (0.20, 0.50, 0.22)),
)


@dataclass(slots=True)
class Ground:
    """Where to paint N backgrounds; lengths in pixels of the world."""

    x: Tensor  # [N, T, 1, W]
    y: Tensor  # [N, T, H, 1]
    time: Tensor  # [N, T] in frames
    size: Tensor  # [N, 2] width and height of the frame
    colour: Tensor  # [N, 3] for the settings that have one
    chance: Tensor  # [N, CHANCES]

    @property
    def unit(self) -> Tensor:
        """[N] pixels for what measures one where the shorter side has 160."""
        return self.size.amin(1) / 160

    def part(self, first: int, count: int) -> Tensor:
        """[N, count] chances from number `first` on."""
        return self.chance[:, first : first + count]


@cache
def constant(values: tuple[float, ...], device: torch.device) -> Tensor:
    """`values` on `device`, brought there once."""
    return torch.tensor(values, device=device)


def soft_dots(
    x: Tensor,
    y: Tensor,
    at: tuple[Tensor, Tensor],
    widths: tuple[Tensor, Tensor],
    heights: Tensor | None = None,
) -> Tensor:
    """Sum of K Gaussians, [N, T, H, W], on a grid x [N, T, 1, W], y [N, T, H, 1].

    at: x and y of their middles; widths: one standard deviation along x and along y; all [N, T or 1, K].
    """
    along_x = torch.exp(-0.5 * ((x.mT - at[0][:, :, None]) / widths[0][:, :, None]) ** 2)
    along_y = torch.exp(-0.5 * ((y - at[1][:, :, None]) / widths[1][:, :, None]) ** 2)
    return (along_y if heights is None else along_y * heights[:, :, None]) @ along_x.mT


def smooth(x: Tensor) -> Tensor:
    """0 below 0, 1 above 1, without a corner between."""
    x = x.clamp(0, 1)
    return x * x * (3 - 2 * x)


def _wide(values: Tensor) -> Tensor:
    """[N] or [N, 3] shaped to stand beside [N, 3, T, H, W]."""
    return values.view(len(values), -1, 1, 1, 1)


def _hue(ground: Ground, rgb: tuple[float, float, float], first: int, by: float = 0.06) -> Tensor:
    """The colour, a little different in every clip, beside [N, 3, T, H, W]."""
    base = constant(rgb, ground.chance.device)
    return _wide(base + by * (ground.part(first, 3) - 0.5))


def _over(image: Tensor, colour: Tensor, cover: Tensor) -> Tensor:
    """`colour` over `image` where `cover` [N, T, H, W] is 1."""
    return image + cover[:, None] * (colour - image)


def _place(values: Tensor) -> Tensor:
    """[N] beside [N, T, H, W]."""
    return values.view(-1, 1, 1, 1)


def _plain(ground: Ground) -> Tensor:
    x = ground.x / _place(ground.size[:, 0]) - 0.5
    y = ground.y / _place(ground.size[:, 1]) - 0.5
    slope = 0.36 * (ground.part(0, 2) - 0.5)
    bright = (0.95 + _place(slope[:, 0]) * x + _place(slope[:, 1]) * y)[:, None]
    return _wide(ground.colour) * bright + 0.07 * (bright - 0.95) + 0.01


def _gradient(ground: Ground) -> Tensor:
    """From a light to a dark shade of one colour, mostly from top to bottom or the other way."""
    tilt = _place(ground.part(0, 1)[:, 0] - 0.5) * 1.1
    down = _place((ground.part(1, 1)[:, 0] < 0.5).float() * 2 - 1)
    width, height = _place(ground.size[:, 0]), _place(ground.size[:, 1])
    along = (ground.x - width / 2) * tilt.sin() + (ground.y - height / 2) * tilt.cos()
    share = 0.5 + down * along / (width * tilt.sin().abs() + height * tilt.cos())
    colour = ground.colour
    level = colour.mean(1, keepdim=True)
    light = colour + (1 - colour) * (0.16 + 0.5 * level.clamp(max=0.6))
    dark = colour * (0.60 + 0.14 * smooth((level - 0.4) * 3))
    return _wide(light) + share[:, None] * _wide(dark - light)


def _clouds(ground: Ground) -> Tensor:
    image = _hue(ground, (0.36, 0.62, 0.94), 0) + _down(ground) * _hue(ground, (0.36, 0.24, 0.05), 3, 0.04)
    width, height = ground.size[:, :1], ground.size[:, 1:]
    unit = ground.unit[:, None, None]
    slots = torch.arange(6, device=width.device)
    cloud_x = width * (-0.6 + 2.2 * (slots + 0.15 + 0.7 * ground.part(8, 6)) / 6)
    cloud_y = height * (0.14 + 0.17 * ((slots * 2) % 5) + 0.14 * ground.part(16, 6))
    scale = unit * (14 + 7 * ground.part(24, 6))[..., None]
    across = constant((-1.7, -0.75, 0.3, 1.25, 0.1), width.device) + 0.5 * (
        ground.part(32, 30).view(-1, 6, 5) - 0.5
    )
    rise = constant((0.25, -0.2, -0.45, 0.1, 0.3), width.device)
    puff = constant((0.8, 0.9, 1.05, 0.85, 1.1), width.device)
    at_x, at_y = (
        (cloud_x[..., None] + across * scale).flatten(1),
        (cloud_y[..., None] + rise * scale).flatten(1),
    )
    wide, tall = (puff * scale * 0.8).flatten(1), (puff * scale * 0.5).flatten(1)
    dots = soft_dots(ground.x, ground.y, (at_x[:, None], at_y[:, None]), (wide[:, None], tall[:, None]))
    lower = (at_y + 0.75 * tall)[:, None]
    below = soft_dots(ground.x, ground.y, (at_x[:, None], lower), (wide[:, None], tall[:, None]))
    white = _hue(ground, (0.98, 0.98, 0.99), 70, 0.02) - 0.10 * smooth(1.1 * (below - 0.45 * dots))[:, None]
    return _over(image, white, 0.95 * smooth((dots - 0.35) / 0.75))


def _down(ground: Ground) -> Tensor:
    """0 at the top of the frame, 1 at the bottom, beside [N, 3, T, H, W]."""
    return (ground.y / _place(ground.size[:, 1]))[:, None].clamp(-0.2, 1.2)


def _night(ground: Ground) -> Tensor:
    image = _hue(ground, (0.03, 0.05, 0.17), 0, 0.03) + _down(ground) * _hue(
        ground, (0.06, 0.09, 0.19), 3, 0.05
    )
    count = 44
    x = ground.size[:, :1] * (-0.4 + 1.8 * ground.part(8, count))
    y = ground.size[:, 1:] * (-0.16 + 1.24 * ((torch.arange(count, device=x.device) * 0.618) % 1.0))
    y = y + ground.size[:, 1:] * 0.08 * ground.part(30, count)
    light, rhythm = ground.part(52, count), ground.part(74, count)
    bright = 0.45 + 0.55 * light
    turns = ground.time[..., None] / (18 + 22 * light[:, None]) + 7 * rhythm[:, None]
    bright = bright[:, None] * (1 - 0.35 * (rhythm[:, None] < 0.4) * (1 + (_TURN * turns).sin()))
    size = (ground.unit[:, None] * (1.15 + 0.45 * ground.part(80, count)))[:, None]
    stars = soft_dots(ground.x, ground.y, (x[:, None], y[:, None]), (size, size), bright).clamp(0, 1)
    return _over(image, _hue(ground, (0.98, 0.96, 0.86), 125, 0.0), stars)


def _crest(ground: Ground, first: int, waves: float, drift: float) -> Tensor:
    """A smooth line of about +-1 over x, [N, T, 1, W]: `waves` in the frame's width, `drift` turns per 25 frames."""
    u = ground.part(first, 4)
    along = ground.x / _place(ground.size[:, 0])
    time = ground.time[:, :, None, None] / 24 * drift
    long = (_TURN * (along * waves * _place(0.85 + 0.3 * u[:, 0]) + _place(u[:, 1]) + time)).sin()
    short = (_TURN * (along * waves * 1.7 * _place(0.9 + 0.2 * u[:, 2]) + _place(u[:, 3]) + 1.3 * time)).sin()
    return 0.7 * long + 0.3 * short


def _sea(ground: Ground) -> Tensor:
    height, unit = _place(ground.size[:, 1]), _place(ground.unit)
    u = ground.part(6, 1)
    image = _hue(ground, (0.55, 0.78, 0.96), 0) + _down(ground) * _hue(ground, (0.52, 0.30, 0.03), 3, 0.04)
    horizon = height * (0.36 + 0.12 * _place(u[:, 0]))
    image = _over(
        image, _hue(ground, (0.24, 0.58, 0.76), 12), smooth((ground.y - horizon) / (3 * unit) + 0.5)
    )
    for index, (depth, waves, rise, colour) in enumerate(_WAVES):
        line = _crest(ground, 20 + 4 * index, waves, 0.35 - 0.06 * index)
        below = ground.y - (horizon + (height - horizon) * depth + rise * unit * line)
        image = _over(image, _hue(ground, colour, 40 + 3 * index, 0.04), smooth(below / (3 * unit) + 0.5))
        shine = torch.exp(-0.5 * ((below - 4 * unit) / (2.6 * unit)) ** 2) * (0.16 + 0.14 * line)
        image = image + shine[:, None] * 0.9
    return image


def _hills(ground: Ground) -> Tensor:
    height, unit = _place(ground.size[:, 1]), _place(ground.unit)
    u = ground.part(6, 3)
    image = _hue(ground, (0.48, 0.74, 0.95), 0) + _down(ground) * _hue(ground, (0.50, 0.26, 0.04), 3, 0.04)
    for index, (level, waves, rise, colour) in enumerate(_RIDGES):
        line = _crest(ground, 20 + 4 * index, waves, 0)
        top = height * (level + 0.08 * _place(u[:, index] - 0.5)) + rise * unit * line
        below = ground.y - top
        shade = 1 - 0.14 * smooth(below / (60 * unit))
        green = _hue(ground, colour, 40 + 3 * index) * shade[:, None]
        image = _over(image, green, smooth(below / (2.4 * unit) + 0.5))
    return image


def _sunset(ground: Ground) -> Tensor:
    height, unit = _place(ground.size[:, 1]), _place(ground.unit)
    u = ground.part(0, 3)
    horizon = height * (0.66 + 0.10 * _place(u[:, 0]))
    share = (ground.y / horizon)[:, None]
    image = _hue(ground, (0.36, 0.22, 0.52), 4) + smooth(share / 0.62) * _hue(ground, (0.54, 0.22, 0.03), 7)
    image = image + smooth((share - 0.45) / 0.6) * _hue(ground, (0.10, 0.26, -0.24), 10)
    sun_x = _place(ground.size[:, 0]) * (0.25 + 0.5 * _place(u[:, 1]))
    away = torch.sqrt((ground.x - sun_x) ** 2 + (ground.y - horizon) ** 2)
    radius = unit * (20 + 9 * _place(u[:, 2]))
    glow = torch.exp(-0.5 * (away / (2.1 * radius)) ** 2)
    image = _over(image, _hue(ground, (1.0, 0.80, 0.42), 13, 0.03), 0.6 * glow)
    image = _over(
        image, _hue(ground, (1.0, 0.91, 0.62), 16, 0.03), smooth((radius - away) / (2.4 * unit) + 0.5)
    )
    below = ground.y - horizon - 2.5 * unit * _crest(ground, 20, 1.3, 0)
    land = _hue(ground, (0.27, 0.15, 0.27), 24) * (1 - 0.25 * smooth(below / (50 * unit)))[:, None]
    return _over(image, land, smooth(below / (2.4 * unit) + 0.5))


_PAINTERS: dict[str, Callable[[Ground], Tensor]] = {
    "plain": _plain,
    "gradient": _gradient,
    "clouds": _clouds,
    "night": _night,
    "sea": _sea,
    "hills": _hills,
    "sunset": _sunset,
}


def paint(setting: str, ground: Ground) -> Tensor:
    """The backgrounds of one setting, [N, 3, T, H, W] in [0, 1]; some settings leave T, H or W at one."""
    return _PAINTERS[setting](ground).clamp(0, 1)
