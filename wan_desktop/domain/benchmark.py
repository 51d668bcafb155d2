"""What this computer was measured to do with Wan2.2-TI2V-5B, before the model was there, and what follows from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

FILE = "benchmark.json"
"""Among the program's data; the last measurement."""
LATENT_FRAMES = 4
"""Frames that a latent frame but the first becomes."""
_PATCH, _LATENT = 32, 16
"""Pixels along each side of a token, and of a latent."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Seconds. `linear`, `squared`: of one forward, for each token and for each pair of tokens.

    `transfer`: that a forward takes at least, because weights come to the card during it (0: they stay there).
    `decode`: for each latent of a frame. `text`: to read a new prompt. `plan`: the memory plan that the clip this was
    measured for gets. `scaled`: measured on a small part, as the whole would take too long here.
    """

    device: str
    device_name: str
    torch: str
    linear: float
    squared: float
    transfer: float
    decode: float
    text: float
    plan: str
    scaled: bool
    measured_at: float

    def forward_seconds(self, width: int, height: int, num_frames: int) -> float:
        """Of one forward for a clip of this size, in pixels and frames."""
        tokens = _frames(num_frames) * (width // _PATCH) * (height // _PATCH)
        return max(self.linear * tokens + self.squared * tokens**2, self.transfer)

    def seconds(self, width: int, height: int, num_frames: int, forwards: int) -> float:
        """Of a whole clip: a new prompt, so many forwards, decoding."""
        latents = _frames(num_frames) * (width // _LATENT) * (height // _LATENT)
        drawing = forwards * self.forward_seconds(width, height, num_frames)
        return self.text + drawing + self.decode * latents

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Benchmark:
        """What `to_json` gave; unknown keys are ignored. Raises TypeError when one is missing."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})


def _frames(num_frames: int) -> int:
    return (num_frames - 1) // LATENT_FRAMES + 1
