"""Reads colour, background, kind and motion of the shape back out of a clip, without any learned part."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from training.shapes import signed_distance
from training.words import THINGS
from training.world import PALETTE

_GRID = 48


@dataclass(frozen=True, slots=True)
class Seen:
    """What a clip shows, in the world's own names; empty where nothing was found."""

    colour: str
    thing: str
    motion: str
    background: str


def _lab(rgb: np.ndarray) -> np.ndarray:
    """[..., 3] in [0, 1] to CIE Lab."""
    flat = rgb.reshape(-1, 1, 3).astype(np.float32)
    return cv2.cvtColor(flat, cv2.COLOR_RGB2LAB).reshape(rgb.shape)


def nearest_colour(rgb: np.ndarray) -> str:
    """The palette colour that looks most like `rgb` [3] in [0, 1]; lightness counts less, as shading changes it."""
    names = list(PALETTE)
    difference = _lab(np.array([PALETTE[name] for name in names])) - _lab(np.asarray(rgb)[None])
    return names[int(np.argmin((difference * (0.6, 1, 1)) ** 2 @ np.ones(3)))]


def _plane(frame: np.ndarray) -> np.ndarray:
    """The background of `frame` [H, W, 3] as a plane of colour fitted to its border."""
    height, width = frame.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    terms = np.stack([np.ones_like(x), x / width, y / height], -1).astype(np.float64)
    border = np.zeros((height, width), bool)
    border[:5], border[-5:], border[:, :5], border[:, -5:] = True, True, True, True
    keep = border & (np.abs(frame - np.median(frame[border], 0)).max(-1) < 0.25)
    solution = np.linalg.lstsq(terms[keep], frame[keep], rcond=None)[0]
    return terms @ solution


def shape_mask(frame: np.ndarray) -> np.ndarray:
    """Where `frame` [H, W, 3] in [0, 1] differs strongly from its background: the largest such patch, bool [H, W]."""
    difference = np.abs(frame - _plane(frame)).max(-1)
    limit = max(0.12, 0.5 * np.quantile(difference, 0.995))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((difference > limit).astype(np.uint8))
    if count < 2:
        return np.zeros(difference.shape, bool)
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))


def motion_of(masks: list[np.ndarray]) -> str:
    """The motion between the first and the last of `masks`, each bool [H, W]."""
    first, last = masks[0], masks[-1]
    if first.sum() < 30 or last.sum() < 30:
        return ""
    growth = np.log(last.sum() / first.sum())
    shift = np.argwhere(last).mean(0) - np.argwhere(first).mean(0)
    unit = min(first.shape) / 160
    vertical = "" if abs(shift[0]) < 18 * unit else ("down" if shift[0] > 0 else "up")
    horizontal = "" if abs(shift[1]) < 18 * unit else ("right" if shift[1] > 0 else "left")
    if vertical or horizontal:
        return f"{vertical} {horizontal}".strip()
    if abs(growth) > 0.5:
        return "growing" if growth > 0 else "shrinking"
    return "still"


def _normalised(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.where(mask.any(1))[0], np.where(mask.any(0))[0]
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    return cv2.resize(cut, (_GRID, _GRID), interpolation=cv2.INTER_AREA) > 0.5


def thing_of(mask: np.ndarray) -> str:
    """The kind whose silhouette, turned a little, overlaps best with `mask` bool [H, W]."""
    if mask.sum() < 30:
        return ""
    seen, scores = _normalised(mask), {}
    y, x = torch.meshgrid(torch.linspace(-1.3, 1.3, 96), torch.linspace(-1.3, 1.3, 96), indexing="ij")
    for index, name in enumerate(THINGS):
        for turn in (-0.2, -0.1, 0.0, 0.1, 0.2):
            cos, sin = float(np.cos(turn)), float(np.sin(turn))
            turned = (x * cos + y * sin)[None], (y * cos - x * sin)[None]
            template = _normalised((signed_distance(torch.tensor([index]), *turned)[0] < 0).numpy())
            overlap = (seen & template).sum() / (seen | template).sum()
            scores[name] = max(scores.get(name, 0.0), float(overlap))
    return max(scores, key=lambda name: scores[name])


def look(clip: np.ndarray) -> Seen:
    """What `clip` [T, H, W, 3] in [0, 1] shows."""
    frames = [clip[0], clip[len(clip) // 2], clip[-1]]
    masks = [shape_mask(frame) for frame in frames]
    background = nearest_colour(np.median([np.median(_plane(frame), (0, 1)) for frame in frames], 0))
    best = max(range(3), key=lambda i: masks[i].sum())
    if masks[best].sum() < 30:
        return Seen("", "", "", background)
    inner = cv2.erode(masks[best].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    body = inner if inner.sum() > 20 else masks[best]
    return Seen(
        nearest_colour(np.median(frames[best][body], 0)), thing_of(masks[best]), motion_of(masks), background
    )
