"""Whether the camera pans or zooms, from how the background shifts and stretches from frame to frame."""

from __future__ import annotations

import cv2
import numpy as np

_HOP = 2  # frames between those compared
_ROUNDS = 4
PANNED = 18.0  # pixels in 25 frames where the shorter side has 160; training shows 36 or more
ZOOMED = 0.12  # logarithm of the scale in 25 frames; training shows 0.26 or more


def camera_of(clip: np.ndarray, hidden: np.ndarray, drift: float = 0.0) -> str:
    """One of CAMERAS for `clip` uint8 [T, H, W, 3]; pixels in `hidden` bool [T, H, W] are not looked at.

    drift: pixels to the right that the background goes by itself in 25 frames.
    """
    shift, stretch = flow(clip, hidden)
    share = (len(clip) - 1) / 24
    shift = shift / (min(clip.shape[1:3]) / 160) - drift * share
    if abs(stretch) > ZOOMED * share:
        return "in" if stretch > 0 else "out"
    if abs(shift) > PANNED * share:
        return "left" if shift > 0 else "right"
    return ""


def flow(clip: np.ndarray, hidden: np.ndarray) -> tuple[float, float]:
    """How far the background shifts to the right over the whole clip, in pixels, and the logarithm of its growth."""
    kernel = np.ones((5, 5), np.uint8)
    times = [*range(0, len(clip) - 1, _HOP), len(clip) - 1]
    frames, shown = [], []
    for time in times:
        grey = cv2.cvtColor(clip[time], cv2.COLOR_RGB2GRAY)
        grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        frames.append(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.5))
        mask = cv2.resize(hidden[time].astype(np.uint8), grey.shape[::-1], interpolation=cv2.INTER_AREA)
        shown.append(cv2.dilate(mask, kernel, iterations=2) == 0)
    steps = [
        _step(before, after, first & second)
        for before, after, first, second in zip(frames, frames[1:], shown, shown[1:], strict=False)
    ]
    return 2 * float(sum(step[0] for step in steps)), float(sum(step[1] for step in steps))


def _step(before: np.ndarray, after: np.ndarray, shown: np.ndarray) -> tuple[float, float]:
    """Shift in pixels and stretch about the middle that take `before` to `after`, by Gauss and Newton's method."""
    height, width = before.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x - (width - 1) / 2, y - (height - 1) / 2
    shift = stretch = 0.0
    for _ in range(_ROUNDS):
        scale = np.exp(stretch)
        warp = np.float32(
            [
                [scale, 0, shift + (1 - scale) * (width - 1) / 2],
                [0, scale, (1 - scale) * (height - 1) / 2],
            ]
        )
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        back = cv2.warpAffine(after, warp, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
        slope_x, slope_y = cv2.Sobel(back, -1, 1, 0, scale=1 / 8), cv2.Sobel(back, -1, 0, 1, scale=1 / 8)
        rest = before - back
        weight = shown / (1 + (rest / 6) ** 2)
        weight[:2], weight[-2:], weight[:, :3], weight[:, -3:] = 0, 0, 0, 0
        terms = np.stack([slope_x, slope_x * x + slope_y * y]).reshape(2, -1)
        weighted = terms * weight.reshape(-1)
        normal = weighted @ terms.T + np.diag([1e-2, 1.0])
        step = np.linalg.solve(normal, weighted @ rest.reshape(-1))
        shift, stretch = shift + float(step[0]), stretch + float(step[1])
    return shift, stretch
