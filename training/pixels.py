"""Clips of the world as pixels, for training the VAE: drawn on the device, kept as bytes, renewed all the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.world import Clips, layout, random_scene, render

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True)
class Window:
    """What is cut out of each clip: frames (1 + 4k) and pixels (multiples of 32)."""

    frames: int
    height: int
    width: int


def _around_shape(clips: Clips, window: Window, size: tuple[int, int], rng: random.Random) -> Clips:
    """Choose `window.frames` frames and move each clip so that a cut at the origin holds (part of) its shape."""
    first = rng.randint(0, clips.radius.shape[1] - window.frames)
    span = slice(first, first + window.frames)
    clips.centre, clips.radius = clips.centre[:, span], clips.radius[:, span]
    limit = torch.tensor([size[1] - window.width, size[0] - window.height])
    middle = clips.centre[:, window.frames // 2] - torch.tensor([window.width, window.height]) / 2
    jitter = torch.tensor([[rng.uniform(-48, 48), rng.uniform(-48, 48)] for _ in range(len(clips.kind))])
    offset = torch.minimum((middle + jitter).clamp(min=0), limit).floor()
    clips.centre = clips.centre - offset[:, None]
    return clips


def draw_window(count: int, window: Window, rng: random.Random, device: torch.device | str) -> Tensor:
    """[count, 3, frames, height, width] uint8 cut from clips of 25 frames (more where the window is longer)."""
    size = rng.choice([(160, 256), (160, 256), (256, 160), (192, 192)])
    size = (max(size[0], window.height), max(size[1], window.width))
    generator = torch.Generator().manual_seed(rng.getrandbits(40))
    clips = layout([random_scene(rng) for _ in range(count)], max(25, window.frames), *size, generator)
    clips = _around_shape(clips, window, size, rng).to(device)
    return ((render(clips, window.height, window.width) + 1) * 127.5).round().to(torch.uint8)


class PixelBank:
    """A pool of clips on the device, from which random batches are drawn."""

    def __init__(
        self, count: int, window: Window, rng: random.Random, device: torch.device, chunk: int = 32
    ) -> None:
        self.window, self.rng, self.device, self.chunk = window, rng, device, min(chunk, count)
        shape = (count, 3, window.frames, window.height, window.width)
        self.clips = torch.empty(shape, dtype=torch.uint8, device=device)
        self.position = 0
        for _ in range(-(-count // self.chunk)):
            self.renew()

    def renew(self) -> None:
        """Replace the oldest clips by new ones."""
        end = min(self.position + self.chunk, len(self.clips))
        self.clips[self.position : end] = draw_window(end - self.position, self.window, self.rng, self.device)
        self.position = end % len(self.clips)

    def batch(self, count: int) -> Tensor:
        """[count, 3, frames, height, width] in [-1, 1]."""
        rows = torch.randint(len(self.clips), (count,), device=self.device)
        pixels = self.clips[rows].float() / 127.5 - 1
        return pixels.contiguous(memory_format=torch.channels_last_3d)
