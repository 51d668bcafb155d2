"""Looks at the frames of a clip for what is hardly ever meant: all black, all one colour, nothing that moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.domain.mending import BLACK, FROZEN, PLAIN

if TYPE_CHECKING:
    import numpy as np

DARK = 16
"""Of 255. A clip is black when no pixel of it is brighter: any star or lamp is, what is left of pure black is not."""
EVEN = 8
"""Of 255. A clip has one colour when no channel spans more in all of it; a wall or a clear sky spans more."""
SAME_MEAN, SAME_MOST = 0.2, 8
"""Of 255. A frame is the first one again when it differs by less than a fifth of a level on average, and nowhere by
more than 8: frames of a still scene differ by more, and a speck that moves is seen by the second number."""


class Looks:
    """Sees a clip's frames in order and says at the end what is odd about them.

    Costs next to nothing for a clip that is in order: what is settled is not looked at again.
    """

    def __init__(self) -> None:
        self._first: np.ndarray | None = None
        self._low: np.ndarray | None = None
        self._high: np.ndarray | None = None
        self._frames = 0
        self._still = True

    def see(self, frames: np.ndarray) -> None:
        """The next frames, uint8 [n, height, width, 3]."""
        for frame in frames:
            self._frames += 1
            if self._first is None:
                self._first = frame.copy()
            if self._odd():
                self._span(frame)
            if self._still and self._frames > 1:
                self._still = _same(self._first, frame)

    def note(self) -> str:
        """The sentence that a person should read, or ""."""
        if self._high is None or self._low is None:
            return ""
        if self._high.max() <= DARK:
            return BLACK
        if (self._high - self._low).max() <= EVEN:
            return PLAIN
        return FROZEN if self._still and self._frames > 1 else ""

    def _odd(self) -> bool:
        """Is everything seen so far black or of one colour?"""
        if self._high is None or self._low is None:
            return True
        return bool((self._high - self._low).max() <= EVEN or self._high.max() <= DARK)

    def _span(self, frame: np.ndarray) -> None:
        """Take the frame's darkest and brightest values into account."""
        import cv2
        import numpy as np

        extremes = [cv2.minMaxLoc(channel)[:2] for channel in cv2.split(frame)]
        low, high = np.array(extremes).T
        self._low = low if self._low is None else np.minimum(low, self._low)
        self._high = high if self._high is None else np.maximum(high, self._high)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Are two frames uint8 [height, width, 3] the same but for rounding?"""
    import cv2

    mean = cv2.norm(one, other, cv2.NORM_L1) / one.size
    return mean < SAME_MEAN and cv2.norm(one, other, cv2.NORM_INF) <= SAME_MOST
