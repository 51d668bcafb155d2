"""What the measurement asks of the model: prompts with the scenes they tell, from seeds that training never uses."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from training import configs
from training.evaluate_sampling import Ask, to_bytes
from training.scene import (
    CAMERAS,
    COLOURS,
    PHOTO,
    WEATHERS,
    Scene,
    random_scene,
    unseen_combination,
)
from training.words import COLOUR_WORDS, caption, facts, plain_caption
from training.world import layout, render

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

SEED = 20_260_101
FOUR = ("colour", "background", "shape", "motion")
THREE = ("colour", "background", "shape")
SHAPES = ((160, 256), (256, 160), (192, 192), (192, 320))  # height, width
LENGTHS = (9, 13, 33, 49)
ADHERENCE = ("core", "mix", "chinese", "unseen", "camera", "second", "weather", "size", "picture", "photo")


@dataclass(frozen=True, slots=True)
class Case:
    """One clip and what it should show.

    `truth` is a rendered clip of it, uint8 [T, H, W, 3], where one exists; `avoided` is a colour that the thing must
    not have, where the scene's own is open.
    """

    scene: Scene
    ask: Ask
    truth: np.ndarray | None = None
    avoided: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Cases judged by the same `fields`; `key` names them in the result."""

    key: str
    cases: tuple[Case, ...]
    fields: tuple[str, ...] = field(default=FOUR)


_TOLD_AS = {
    "colour": ("colour",),
    "background": ("setting", "ground"),
    "shape": ("kind",),
    "motion": ("motion",),
    "size": ("size",),
    "second": ("colour2", "kind2"),
    "weather": ("weather",),
    "camera": ("camera",),
}
"""What a caption must tell so that a field can be judged."""


def told(scene: Scene, fields: tuple[str, ...], rng: random.Random, language: str) -> str:
    """A sentence for `scene` that says all of `fields`: half of them in free wording, the others in the plainest."""
    if rng.random() < 0.5:
        return plain_caption(scene, language)
    whole = facts(scene)
    needed = [name for field in fields for name in _TOLD_AS[field] if name != "setting" or not scene.colour]
    while True:
        words = caption(scene, rng, language)
        if all(words.said[name] == whole[name] for name in needed):
            return words.text


def cases(
    count: int,
    draw: Callable[[random.Random, int], Scene],
    fields: tuple[str, ...],
    salt: int,
    language: str = "en",
    **settings: int,
) -> tuple[Case, ...]:
    """`count` cases of the scenes that `draw` gives for a source of chance and a number.

    `salt` chooses scenes and seeds, so that two languages can tell the same ones.
    """
    rng, wording = random.Random(SEED + salt), random.Random(SEED + 500 + salt)
    drawn = []
    for number in range(count):
        scene = draw(rng, number)
        ask = Ask(told(scene, fields, wording, language), seed=SEED + 1000 * salt + number, **settings)
        drawn.append(Case(scene, ask))
    return tuple(drawn)


def core(rng: random.Random, number: int = 0) -> Scene:
    """One thing over a coloured background."""
    return random_scene(rng, core=1.0)


def offered(rng: random.Random, number: int = 0) -> Scene:
    """A scene of what the model offers (`training.offers`): no second thing, no weather."""
    return random_scene(rng, extras=0.0)


def anything(rng: random.Random, number: int = 0) -> Scene:
    """A scene of the whole world that training shows."""
    return random_scene(rng)


def until(condition: Callable[[Scene, int], bool], share: float) -> Callable[[random.Random, int], Scene]:
    """Draws scenes until one fits `condition`; `share` of them from the core."""

    def draw(rng: random.Random, number: int) -> Scene:
        while True:
            scene = random_scene(rng, core=share)
            if condition(scene, number):
                return scene

    return draw


def prompt_groups(most: int | None) -> list[Group]:
    """Everything that text alone asks for; at most `most` cases in each group."""

    def n(count: int) -> int:
        return count if most is None else min(count, most)

    camera = until(lambda scene, i: scene.camera == CAMERAS[1 + i % 4], 0.0)
    second = until(lambda scene, _: scene.second is not None, 0.0)
    weather = until(lambda scene, i: scene.weather == WEATHERS[1 + i % 2], 0.0)
    size = until(lambda scene, i: scene.thing.size == ("small", "large")[i % 2], 1.0)
    unseen = cases(n(100), lambda rng, _: unseen_combination(rng), FOUR, 8)
    groups = [
        Group("core", cases(n(200), core, FOUR, 1)),
        Group("mix", cases(n(200), offered, FOUR, 2)),
        Group("chinese", cases(n(200), core, FOUR, 1, "zh")),
        Group("unseen", unseen),
        Group("camera", cases(n(60), camera, ("camera",), 3), ("camera",)),
        Group("second", cases(n(60), second, ("second",), 4), ("second",)),
        Group("weather", cases(n(60), weather, ("weather",), 5), ("weather",)),
        Group("size", cases(n(90), size, ("size",), 6), ("size",)),
    ]
    plain = groups[0].cases[: n(100)]
    unguided = tuple(Case(case.scene, replace(case.ask, guidance=1.0)) for case in plain)
    return [*groups, Group("unguided", unguided), *negative_groups(n(100)), *seed_groups(n(8))]


