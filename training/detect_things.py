"""Finds the things of a clip: patches of a colour that its background does not have, one of each colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from training.detect_ground import LIGHTS, ground_colours, ground_surface, lab
from training.scene import COLOURS, LOST_IN

LEAST = 40.0  # pixels of the smallest thing where the shorter side has 160
RIM = 3.0  # pixels, where the shorter side has 160, that a drawn edge may be soft
_BITS = 5  # of each colour channel that count
_SHADES = (
    (0.66, 0.0),
    (0.8, 0.0),
    (0.93, 0.0),
    (1.05, 0.0),
    (0.95, 0.05),
    (0.9, 0.13),
    (0.95, 0.2),
    (0.95, 0.27),
)
"""What shading makes of a colour: times the first, plus the second."""


@dataclass(slots=True)
class Found:
    """The largest patch of one colour in each frame.

    masks: bool [T, H, W]; area: [T] pixels, 0 where there is none; centre: [T, 2] x and y.
    """

    colour: str
    masks: np.ndarray
    area: np.ndarray
    centre: np.ndarray

    @property
    def present(self) -> np.ndarray:
        """Frame numbers in which it is there."""
        return np.flatnonzero(self.area)


@cache
def _palette() -> dict[str, tuple[float, float, float]]:
    from training.world import PALETTE

    return PALETTE


@dataclass(slots=True)
class Labels:
    """What colour each pixel of a clip has.

    owner: int8 [T, H, W], which of COLOURS is nearest, len(COLOURS) for the ground; bins: int32 [T, H, W], its colour
    in few bits; apart: float32 [bins, len(COLOURS)], how far a colour in few bits is from each of COLOURS, squared in
    Lab; ground: float32 [T, H, W], how far each pixel is from the ground.
    """

    owner: np.ndarray
    bins: np.ndarray
    apart: np.ndarray
    ground: np.ndarray

    def nearer(self, colour: str) -> np.ndarray:
        """Which pixels, bool [T, H, W], are nearer to `colour` than to the ground."""
        return self.apart[:, COLOURS.index(colour)][self.bins] < self.ground


def label(frames: np.ndarray, ground: str, picture: np.ndarray) -> Labels:
    """Which of COLOURS each pixel of `frames` uint8 [T, H, W, 3] has, or the ground.

    ground: what `ground_of` said; picture: the frames' median, [H, W, 3] in [0, 1].
    """
    lost = LOST_IN.get(ground, {ground})
    parts = frames >> (8 - _BITS)
    bins = (parts[..., 0].astype(np.int32) << 2 * _BITS) | (parts[..., 1].astype(np.int32) << _BITS)
    bins |= parts[..., 2]
    used = np.flatnonzero(np.bincount(bins.ravel(), minlength=1 << 3 * _BITS))
    mask = (1 << _BITS) - 1
    rgb = np.stack([used >> 2 * _BITS, (used >> _BITS) & mask, used & mask], -1) + 0.5
    seen = lab(rgb / (1 << _BITS))
    apart = np.full((1 << 3 * _BITS, len(COLOURS)), np.inf, np.float32)
    for index, name in enumerate(COLOURS):
        if name not in lost:
            apart[used, index] = _nearest(seen, _shaded(name))
    if ground in COLOURS:
        behind = _from_surface(frames, ground_surface(ground, picture))
    else:
        behind = np.zeros(1 << 3 * _BITS, np.float32)
        behind[used] = _nearest(seen, ground_colours(ground, picture))
        behind = behind[bins]
    owner, least = apart.argmin(1).astype(np.int8), apart.min(1)
    return Labels(np.where(least[bins] < behind, owner[bins], len(COLOURS)), bins, apart, behind)


def _from_surface(frames: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """How far `frames` uint8 [T, H, W, 3] are from `surface` [H, W, 3] in light or in shadow, squared in Lab."""
    shades = [lab(light * surface) for light in LIGHTS]
    behind = np.empty(frames.shape[:3], np.float32)
    for time, frame in enumerate(frames):
        seen = lab(frame.astype(np.float32) / 255)
        rests = [seen - shade for shade in shades]
        behind[time] = np.min([np.einsum("hwc,hwc->hw", rest, rest) for rest in rests], axis=0)
    return behind


def _shaded(name: str) -> np.ndarray:
    """The colours [n, 3] in [0, 1] that a thing of colour `name` has, in light and in shadow."""
    return np.array([np.array(_palette()[name]) * light + glint for light, glint in _SHADES]).clip(0, 1)


def _nearest(seen: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The squared distance of each of `seen` [n, 3], in Lab, to the nearest of `colours` [m, 3] in [0, 1]: [n]."""
    known = lab(colours)
    return ((seen * seen).sum(1)[:, None] + (known * known).sum(1) - 2 * seen @ known.T).min(1)


