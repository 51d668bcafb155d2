"""Looking at finished clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

HUES = {"red": (0, 10), "green": (45, 80), "blue": (100, 130), "yellow": (22, 34), "purple": (131, 150)}
"""OpenCV hues, 0 to 179; red also counts from 170 on."""


def frames_of(path: str | Path) -> list[np.ndarray]:
    """The clip's frames, uint8 [H, W, 3]."""
    import av

    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


def shares(frame: np.ndarray) -> dict[str, float]:
    """The share of the frame's pixels that clearly have each hue."""
    import cv2

    hue, saturation, value = cv2.split(cv2.cvtColor(frame, cv2.COLOR_RGB2HSV))
    vivid = (saturation > 110) & (value > 60)
    found = {name: (hue >= low) & (hue <= high) for name, (low, high) in HUES.items()}
    found["red"] |= hue >= 170
    return {name: float((mask & vivid).mean()) for name, mask in found.items()}
