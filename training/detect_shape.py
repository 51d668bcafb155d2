"""Silhouettes: which kind one is, and how far it has turned. Everything is compared over all rotations at once."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from training.scene import KINDS

RADII, ANGLES = 20, 96
SOFT = (0.0, 0.1, 0.2)
"""How round the templates' corners are, in radii: a small star comes out of the VAE with blunt points."""
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


@cache
def _templates() -> tuple[np.ndarray, np.ndarray]:
    """The polar pictures of all KINDS, sharp and soft, [kinds, SOFT, RADII, ANGLES], and the sharp ones' areas in
    squared radii, [kinds]."""
    import torch

    from training.shapes import SHAPES

    line = torch.linspace(-1.5, 1.5, 241)
    y, x = torch.meshgrid(line, line, indexing="ij")
    pixel = float(line[1] - line[0])
    masks = [(SHAPES[kind](x, y) < 0).float().numpy() for kind in KINDS]
    pictures = [[polar(_softened(mask, soft / pixel)) for soft in SOFT] for mask in masks]
    return np.array(pictures), np.array([mask.sum() * pixel**2 for mask in masks])


def _softened(mask: np.ndarray, sigma: float) -> np.ndarray:
    """`mask` with what is sharper than `sigma` pixels rounded off."""
    return (cv2.GaussianBlur(mask, (0, 0), sigma) > 0.5).astype(np.float32) if sigma else mask


def overlaps(seen: np.ndarray, templates: np.ndarray) -> np.ndarray:
    """Overlap over union of polar picture `seen` with each of `templates`, turned by every angle: [n, ANGLES]."""
    weight = (np.arange(RADII) + 0.5)[:, None]
    first, others = np.fft.rfft(seen * weight), np.fft.rfft(templates)
    common = np.fft.irfft((first * others.conj()).sum(-2), ANGLES)
    union = (seen * weight).sum() + (templates * weight).sum((-2, -1))[..., None] - common
    return common / union


def kind_scores(mask: np.ndarray) -> np.ndarray:
    """How well a silhouette, float [H, W], covers each of KINDS, best turned and softened: [kinds] in [0, 1]."""
    templates = _templates()[0].reshape(-1, RADII, ANGLES)
    return overlaps(polar(mask), templates).reshape(len(KINDS), -1).max(1)


def radius_of(area: float, kind: str) -> float:
    """The radius of a thing of `kind` that covers `area`, as the world counts it."""
    return float(np.sqrt(area / _templates()[1][KINDS.index(kind)]))


def turn(before: np.ndarray, after: np.ndarray, limit: float = 0.5) -> float:
    """The rotation in radians, clockwise on the screen and within `limit`, from polar picture `before` to `after`."""
    curve = overlaps(after, before[None])[0]
    reach = int(limit * ANGLES / (2 * np.pi))
    curve = np.concatenate([curve[-reach - 1 :], curve[: reach + 2]])
    best = 1 + int(np.argmax(curve[1:-1]))
    left, middle, right = curve[best - 1 : best + 2]
    bend = left - 2 * middle + right
    part = 0.0 if bend >= 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
    return (best + part - reach - 1) * 2 * np.pi / ANGLES
