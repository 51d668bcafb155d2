"""Reads out of a clip what it shows, in the world's own names, without any learned part and without the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from training.detect_camera import camera_of
from training.detect_ground import ground_of
from training.detect_motion import Track, motion_of
from training.detect_shape import kind_scores, polar, radius_of, turn
from training.detect_things import Found, label, things, with_rim
from training.detect_weather import weather_of
from training.scene import COLOURED, COLOURS, KINDS, ROUND, SIZES, Scene, Thing

DRIFT = {"sea": -25.0}  # pixels to the right that waves go in 25 frames
_LOOKS = 7  # frames that a kind is read from
_ALIKE, _ALIKE_RING = 0.78, 0.68
"""The overlap over union that a silhouette needs to be called anything. Rendered ones have 0.88 or more, those that
the VAE has kept 0.83. A ring is thin, so that a dent costs it twice as much."""
_SIZE_BOUNDS = (26.5, 38.5)  # radii between small, medium and large where the shorter side has 160


@dataclass(frozen=True, slots=True)
class Seen:
    """What a clip shows. `background` is a colour, or the name of a setting that has none."""

    thing: Thing | None
    background: str
    second: Thing | None = None
    weather: str = ""
    camera: str = ""


def be_single() -> None:
    """Keep OpenCV to one thread: for processes that share a machine."""
    cv2.setNumThreads(1)


def detect(clip: np.ndarray, photo: bool = False) -> Seen:
    """What `clip` uint8 [T, H, W, 3] shows. Of a photograph (`photo`) only the camera is asked."""
    if photo:
        return Seen(None, "photo", camera=camera_of(clip, np.zeros(clip.shape[:3], bool)))
    unit = min(clip.shape[1:3]) / 160
    calm = np.stack([cv2.GaussianBlur(frame, (3, 3), 0) for frame in clip])
    picture = np.median(calm[::3], axis=0).astype(np.float32) / 255
    ground = ground_of(picture)
    labels = label(calm, ground, picture)
    found = things(labels, unit)
    found = [with_rim(one, [other for other in found if other is not one], labels, unit) for one in found]
    everything = np.zeros(clip.shape[:3], bool)
    for one in found:
        everything |= one.masks
    camera = "" if ground in COLOURS else camera_of(calm, everything, DRIFT.get(ground, 0.0))
    described = [describe(one, unit) for one in found]
    if camera:
        described = [Thing(one.colour, one.kind, one.size) for one in described]
    described.sort(key=lambda one: one.motion == "still")
    weather = "" if camera else weather_of(clip, everything)
    first, second = (*described, None, None)[:2]
    return Seen(first, ground, second, weather, camera)


def describe(found: Found, unit: float) -> Thing:
    """Kind ("" for a blob that is none), size and motion of a thing."""
    frames = len(found.area)
    whole = found.area > 0.8 * np.quantile(found.area[found.present], 0.5)
    chosen = np.flatnonzero(whole)
    masks = {time: found.masks[time].astype(np.float32) for time in chosen}
    looks = chosen[np.linspace(0, len(chosen) - 1, _LOOKS).round().astype(int)]
    scores = np.sum([kind_scores(masks[time]) for time in looks], axis=0)
    kind = KINDS[int(scores.argmax())]
    if scores.max() < (_ALIKE_RING if kind == "ring" else _ALIKE) * _LOOKS:
        kind = ""
    rounds = [polar(masks[time]) for time in chosen]
    turned = np.cumsum([0.0, *(turn(a, b) for a, b in pairwise(rounds))]) * (kind not in ("", *ROUND))
    area = found.area[chosen] / unit**2
    track = Track(chosen, found.centre[chosen] / unit, area, turned, frames)
    middle = radius_of(float(np.median(found.area[found.present])), kind or "ball") / unit
    size = SIZES[int(np.searchsorted(_SIZE_BOUNDS, middle))]
    return Thing(found.colour, kind, size, motion_of(track))


def agrees(seen: Seen, scene: Scene, field: str) -> bool:
    """Is `seen` what `scene` tells in `field`: colour, background, shape, motion, size, second, weather or camera?

    Which of two things that both stand still is the second one nobody can see: there, either order is right.
    """
    if field == "background":
        return seen.background == (scene.colour if scene.setting in COLOURED else scene.setting)
    if field in ("weather", "camera"):
        return getattr(seen, field) == getattr(scene, field)
    first, second = _matched(seen, scene)
    if field == "second":
        return _same(second, scene.second)
    name = "kind" if field == "shape" else field
    return first is not None and getattr(first, name) == getattr(scene.thing, name)


def _same(one: Thing | None, other: Thing | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.colour, one.kind) == (other.colour, other.kind)


def _matched(seen: Seen, scene: Scene) -> tuple[Thing | None, Thing | None]:
    """The things in the order of the scene's, where both stand still and the scene has two."""
    pair = (seen.thing, seen.second)
    if scene.second is None or None in pair or any(one.motion != "still" for one in pair):
        return pair
    return pair[::-1] if seen.thing.colour == scene.second.colour else pair
