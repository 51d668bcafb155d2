"""Sizes and lengths that the model can render."""

from __future__ import annotations

import math

SIZE_STEP = 32
"""Width and height are multiples of this: 16x16 VAE times the 2x2 patch."""
FRAME_STEP = 4
"""num_frames is 4n+1: one latent frame is the first picture, each further one holds four."""


def best_output_size(width: int, height: int, area: int, step: int = SIZE_STEP) -> tuple[int, int]:
    """The size (width, height), multiples of `step`, of at most `area` pixels, nearest to a picture's shape.

    Source: Wan2.2 `wan/utils/utils.py: best_output_size` with dw = dh = 32: round the ideal width down and
    fit the height, or the other way round; the one whose ratio is closer to the picture's wins.
    """
    ratio = width / height
    ideal_width = math.sqrt(area * ratio)
    ideal_height = area / ideal_width
    width_a = max(step, int(ideal_width // step * step))
    height_a = max(step, int(area / width_a // step * step))
    height_b = max(step, int(ideal_height // step * step))
    width_b = max(step, int(area / height_b // step * step))
    error_a = max(ratio / (width_a / height_a), (width_a / height_a) / ratio)
    error_b = max(ratio / (width_b / height_b), (width_b / height_b) / ratio)
    return (width_a, height_a) if error_a < error_b else (width_b, height_b)


def cover_crop(width: int, height: int, to_width: int, to_height: int) -> tuple[float, float, float, float]:
    """The centred box (left, top, right, bottom), in source pixels, that fills `to_width` x `to_height`."""
    scale = max(to_width / width, to_height / height)
    box_width, box_height = to_width / scale, to_height / scale
    left, top = (width - box_width) / 2, (height - box_height) / 2
    return left, top, left + box_width, top + box_height


def snap_frames(frames: float, most: int) -> int:
    """The 4n+1 nearest to `frames`, between 1 and `most`."""
    snapped = round((frames - 1) / FRAME_STEP) * FRAME_STEP + 1
    top = (most - 1) // FRAME_STEP * FRAME_STEP + 1
    return max(1, min(snapped, top))


def neighbours(frames: int, most: int) -> tuple[int, int]:
    """The two 4n+1 lengths around `frames`, within 1 and `most`."""
    below = (max(frames, 1) - 1) // FRAME_STEP * FRAME_STEP + 1
    top = (most - 1) // FRAME_STEP * FRAME_STEP + 1
    below = min(below, top - FRAME_STEP)
    return below, below + FRAME_STEP
