"""Small moving pictures of a clip while it is made: latents to RGB by a linear map."""

from __future__ import annotations

import math
from typing import Any

import torch

from wan_desktop.domain.events import Frame

MAX_WIDTH = 256
"""Previews are enlarged to this many pixels' width at most."""
MAX_BYTES = 1_000_000
"""All frames of one preview together, so that the pipe and the window stay quick."""


class LatentRgb:
    """The linear map of a model's VAE: rgb in about [-1, 1] = latents @ factors + bias."""

    def __init__(self, factors: list[list[float]], bias: list[float]) -> None:
        self._factors = torch.tensor(factors, dtype=torch.float32)
        self._bias = torch.tensor(bias, dtype=torch.float32)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LatentRgb:
        """The map in a model's latent_rgb.json: `factors` [z][3] and `bias` [3]."""
        return cls(data["factors"], data["bias"])

    @torch.no_grad()
    def frames(self, latents: torch.Tensor) -> tuple[Frame, ...]:
        """One small frame per latent frame of normalised `latents` [1, z, f, h, w]."""
        pixels = latents[0].float().permute(1, 2, 3, 0)
        rgb = (pixels @ self._factors.to(pixels.device) + self._bias.to(pixels.device)).cpu()
        rgb = torch.nan_to_num(rgb).permute(0, 3, 1, 2)
        count, _, height, width = rgb.shape
        scale = min(MAX_WIDTH / width, math.sqrt(MAX_BYTES / (3 * count * height * width)))
        size = max(1, int(height * scale)), max(1, int(width * scale))
        rgb = torch.nn.functional.interpolate(rgb, size=size, mode="bilinear", align_corners=False)
        small = (
            ((rgb * 0.5 + 0.5) * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        )
        return tuple(Frame(size[1], size[0], frame.numpy().tobytes()) for frame in small)


class Pace:
    """Says when a preview is due: at most every `seconds`, and always for the last step."""

    def __init__(self, seconds: float = 0.4) -> None:
        self._seconds = seconds
        self._next = -math.inf

    def due(self, now: float, *, last: bool) -> bool:
        """Is one due at the time `now` (seconds)?"""
        if now < self._next and not last:
            return False
        self._next = now + self._seconds
        return True