def largest(masks: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each mask of uint8 [T, H, W] the largest patch: its mask, its area and its centre, as in `Found`."""
    patches = np.zeros(masks.shape, bool)
    area, centre = np.zeros(len(masks)), np.zeros((len(masks), 2))
    for time, mask in enumerate(masks):
        count, labels, stats, middles = cv2.connectedComponentsWithStats(mask, connectivity=4)
        if count < 2:
            continue
        best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        if stats[best, cv2.CC_STAT_AREA] >= least:
            patches[time] = labels == best
            area[time], centre[time] = stats[best, cv2.CC_STAT_AREA], middles[best]
    return patches, area, centre


def find(labels: Labels, unit: float) -> list[Found]:
    """The things in a clip, the larger ones first; `unit` is the shorter side by 160."""
    least, kernel = LEAST * unit * unit, np.ones((3, 3), np.uint8)
    counts = np.bincount(labels.owner.ravel(), minlength=len(COLOURS) + 1)[:-1]
    found = []
    for index in np.flatnonzero(counts > 0.4 * least * len(labels.owner)):
        masks = (labels.owner == index).astype(np.uint8)
        masks = np.stack([cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel) for mask in masks])
        patches, area, centre = largest(masks, least)
        if np.count_nonzero(area) >= 0.4 * len(area):
            found.append(Found(COLOURS[index], patches, area, centre))
    return sorted(found, key=lambda thing: -thing.area.sum())


def with_rim(thing: Found, others: list[Found], labels: Labels, unit: float) -> Found:
    """`thing` with its soft rim: pixels up to RIM beside it that are nearer to its colour than to the ground.

    Half-way from purple to yellow lies a brown that is neither, and belongs to whichever of the two is nearer.
    """
    reach = max(1, round(RIM * unit))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = np.stack([cv2.dilate(mask.astype(np.uint8), kernel) for mask in thing.masks]) > 0
    masks = near & labels.nearer(thing.colour)
    for other in others:
        masks &= ~other.masks
    return Found(thing.colour, *largest((masks | thing.masks).astype(np.uint8), LEAST * unit * unit))


def things(labels: Labels, unit: float) -> list[Found]:
    """One or two things, or none: the largest, and another that stands still apart from it."""
    found = find(labels, unit)
    if not found:
        return []
    for other in found[1:]:
        if _stands(other, unit) and not _part_of(other, found[0], unit):
            return [found[0], other]
        if _stands(found[0], unit) and not _part_of(other, found[0], unit) and _solid(other, found[0]):
            return [found[0], other]
    return found[:1]


def _stands(thing: Found, unit: float) -> bool:
    """Does it keep its place, wherever it is not hidden?"""
    whole = thing.area > 0.85 * np.quantile(thing.area[thing.present], 0.8)
    if whole.mean() < 0.25:
        return False
    return bool(np.abs(thing.centre[whole] - np.median(thing.centre[whole], 0)).mean() < 2.5 * unit)


def _solid(thing: Found, other: Found) -> bool:
    return bool(len(thing.present) > 0.8 * len(thing.area) and thing.area.sum() > 0.1 * other.area.sum())


def _part_of(thing: Found, other: Found, unit: float) -> bool:
    """Is it always at the side of `other`, as a shade of it would be?"""
    kernel = np.ones((5, 5), np.uint8)
    touching = []
    for time in thing.present[:: max(1, len(thing.present) // 8)]:
        mask = thing.masks[time].astype(np.uint8)
        rim = (cv2.dilate(mask, kernel) > 0) & ~thing.masks[time]
        touching.append(other.masks[time][rim].mean())
    return bool(np.median(touching) > 0.3)
