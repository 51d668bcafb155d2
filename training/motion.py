"""Where things are in each frame: paths of every motion and of the camera, fitted into the frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.scene import STRAIGHT

if TYPE_CHECKING:
    from training.scene import Scene, Thing

RADIUS = {"small": (19.0, 24.0), "medium": (29.0, 35.0), "large": (42.0, 50.0)}
"""In pixels where the shorter side has 160, as all lengths here; times are for 25 frames."""
TRAVEL = {"slow": (28.0, 42.0), "normal": (60.0, 90.0), "fast": (105.0, 135.0)}
HOPS = {"slow": 1.6, "normal": 2.0, "fast": 2.5}
HOP_HEIGHT = (40.0, 60.0)
CIRCLES = {"slow": 0.6, "normal": 0.85, "fast": 1.2}
CIRCLE_RADIUS = (24.0, 36.0)
SPIN = {"slow": 0.55, "normal": 0.8, "fast": 1.1}
SPIN_RADIANS = (0.5 * 6, 0.7 * 6)  # 0.5 to 0.7 in four frames
GROWTH = (1.7, 2.2)
PAN = (36.0, 60.0)
ZOOM = (1.3, 1.5)
TILT = 0.1  # radians either way
MARGIN = 1.06
"""Radii that a thing takes from its middle, edges included."""
_WAY = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class Chance:
    """Uniform random numbers for N clips from one generator."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count, self.generator = count, generator

    def __call__(self, low: float = 0.0, high: float = 1.0, *shape: int) -> Tensor:
        """[N, *shape] between `low` and `high`."""
        return torch.rand(self.count, *shape, generator=self.generator) * (high - low) + low

    def within(self, bounds: list[tuple[float, float]]) -> Tensor:
        """[N] between each clip's own bounds."""
        low, high = torch.tensor(bounds).unbind(1)
        return low + self() * (high - low)

    def sign(self) -> Tensor:
        """[N] of -1 or 1."""
        return (self() < 0.5).float() * 2 - 1


@dataclass(slots=True)
class Paths:
    """Where N things are in T frames of the frame size they were made for; lengths in pixels of the world."""

    place: Tensor  # [N, T, 4] x, y, radius, angle
    view: Tensor  # [N, T, 3] world x and y of the frame's corner, world pixels to one of the frame


def step_of(motion: str) -> tuple[int, int]:
    """Signs of x and y of a straight motion; (0, 0) of any other."""
    if motion not in STRAIGHT:
        return 0, 0
    ways = [_WAY[word] for word in motion.split()]
    return sum(way[0] for way in ways), sum(way[1] for way in ways)


def paths(scenes: list[Scene], frames: int, size: Tensor, chance: Chance) -> Paths:
    """Random paths for the scenes' things and cameras in a frame of `size` [2]: width, height."""
    things = [scene.thing for scene in scenes if scene.thing is not None]
    if len(things) < len(scenes):
        raise ValueError("A scene of a photograph cannot be laid out.")
    unit, long = float(size.min()) / 160, (frames - 1) / 24
    time = torch.arange(frames) / 24  # [T] in spans of 25 frames
    progress = _progress(chance(0, 0.3), frames)
    middle = chance.within([RADIUS[thing.size] for thing in things]) * unit
    radius = middle[:, None] * _growth(things, progress, middle, size, long, chance)
    room = size - 2 * MARGIN * radius.amax(1)[:, None]  # [N, 2] what a path may span
    moved = _straight(things, progress, room, unit * long, chance)
    moved = moved + _hops(things, time, room, unit, chance) + _circles(things, time, room, unit, chance)
    pan = _pan(scenes, progress, room, unit * long, chance)
    zoom = _zoom(scenes, progress, radius.amax(1), size, long, chance)
    low, high = (moved - pan).amin(1), (moved - pan).amax(1)
    free = (size / zoom.amax(1)[:, None] - 2 * MARGIN * radius.amax(1)[:, None] - (high - low)).clamp(min=0)
    start = size / 2 - (low + high) / 2 + (chance(-0.5, 0.5, 2)) * free
    angle = chance(-TILT, TILT)[:, None] + _spin(things, time, chance)
    scale = 1 / zoom
    corner = pan + size / 2 * (1 - scale[..., None])
    place = torch.cat([start[:, None] + moved, radius[..., None], angle[..., None]], 2)
    return Paths(place, torch.cat([corner, scale[..., None]], 2))


