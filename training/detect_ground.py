"""Reads a clip's background: its colour, or its setting's name, by comparing it with painted ones."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from training.scene import COLOURED, COLOURS, SETTINGS

ROWS, COLUMNS = 10, 16
_VARIANTS = 16
LIGHTS = (1.0, 0.82, 0.66)
"""What a background's colour is multiplied by in the light and in a thing's shadow."""
_KEPT = 0.6  # share of the cells that must fit: things hide the others


def lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB [..., 3] in [0, 1] as CIE Lab."""
    flat = np.ascontiguousarray(rgb, np.float32).reshape(-1, 1, 3)
    return cv2.cvtColor(flat, cv2.COLOR_RGB2LAB).reshape(rgb.shape)


@cache
def painted() -> tuple[list[str], np.ndarray]:
    """Names (a colour, or a setting) and cells, float32 [n, ROWS, COLUMNS, 3] in [0, 1], of painted backgrounds."""
    import torch

    from training import settings
    from training.world import PALETTE

    def paint(setting: str, colour: str) -> np.ndarray:
        generator = torch.Generator().manual_seed(7)
        ground = settings.Ground(
            x=((torch.arange(COLUMNS) + 0.5) * 16).expand(_VARIANTS, 1, 1, -1),
            y=((torch.arange(ROWS) + 0.5) * 16).view(1, 1, -1, 1).expand(_VARIANTS, -1, -1, -1),
            time=torch.zeros(_VARIANTS, 1),
            size=torch.tensor([256.0, 160.0]).expand(_VARIANTS, 2),
            colour=torch.tensor(PALETTE[colour]).expand(_VARIANTS, 3),
            chance=torch.rand(_VARIANTS, settings.CHANCES, generator=generator),
        )
        cells = settings.paint(setting, ground).expand(_VARIANTS, 3, 1, ROWS, COLUMNS)
        return cells[:, :, 0].permute(0, 2, 3, 1).numpy()

    pairs = [(s, c) for s in SETTINGS for c in (COLOURS if s in COLOURED else ("white",))]
    names = [
        colour if setting in COLOURED else setting for setting, colour in pairs for _ in range(_VARIANTS)
    ]
    return names, np.concatenate([paint(setting, colour) for setting, colour in pairs])


def ground_of(picture: np.ndarray) -> str:
    """The background of `picture` [H, W, 3] in [0, 1]: the name of the painted one that most of it is closest to."""
    names, cells = painted()
    seen = cv2.resize(picture.astype(np.float32), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    apart = np.linalg.norm((lab(cells) - lab(seen)) * (0.7, 1, 1), axis=-1).reshape(len(names), -1)
    kept = np.partition(apart, int(_KEPT * apart.shape[1]), axis=1)[:, : int(_KEPT * apart.shape[1])]
    return names[int(kept.mean(1).argmin())]


def ground_surface(name: str, picture: np.ndarray) -> np.ndarray:
    """What `picture` [H, W, 3] in [0, 1] would be without its things, on a background of colour `name`: [H, W, 3].

    Such a background changes slowly, so that it is a quadratic of the place: the one that fits the most pixels near
    the colour. What yellow's gold is in one corner may be an orange square's gloss in another.
    """
    height, width = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    some, seen = terms[::3, ::3].reshape(-1, 6), picture[::3, ::3].reshape(-1, 3)
    own, seen_lab = _painted_as(name), lab(seen)
    fits = np.linalg.norm(seen_lab[:, None] - lab(_few(own))[None], axis=-1).min(1) < 20
    for least in (15.0, 8.0, 8.0):
        if fits.sum() < 50:
            return np.broadcast_to(own.mean(0), picture.shape)
        weights = np.linalg.lstsq(some[fits], seen[fits], rcond=None)[0]
        fits = np.linalg.norm(seen_lab - lab((some @ weights).clip(0, 1)), axis=-1) < least
    return (terms @ weights).clip(0, 1)


def ground_colours(name: str, picture: np.ndarray) -> np.ndarray:
    """Colours [n, 3] in [0, 1] that setting `name` has in `picture` [H, W, 3], in light and in shadow."""
    own = _painted_as(name)
    edge = np.concatenate([picture[:2].reshape(-1, 3), picture[-2:].reshape(-1, 3)])
    edge = np.concatenate([edge, picture[:, :2].reshape(-1, 3), picture[:, -2:].reshape(-1, 3)])
    own, edge = _few(own), _few(edge)
    far = np.linalg.norm(lab(edge)[:, None] - lab(own)[None], axis=-1).min(1)
    light = np.concatenate([own, edge[far < 20]])
    return np.concatenate([part * light for part in LIGHTS])


def _painted_as(name: str) -> np.ndarray:
    """The colours [n, 3] in [0, 1] of the painted backgrounds of that name."""
    names, cells = painted()
    return cells[[other == name for other in names]].reshape(-1, 3)


def _few(colours: np.ndarray) -> np.ndarray:
    """The different ones among `colours` [n, 3]."""
    return np.unique((colours * 16).round(), axis=0) / 16
