"""Finds the things of a clip: patches of a colour that its background does not have, one of each colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from training.detect_ground import ground_colours, lab
from training.scene import COLOURS, LOST_IN

LEAST = 40.0  # pixels of the smallest thing where the shorter side has 160
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


def label(frames: np.ndarray, ground: str, picture: np.ndarray) -> np.ndarray:
    """Which of COLOURS each pixel of `frames` uint8 [T, H, W, 3] has, len(COLOURS) for the ground: int8 [T, H, W].

    ground: what `ground_of` said; picture: the frames' median, [H, W, 3] in [0, 1].
    """
    lost = LOST_IN.get(ground, {ground})
    centres, owners = [ground_colours(ground, picture)], []
    owners = [len(COLOURS)] * len(centres[0])
    for index, name in enumerate(COLOURS):
        if name not in lost:
            colour = np.array(_palette()[name])
            centres.append(np.stack([colour * light + glint for light, glint in _SHADES]).clip(0, 1))
            owners += [index] * len(_SHADES)
    parts = frames >> (8 - _BITS)
    bins = (parts[..., 0].astype(np.int32) << 2 * _BITS) | (parts[..., 1].astype(np.int32) << _BITS)
    bins |= parts[..., 2]
    used = np.flatnonzero(np.bincount(bins.ravel(), minlength=1 << 3 * _BITS))
    mask = (1 << _BITS) - 1
    rgb = np.stack([used >> 2 * _BITS, (used >> _BITS) & mask, used & mask], -1) + 0.5
    seen, known = lab(rgb / (1 << _BITS)), lab(np.concatenate(centres))
    apart = (known * known).sum(1) - 2 * seen @ known.T
    lookup = np.zeros(1 << 3 * _BITS, np.int8)
    lookup[used] = np.array(owners, np.int8)[apart.argmin(1)]
    return lookup[bins]


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


def find(labels: np.ndarray, unit: float) -> list[Found]:
    """The things in `labels` [T, H, W], the larger ones first; `unit` is the shorter side by 160."""
    least, kernel = LEAST * unit * unit, np.ones((3, 3), np.uint8)
    counts = np.bincount(labels.ravel(), minlength=len(COLOURS) + 1)[:-1]
    found = []
    for index in np.flatnonzero(counts > 0.4 * least * len(labels)):
        masks = (labels == index).astype(np.uint8)
        masks = np.stack([cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel) for mask in masks])
        thing = Found(COLOURS[index], *largest(masks, least))
        if len(thing.present) >= 0.4 * len(labels):
            found.append(thing)
    return sorted(found, key=lambda thing: -thing.area.sum())


def things(labels: np.ndarray, unit: float) -> list[Found]:
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