def _progress(ease: Tensor, frames: int) -> Tensor:
    """[N, T] from 0 to 1: even speed mixed with a soft start and stop by `ease` [N]."""
    time = torch.linspace(0, 1, frames) if frames > 1 else torch.zeros(1)
    soft = time * time * (3 - 2 * time)
    return time + ease[:, None] * (soft - time)


def _is(things: list[Thing], motion: str) -> Tensor:
    return torch.tensor([float(thing.motion == motion) for thing in things])


def _growth(
    things: list[Thing], progress: Tensor, middle: Tensor, size: Tensor, long: float, chance: Chance
) -> Tensor:
    """[N, T] factors of the radius about its middle, the largest still inside the frame."""
    change = torch.log(chance(*GROWTH)) * min(long, 1.4)
    most = 2 * torch.log(0.97 * float(size.min()) / 2 / (MARGIN * middle))
    change = torch.minimum(change, most.clamp(min=0)) * (_is(things, "growing") - _is(things, "shrinking"))
    return torch.exp(change[:, None] * (progress - 0.5))


def _straight(things: list[Thing], progress: Tensor, room: Tensor, scale: float, chance: Chance) -> Tensor:
    """[N, T, 2] how far each thing has moved in a line; the same along both axes where it is a diagonal."""
    way = torch.tensor([step_of(thing.motion) for thing in things], dtype=torch.float32)
    travel = chance.within([TRAVEL[thing.speed] for thing in things]) * scale / way.norm(dim=1).clamp(min=1)
    most = torch.where(way != 0, 0.95 * room, torch.inf).amin(1)
    return (torch.minimum(travel, most)[:, None] * way)[:, None] * progress[..., None]


def _hops(things: list[Thing], time: Tensor, room: Tensor, unit: float, chance: Chance) -> Tensor:
    """[N, T, 2] of those that bounce: parabolas up from a floor, with a little drift."""
    rate = torch.tensor([HOPS[thing.speed] for thing in things])
    height = torch.minimum(chance(*HOP_HEIGHT) * unit, 0.95 * room[:, 1])
    part = (rate[:, None] * time + chance()[:, None]) % 1
    up = height[:, None] * (1 - (2 * part - 1) ** 2)
    drift = torch.minimum(chance(0, 10) * unit * max(1.0, float(time[-1])), 0.5 * room[:, 0]) * chance.sign()
    moved = torch.stack([drift[:, None] * time / time[-1].clamp(min=1), -up], 2)
    return moved * _is(things, "bouncing").view(-1, 1, 1)


def _circles(things: list[Thing], time: Tensor, room: Tensor, unit: float, chance: Chance) -> Tensor:
    """[N, T, 2] of those that circle."""
    rate = torch.tensor([CIRCLES[thing.speed] for thing in things]) * chance.sign()
    radius = torch.minimum(chance(*CIRCLE_RADIUS) * unit, 0.475 * room.amin(1))
    turn = 2 * math.pi * (rate[:, None] * time + chance()[:, None])
    moved = radius[:, None, None] * torch.stack([turn.cos(), turn.sin()], 2)
    return moved * _is(things, "circling").view(-1, 1, 1)


def _spin(things: list[Thing], time: Tensor, chance: Chance) -> Tensor:
    rate = torch.tensor([SPIN[thing.speed] for thing in things]) * chance(*SPIN_RADIANS) * chance.sign()
    return (rate * _is(things, "spinning"))[:, None] * time


def _pan(scenes: list[Scene], progress: Tensor, room: Tensor, scale: float, chance: Chance) -> Tensor:
    """[N, T, 2] how far the camera has gone, no farther than the thing stays to be seen."""
    way = torch.tensor([step_of(scene.camera) for scene in scenes], dtype=torch.float32)
    far = torch.minimum(chance(*PAN) * scale, 0.95 * room[:, 0])
    return (far[:, None] * way)[:, None] * progress[..., None]


def _zoom(
    scenes: list[Scene], progress: Tensor, radius: Tensor, size: Tensor, long: float, chance: Chance
) -> Tensor:
    """[N, T] how large the world is seen; the same way above 1 as below, the thing always whole."""
    way = torch.tensor([{"in": 1.0, "out": -1.0}.get(scene.camera, 0.0) for scene in scenes])
    change = torch.log(chance(*ZOOM)) * long
    most = 2 * torch.log(0.97 * size.min() / 2 / (MARGIN * radius))
    return torch.exp((torch.minimum(change, most.clamp(min=0)) * way)[:, None] * (progress - 0.5))
