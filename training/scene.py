"""What the demo world holds: the names of everything in it, and scenes put together from them."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "white", "black")
KINDS = ("ball", "square", "triangle", "star", "ring", "heart", "cross", "moon")
SIZES = ("small", "medium", "large")
SPEEDS = ("slow", "normal", "fast")
STRAIGHT = ("left", "right", "up", "down", "up left", "up right", "down left", "down right")
MOTIONS = (*STRAIGHT, "bouncing", "spinning", "growing", "shrinking", "circling", "still")
SETTINGS = ("plain", "gradient", "clouds", "night", "sea", "hills", "sunset")
COLOURED = ("plain", "gradient")
"""The settings that have a colour of their own to be named."""
PHOTO = "photo"
"""The setting of clips made from a photograph: no thing, only a camera. `random_scene` never draws it."""
WEATHERS = ("", "rain", "snow")
CAMERAS = ("", "left", "right", "in", "out")
"""The camera's own movement: "" stands still, it pans left or right (what it sees goes the other way), it zooms."""

HARD = {
    "kind": {"cross": 2.0, "star": 2.0, "ring": 2.0},
    "size": {"small": 1.5},
    "motion": {"spinning": 2.5, "circling": 2.5},
}
"""How much oftener the transformer is shown what it learns last, by the field of a thing."""

ROUND = frozenset({"ball", "ring"})  # nobody sees these spin
LOST_IN = {  # colours that cannot be told from a setting
    "clouds": frozenset({"blue", "cyan", "white"}),
    "night": frozenset({"black", "blue", "purple"}),
    "sea": frozenset({"blue", "cyan", "white"}),
    "hills": frozenset({"green", "cyan", "blue"}),
    "sunset": frozenset({"red", "orange", "yellow", "pink", "purple", "black"}),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing; every value is one of the names above."""

    colour: str
    kind: str
    size: str = "medium"
    motion: str = "still"
    speed: str = "normal"


@dataclass(frozen=True, slots=True)
class Scene:
    """What one clip shows. `colour` is the background's, "" for settings that have none.

    `second` always stands still. The camera moves only where `thing` stands still and the setting has something
    to see it by, so that every movement in a clip has one cause. `thing` is None only in PHOTO.
    """

    thing: Thing | None
    setting: str = "plain"
    colour: str = ""
    second: Thing | None = None
    weather: str = ""
    camera: str = ""


def held_out(scene: Scene) -> bool:
    """Is the combination of colour, kind and motion one of the tenth that training never shows?"""
    if scene.thing is None:
        return False
    name = f"{scene.thing.colour} {scene.thing.kind} {scene.thing.motion}"
    return zlib.crc32(name.encode()) % 10 == 0


def random_scene(rng: random.Random, core: float = 0.6, extras: float = 1.0) -> Scene:
    """A scene of the world that training may show.

    A share `core` has one thing over a coloured background and nothing else; the rest may have a textured
    setting, a camera that moves and, a share `extras` of those without one, a second thing or weather.
    """
    while True:
        scene = _core_scene(rng) if rng.random() < core else _rich_scene(rng, extras)
        if not held_out(scene):
            return scene


def taught_scene(rng: random.Random, core: float) -> Scene:
    """A scene for the transformer's training: one of `random_scene`, HARD ones oftener than others."""
    hardest = math.prod(max(odds.values()) for odds in HARD.values())
    while True:
        scene = random_scene(rng, core)
        weight = math.prod(odds.get(getattr(scene.thing, field), 1.0) for field, odds in HARD.items())
        if rng.random() * hardest < weight:
            return scene


def unseen_combination(rng: random.Random) -> Scene:
    """A scene with one thing over a coloured background, of a combination that training never shows."""
    while True:
        scene = _core_scene(rng)
        if held_out(scene):
            return scene


def _core_scene(rng: random.Random) -> Scene:
    colour, ground = rng.sample(COLOURS, 2)
    setting = "plain" if rng.random() < 0.7 else "gradient"
    return Scene(_random_thing(rng, colour), setting, ground)


def _rich_scene(rng: random.Random, extras: float) -> Scene:
    setting = rng.choice(SETTINGS) if rng.random() < 0.75 else rng.choice(SETTINGS[2:])
    ground = rng.choice(COLOURS) if setting in COLOURED else ""
    free = [c for c in COLOURS if c != ground and c not in LOST_IN.get(setting, ())]
    colour, other = rng.sample(free, 2)
    scene = Scene(_random_thing(rng, colour), setting, ground)
    if setting not in COLOURED and rng.random() < 0.25:
        thing = replace(scene.thing, motion="still", speed="normal")
        return replace(scene, thing=thing, camera=rng.choice(CAMERAS[1:]))
    if rng.random() >= extras:
        return scene
    roll = rng.random()
    if roll < 0.5:
        kind = rng.choice(KINDS)
        return replace(scene, second=Thing(other, kind, rng.choice(SIZES[:2])))
    if roll < 0.85:
        return replace(scene, weather=rng.choice(WEATHERS[1:]))
    return scene


def _random_thing(rng: random.Random, colour: str) -> Thing:
    kind = rng.choice(KINDS)
    size = rng.choices(SIZES, (3, 5, 3))[0]
    roll = rng.random()
    if roll < 0.45:
        motion = rng.choice(STRAIGHT[:4])
    elif roll < 0.65:
        motion = rng.choice(STRAIGHT[4:])
    else:
        motion = rng.choice([m for m in MOTIONS[8:] if m != "spinning" or kind not in ROUND])
    speed = "normal" if motion in ("still", "growing", "shrinking") else rng.choices(SPEEDS, (1, 3, 1))[0]
    return Thing(colour, kind, size, motion, speed)
