"""Whether it rains or snows, from small specks that fall: fast ones or slow ones."""

from __future__ import annotations

import cv2
import numpy as np

LAG = {"rain": 1, "snow": 3}  # frames over which the fall is measured
FALL = {"rain": (5.0, 11.0), "snow": (0.5, 3.2)}  # pixels in one frame where the shorter side has 160
SIDEWAYS = 2.6  # pixels in one frame
LEAST_POWER = 1.2
AGREEING = {"rain": 0.25, "snow": 0.12}


def specks(clip: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """What is small and brief in `clip` uint8 [T, H, W, 3]: float32 [T, H/2, W/2] in levels, 0 near `hidden`."""
    small = np.stack(
        [cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).mean(-1) for frame in clip]
    ).astype(np.float32)
    kernel, rest = np.ones((5, 5), np.uint8), np.empty_like(small)
    for time in range(len(small)):
        first = min(max(time - 3, 0), max(len(small) - 7, 0))
        rest[time] = small[time] - np.median(small[first : first + 7], axis=0)
        rest[time] -= cv2.GaussianBlur(rest[time], (0, 0), 5)
        near = np.logical_or.reduce(hidden[first : first + 7 : 2])
        mask = cv2.resize(near.astype(np.uint8), small.shape[:0:-1], interpolation=cv2.INTER_AREA)
        rest[time][cv2.dilate(mask, kernel, iterations=2) > 0] = 0
    return rest.clip(-60, 60)


def fall_scores(clip: np.ndarray, hidden: np.ndarray) -> tuple[float, dict[str, float]]:
    """How strong the specks are, in levels, and how well they agree with themselves some frames later, farther down.

    The latter for rain and for snow: correlation in [-1, 1] at the best fall within its range, less that of the same
    way up.
    """
    unit = min(clip.shape[1:3]) / 160
    rest = specks(clip, hidden)
    height, width = rest.shape[1:]
    spectra = np.fft.rfft2(rest)
    power, scores = float((rest**2).mean()), {}
    for name, lag in LAG.items():
        if len(rest) <= lag or power < 1e-6:
            scores[name] = 0.0
            continue
        product = (spectra[lag:] * spectra[:-lag].conj()).mean(0)
        together = np.fft.irfft2(product, (height, width)) / (power * rest[0].size)
        low, high = (round(edge * lag * unit / 2) for edge in FALL[name])
        side = round(SIDEWAYS * lag * unit / 2)
        together = np.roll(together, side, axis=1)[:, : 2 * side + 1]
        down = together[max(low, 1) : high + 1].max()
        up = np.roll(together, -1, axis=0)[::-1][max(low, 1) - 1 : high].max()
        scores[name] = float(down - max(up, 0))
    return float(np.sqrt(power)), scores


def weather_of(clip: np.ndarray, hidden: np.ndarray) -> str:
    """One of WEATHERS for `clip` uint8 [T, H, W, 3], with its things `hidden` bool [T, H, W]."""
    power, scores = fall_scores(clip, hidden)
    if power < LEAST_POWER:
        return ""
    likeliest = max(
        scores, key=scores.__getitem__
    )  # long drops and slow flakes agree a little with each other
    return likeliest if scores[likeliest] > AGREEING[likeliest] else ""