def size_groups(most: int | None) -> list[Group]:
    """The core's prompts in other shapes and lengths."""
    count = 24 if most is None else min(24, most)
    groups = []
    for number, (height, width) in enumerate(SHAPES):
        made = cases(count, core, THREE, 20 + number, height=height, width=width)
        groups.append(Group(f"size {width}x{height}", made, THREE))
    for number, frames in enumerate(LENGTHS):
        made = cases(count, core, THREE, 30 + number, frames=frames)
        groups.append(Group(f"frames {frames}", made, THREE))
    return groups


def negative_groups(count: int) -> list[Group]:
    """Prompts that leave the thing's colour open, without and with a colour as the negative prompt."""
    rng, free, avoiding = random.Random(SEED + 9), [], []
    while len(free) < count:
        scene = core(rng)
        words = caption(scene, rng, "en")
        if words.said["colour"] or not (words.said["kind"] and words.said["ground"]):
            continue
        others = [colour for colour in COLOURS if colour not in (scene.colour, scene.thing.colour)]
        avoided = rng.choice(others)
        ask = Ask(words.text, seed=SEED + 9000 + len(free))
        free.append(Case(scene, ask, avoided=avoided))
        avoiding.append(replace(free[-1], ask=replace(ask, negative=COLOUR_WORDS[avoided][0])))
    return [Group("free", tuple(free), ("avoided",)), Group("avoiding", tuple(avoiding), ("avoided",))]


def seed_groups(count: int) -> list[Group]:
    """The same prompts twice with one seed and once with another."""
    first = cases(count, core, FOUR, 10)
    other = tuple(Case(case.scene, replace(case.ask, seed=case.ask.seed + 500)) for case in first)
    return [Group("seed", first), Group("seed again", first), Group("seed other", other)]


def picture_group(most: int | None, device: torch.device) -> Group:
    """Rendered first frames to set in motion, with captions that tell how."""
    made = []
    for case in cases(60 if most is None else min(60, most), core, FOUR, 11):
        truth = rendered(case, device)
        made.append(Case(case.scene, replace(case.ask, image=truth[0]), truth))
    return Group("picture", tuple(made), ("motion",))


def photo_group(photos: list[np.ndarray], most: int | None) -> Group:
    """Photographs that training never saw, for the camera to move over."""
    cameras = [CAMERAS[1 + number % 4] for number in range(24 if most is None else min(24, most))]
    pixels, rng = photo_pixels(photos, len(cameras)), random.Random(SEED + 12)
    made = []
    for number, truth in enumerate(to_bytes(pixels).numpy()):
        scene = Scene(None, PHOTO, camera=cameras[number])
        text = told(scene, ("camera",), rng, "en")
        made.append(Case(scene, Ask(text, SEED + 12000 + number, image=truth[0]), truth))
    return Group("photo", tuple(made), ("camera",))


def photo_pixels(photos: list[np.ndarray], count: int) -> torch.Tensor:
    """`count` clips [count, 3, T, H, W] in [-1, 1] of broad photographs, the camera's movements in turn."""
    from training.photos import photo_clips

    wide = [photo for photo in photos if photo.shape[1] > photo.shape[0]]
    return photo_clips(
        [wide[number % len(wide)] for number in range(count)],
        [CAMERAS[1 + number % 4] for number in range(count)],
        configs.FRAMES,
        configs.HEIGHT,
        configs.WIDTH,
        torch.Generator().manual_seed(SEED + 12),
    )


def rendered(case: Case, device: torch.device) -> np.ndarray:
    """The clip that `case` asks for as the world draws it, uint8 [T, H, W, 3]."""
    if case.truth is not None:
        return case.truth
    ask, generator = case.ask, torch.Generator().manual_seed(case.ask.seed)
    clips = layout([case.scene], ask.frames, ask.height, ask.width, generator)
    return to_bytes(render(clips, ask.height, ask.width, device))[0].cpu().numpy()
