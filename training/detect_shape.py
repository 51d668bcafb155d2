"""Silhouettes: which kind one is, and how far it has turned. Everything is compared over all rotations at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from training.scene import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

RADII, ANGLES = 20, 96
SOFT = (0.0, 0.1, 0.2)
"""How round the templates' corners are, in radii: a small star comes out of the VAE with blunt points."""
GROWN = (-0.06, 0.0, 0.06)
"""How much thicker the templates are all round, in radii: a ring stays a ring, be it a little thin."""
STRETCHED = 1.2
"""How much longer than wide a template may be, the stretch lying in any of _DIRECTIONS."""
_DIRECTIONS = 4
_STRETCH_COST = 0.02  # of a stretched template's score: a heart is no long triangle
_WEIGHT = (np.arange(RADII) + 0.5)[:, None]
_REACH = 2.0  # polar pictures reach this many radii of the disc with the same area


def polar(mask: np.ndarray) -> np.ndarray:
    """The polar picture [RADII, ANGLES] of a silhouette, float [H, W] in [0, 1], about its centre of mass.

    Radii are in those of the disc with the same area, so that place and size drop out and turning is a shift.
    """
    moments = cv2.moments(mask)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    radii = (np.arange(RADII, dtype=np.float32) + 0.5)[:, None] * (_REACH / RADII)
    radii = radii * np.sqrt(moments["m00"] / np.pi)
    angles = np.arange(ANGLES, dtype=np.float32)[None] * (2 * np.pi / ANGLES)
    across, down = x + radii * np.cos(angles), y + radii * np.sin(angles)
    return cv2.remap(mask, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR)


class Forms(NamedTuple):
    """Polar pictures to compare with: their spectra over the angles, complex [n, RADII, ANGLES / 2 + 1], and the sums
    of their pixels, each counted as its area, [n]."""

    spectra: np.ndarray
    sums: np.ndarray


def forms_of(pictures: np.ndarray) -> Forms:
    """`pictures` [n, RADII, ANGLES] for `overlaps`."""
    return Forms(np.fft.rfft(pictures).conj(), (pictures * _WEIGHT).sum((-2, -1)))


@cache
def _templates() -> tuple[Forms, np.ndarray]:
    """All KINDS, each in every form that counts as one, [kinds * forms], and the areas of the exact ones in squared
    radii, [kinds]."""
    import torch

    from training.shapes import SHAPES

    line = torch.linspace(-1.6, 1.6, 257)
    y, x = torch.meshgrid(line, line, indexing="ij")
    pixel = float(line[1] - line[0])
    distances = [[SHAPES[kind](*place).numpy() for place in _stretched(x, y)] for kind in KINDS]
    pictures = [
        polar(_softened((distance < grown).astype(np.float32), soft / pixel))
        for forms in distances
        for distance in forms
        for grown in GROWN
        for soft in SOFT
    ]
    return forms_of(np.array(pictures)), np.array([(forms[0] < 0).sum() * pixel**2 for forms in distances])


def _stretched(x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The places (x, y) as they are, and stretched in each of _DIRECTIONS, their area kept."""
    yield x, y
    for angle in np.arange(_DIRECTIONS) * (np.pi / _DIRECTIONS):
        cos, sin, long = float(np.cos(angle)), float(np.sin(angle)), STRETCHED**0.5
        along, across = (cos * x + sin * y) / long, (cos * y - sin * x) * long
        yield cos * along - sin * across, sin * along + cos * across


def _softened(mask: np.ndarray, sigma: float) -> np.ndarray:
    """`mask` with what is sharper than `sigma` pixels rounded off."""
    return (cv2.GaussianBlur(mask, (0, 0), sigma) > 0.5).astype(np.float32) if sigma else mask


def overlaps(seen: np.ndarray, forms: Forms) -> np.ndarray:
    """Overlap over union of polar picture `seen` with each of `forms`, turned by every angle: [n, ANGLES]."""
    weighted = seen * _WEIGHT
    common = np.fft.irfft(np.einsum("ra,nra->na", np.fft.rfft(weighted), forms.spectra), ANGLES)
    return common / (weighted.sum() + forms.sums[:, None] - common)


def kind_scores(mask: np.ndarray) -> np.ndarray:
    """How well a silhouette, float [H, W], covers each of KINDS, in its best form, best turned: [kinds] in [0, 1]."""
    scores = overlaps(polar(mask), _templates()[0]).max(1)
    scores = scores.reshape(len(KINDS), 1 + _DIRECTIONS, -1).max(2)
    scores[:, 1:] -= _STRETCH_COST
    return scores.max(1)


def radius_of(area: float, kind: str) -> float:
    """The radius of a thing of `kind` that covers `area`, as the world counts it."""
    return float(np.sqrt(area / _templates()[1][KINDS.index(kind)]))


def turn(before: np.ndarray, after: np.ndarray, limit: float = 0.5) -> float:
    """The rotation in radians, clockwise on the screen and within `limit`, from polar picture `before` to `after`."""
    curve = overlaps(after, forms_of(before[None]))[0]
    reach = int(limit * ANGLES / (2 * np.pi))
    curve = np.concatenate([curve[-reach - 1 :], curve[: reach + 2]])
    best = 1 + int(np.argmax(curve[1:-1]))
    left, middle, right = curve[best - 1 : best + 2]
    bend = left - 2 * middle + right
    part = 0.0 if bend >= 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
    return (best + part - reach - 1) * 2 * np.pi / ANGLES
