"""The procedural world: clips of one shaded, moving shape over a background, drawn in torch on any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.shapes import signed_distance
from training.words import COLOURS, MOTIONS, SIZES, THINGS, Scene

if TYPE_CHECKING:
    import random

PALETTE: dict[str, tuple[float, float, float]] = {  # sRGB in [0, 1]
    "red": (0.88, 0.10, 0.10),
    "orange": (1.00, 0.52, 0.04),
    "yellow": (1.00, 0.89, 0.12),
    "green": (0.12, 0.66, 0.18),
    "cyan": (0.10, 0.80, 0.84),
    "blue": (0.12, 0.24, 0.90),
    "purple": (0.52, 0.14, 0.80),
    "pink": (1.00, 0.46, 0.74),
    "white": (0.96, 0.96, 0.96),
    "black": (0.06, 0.06, 0.07),
}
_STEP: dict[str, tuple[int, int]] = {
    "right": (1, 0),
    "left": (-1, 0),
    "up": (0, -1),
    "down": (0, 1),
    "up right": (1, -1),
    "up left": (-1, -1),
    "down right": (1, 1),
    "down left": (-1, 1),
    "still": (0, 0),
    "growing": (0, 0),
    "shrinking": (0, 0),
}
_MOTION_WEIGHTS = (14, 14, 14, 14, 10, 8, 8, 4.5, 4.5, 4.5, 4.5)
_RADIUS = {"small": (15.0, 21.0), "": (22.0, 33.0), "big": (34.0, 44.0)}  # pixels at a shorter side of 160


@dataclass(slots=True)
class Clips:
    """What a batch of N clips is drawn from; lengths in pixels, colours in [0, 1]."""

    kind: Tensor  # [N] index into THINGS
    colour: Tensor  # [N, 3]
    ground: Tensor  # [N, 3]
    slope: Tensor  # [N, 2] brightness change of the background across the frame, x and y
    centre: Tensor  # [N, T, 2] x, y
    radius: Tensor  # [N, T]
    turn: Tensor  # [N] radians

    def to(self, device: torch.device | str) -> Clips:
        """The same clips on `device`."""
        return Clips(*(getattr(self, name).to(device) for name in self.__slots__))


def random_scene(rng: random.Random) -> Scene:
    """Any scene of the world; the shape never has the background's colour."""
    colour, background = rng.sample(COLOURS, 2)
    motion = rng.choices(MOTIONS, _MOTION_WEIGHTS)[0]
    size = rng.choices(SIZES, (2, 6, 2))[0]
    return Scene(colour, rng.choice(THINGS), motion, background, size)


def layout(scenes: list[Scene], frames: int, height: int, width: int, generator: torch.Generator) -> Clips:
    """Random places, speeds and shades for `scenes`, on the CPU."""
    count, unit = len(scenes), min(height, width) / 160

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator) * (high - low) + low

    bounds = torch.tensor([_RADIUS[scene.size] for scene in scenes]) * unit
    radius = bounds[:, 0] + uniform(0, 1) * (bounds[:, 1] - bounds[:, 0])
    progress = _progress(uniform(0, 0.6), frames)
    growth = torch.tensor([{"growing": 1.0, "shrinking": -1.0}.get(scene.motion, 0.0) for scene in scenes])
    change = growth * uniform(0.55, 0.8)
    scale = torch.exp(change[:, None] * (progress - 0.5))
    largest = radius * scale.amax(1)
    span = torch.tensor([width, height]) - 2.1 * largest[:, None]  # where the centre may be, [N, 2]
    step = torch.tensor([_STEP[scene.motion] for scene in scenes], dtype=torch.float32)
    travel = torch.minimum(uniform(50, 105, 1) * unit, 0.95 * span) * step
    start = uniform(0, 1, 2) * (span - travel.abs()) + (-travel).clamp(min=0) + 1.05 * largest[:, None]
    return Clips(
        kind=torch.tensor([THINGS.index(scene.thing) for scene in scenes]),
        colour=_shade([scene.colour for scene in scenes], uniform(-0.025, 0.025, 3)),
        ground=_shade([scene.background for scene in scenes], uniform(-0.025, 0.025, 3)),
        slope=uniform(-0.3, 0.3, 2),
        centre=start[:, None] + travel[:, None] * progress[..., None],
        radius=radius[:, None] * scale,
        turn=uniform(-0.2, 0.2),
    )


def _progress(ease: Tensor, frames: int) -> Tensor:
    """[N, T] from 0 to 1: even speed mixed with a soft start and stop by `ease` [N]."""
    time = torch.linspace(0, 1, frames) if frames > 1 else torch.zeros(1)
    soft = time * time * (3 - 2 * time)
    return time + ease[:, None] * (soft - time)


def _shade(names: list[str], jitter: Tensor) -> Tensor:
    return (torch.tensor([PALETTE[name] for name in names]) + jitter).clamp(0.02, 1)


def render(clips: Clips, height: int, width: int) -> Tensor:
    """Draw `clips` with anti-aliasing, shading and a soft shadow: [N, 3, T, height, width] in [-1, 1]."""
    device = clips.kind.device
    y = (torch.arange(height, device=device) + 0.5)[:, None]
    x = (torch.arange(width, device=device) + 0.5)[None, :]
    image = _background(clips, x / width - 0.5, y / height - 0.5)
    radius = clips.radius[..., None, None]
    dx, dy = x - clips.centre[..., 0, None, None], y - clips.centre[..., 1, None, None]
    u, v, distance = _local(clips, dx / radius, dy / radius, radius)
    shadow = _local(clips, dx / radius - 0.16, dy / radius - 0.24, radius)[2]
    image = image * (1 - 0.34 * torch.sigmoid(-shadow / (0.10 * radius)))[:, None]
    light = 0.99 - 0.17 * (u + v) + 0.16 * (distance / radius).clamp(-0.5, 0)
    solid = (clips.kind != THINGS.index("ring")).view(-1, 1, 1, 1)
    glint = torch.exp(-((u + 0.34) ** 2 + (v + 0.36) ** 2) / 0.05) * solid
    body = (
        clips.colour.view(-1, 3, 1, 1, 1) * light[:, None]
        + 0.30 * glint[:, None]
        + 0.03 * (1 - u - v)[:, None]
    )
    cover = (0.5 - distance).clamp(0, 1)[:, None]
    return (image + cover * (body - image)).clamp(0, 1) * 2 - 1


def _local(clips: Clips, u: Tensor, v: Tensor, radius: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Turned coordinates in radii and the distance to the shape in pixels, each [N, T, H, W]."""
    cos, sin = clips.turn.cos().view(-1, 1, 1, 1), clips.turn.sin().view(-1, 1, 1, 1)
    distance = signed_distance(clips.kind, u * cos + v * sin, v * cos - u * sin)
    return u, v, distance * radius


def _background(clips: Clips, x: Tensor, y: Tensor) -> Tensor:
    """A soft gradient of one colour, [N, 3, 1, H, W] in [0, 1]."""
    slope = clips.slope.view(-1, 2, 1, 1, 1, 1)
    bright = 0.95 + slope[:, 0] * x + slope[:, 1] * y
    return (clips.ground.view(-1, 3, 1, 1, 1) * bright + 0.25 * (bright - 0.95) * 0.3 + 0.01).clamp(0, 1)
