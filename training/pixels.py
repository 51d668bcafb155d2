"""Clips of the world and of photographs as pixels, for training the VAE: kept as bytes, renewed all the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from training.photos import load_photos, mirrored, photo_clips
from training.scene import CAMERAS, random_scene
from training.world import layout, render

if TYPE_CHECKING:
    import random
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Window:
    """What is cut out of each clip: frames (1 + 4k) and pixels (multiples of 32)."""

    frames: int
    height: int
    width: int


def photo_stack(path: Path | None, split: str, window: Window, device: torch.device) -> Tensor | None:
    """uint8 [N, H, W, 3] on `device`: the shard's photographs that lie as the window does; None without a shard."""
    if path is None:
        return None
    wide = window.width >= window.height
    photos = [photo for photo in load_photos(path, split) if (photo.shape[1] > photo.shape[0]) == wide]
    return torch.from_numpy(np.stack(photos)).to(device)


def draw_window(count: int, window: Window, rng: random.Random, device: torch.device | str) -> Tensor:
    """[count, 3, frames, height, width] uint8 cut from clips of 25 frames (more where the window is longer)."""
    height, width = rng.choice([(160, 256), (160, 256), (256, 160), (192, 192)])
    height, width = max(height, window.height), max(width, window.width)
    generator = torch.Generator().manual_seed(rng.getrandbits(40))
    frames = max(25, window.frames)
    clips = layout([random_scene(rng, core=0.4) for _ in range(count)], frames, height, width, generator)
    first = rng.randint(0, frames - window.frames)
    room = torch.tensor([width - window.width, height - window.height])
    offset = (torch.rand(count, 2, generator=generator) * (room + 1)).floor()
    clips = clips.window(first, window.frames, offset)
    return to_bytes(render(clips, window.height, window.width, device))


def to_bytes(pixels: Tensor) -> Tensor:
    """uint8 of pixels in [-1, 1]."""
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


class PixelBank:
    """A pool of clips on the device, from which random batches are drawn; a share of them are of photographs."""

    def __init__(
        self,
        count: int,
        window: Window,
        rng: random.Random,
        device: torch.device,
        photos: Tensor | None = None,
        photo_share: float = 0.0,
        chunk: int = 32,
    ) -> None:
        self.window, self.rng, self.device, self.chunk = window, rng, device, min(chunk, count)
        self.photos, self.photo_share = photos, photo_share
        shape = (count, 3, window.frames, window.height, window.width)
        self.clips = torch.empty(shape, dtype=torch.uint8, device=device)
        self.position = 0
        for _ in range(-(-count // self.chunk)):
            self.renew()

    def renew(self) -> None:
        """Replace the oldest clips by new ones."""
        end = min(self.position + self.chunk, len(self.clips))
        photo = self.photos is not None and self.rng.random() < self.photo_share
        draw = self._photographs if photo else self._scenes
        self.clips[self.position : end] = draw(end - self.position)
        self.position = end % len(self.clips)

    def _scenes(self, count: int) -> Tensor:
        return draw_window(count, self.window, self.rng, self.device)

    def _photographs(self, count: int) -> Tensor:
        chosen = torch.tensor(self.rng.choices(range(len(self.photos)), k=count), device=self.device)
        cameras = [self.rng.choice(CAMERAS) for _ in range(count)]
        generator = torch.Generator().manual_seed(self.rng.getrandbits(40))
        size = (self.window.frames, self.window.height, self.window.width)
        photos = mirrored(self.photos[chosen], self.rng)
        return to_bytes(photo_clips(photos, cameras, *size, generator))

    def batch(self, count: int) -> Tensor:
        """[count, 3, frames, height, width] in [-1, 1]."""
        rows = torch.randint(len(self.clips), (count,), device=self.device)
        pixels = self.clips[rows].float() / 127.5 - 1
        return pixels.contiguous(memory_format=torch.channels_last_3d)
