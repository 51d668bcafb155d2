"""How a thing moves, from where it is, how large it is and how it is turned in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SLOWEST = 28.0  # pixels in 25 frames at a shorter side of 160: the least that training shows as a movement
GROWN = 0.55  # change of the logarithm of the area; 1.7 in radius is 1.06
TURNED = 0.9  # radians in 25 frames; training shows 1.5 or more


@dataclass(frozen=True, slots=True)
class Track:
    """A thing in T frames; frames without it are not there.

    time: [T] frame numbers; centre: [T, 2] x and y in pixels where the shorter side has 160; area: [T] in those
    pixels; turned: [T] radians since the first frame, 0 where nobody could see it; frames: the clip's length.
    """

    time: np.ndarray
    centre: np.ndarray
    area: np.ndarray
    turned: np.ndarray
    frames: int

    @property
    def share(self) -> float:
        """The clip's length as a share of 25 frames, which speeds are told for."""
        return (self.frames - 1) / 24


def change(time: np.ndarray, values: np.ndarray, frames: int) -> np.ndarray:
    """How much `values` [T, ...] change over a whole clip, by the straight line that fits best."""
    since = time - time.mean()
    spread = float((since * since).sum())
    if spread == 0:
        return np.zeros(values.shape[1:])
    return np.tensordot(since, values, (0, 0)) / spread * (frames - 1)


def motion_of(track: Track) -> str:
    """One of MOTIONS; "" where there is too little to see."""
    if len(track.time) < max(3, track.frames // 3):
        return ""
    path = track.centre - track.centre.mean(0)
    shift = change(track.time, track.centre, track.frames)
    least = 0.5 * SLOWEST * track.share
    turned = abs(float(change(track.time, track.turned, track.frames)))
    spins = turned > TURNED * track.share and np.hypot(*path.T).max() < 0.5 * np.sqrt(track.area.mean())
    if spins and np.hypot(*shift) < 2 * SLOWEST * track.share:
        return "spinning"
    if is_circle(path):
        return "circling"
    if is_bouncing(track, shift, least):
        return "bouncing"
    growth = float(change(track.time, np.log(track.area), track.frames))
    if abs(growth) > GROWN * min(1, track.share) and np.hypot(*shift) < 2 * least:
        return "growing" if growth > 0 else "shrinking"
    if np.hypot(*shift) >= least:
        return direction(shift)
    return "still"


def direction(shift: np.ndarray) -> str:
    """The one of eight directions that `shift` (x, y, down being positive) is nearest to."""
    names = ("right", "down right", "down", "down left", "left", "up left", "up", "up right")
    return names[round(float(np.arctan2(shift[1], shift[0])) / (np.pi / 4)) % 8]


def is_circle(path: np.ndarray) -> bool:
    """Does `path` [T, 2], about its mean, run round on an arc of half a circle or more?"""
    terms = np.concatenate([2 * path, np.ones((len(path), 1))], 1)
    x, y, rest = np.linalg.lstsq(terms, (path**2).sum(1), rcond=None)[0]
    radius = np.sqrt(max(rest + x * x + y * y, 0))
    if not 12 < radius < 70:
        return False
    spokes = path - (x, y)
    off = np.hypot(*spokes.T) - radius
    swept = abs(np.unwrap(np.arctan2(spokes[:, 1], spokes[:, 0]))[[0, -1]] @ (-1, 1))
    return bool(swept > 2.6 and np.sqrt((off**2).mean()) < 0.22 * radius)


def is_bouncing(track: Track, shift: np.ndarray, least: float) -> bool:
    """Does the height go up and down at least twice as far as the path as a whole leads?"""
    height = -track.centre[:, 1]
    swing = np.diff(height)
    turns = _turns(height, 6.0)
    return bool(turns >= 2 and np.abs(swing).sum() > 2 * abs(shift[1]) + least)


def _turns(values: np.ndarray, least: float) -> int:
    """How often `values` [T] change their direction, wiggles below `least` not counted."""
    count, going, extreme = 0, 0, values[0]
    for value in values[1:]:
        if going == 0:
            going = int(np.sign(value - extreme)) if abs(value - extreme) > least else 0
            extreme = extreme if going == 0 else value
        elif (value - extreme) * going > 0:
            extreme = value
        elif abs(value - extreme) > least:
            count, going, extreme = count + 1, -going, value
    return count
