"""Scenes with their captions, thought up by processes beside the GPU: Python alone would be its bottleneck."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.lean import TOKENS
from training.scene import PHOTO, Scene, taught_scene
from training.tokenizer import encode_padded
from training.words import caption
from training.world import Clips, layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.pixels import Window

WORDINGS = 4  # captions kept for each clip
CHUNK = 32
CHINESE = 0.35  # share of the captions
LEAST_CORE = 0.55  # share of the scenes, once the plain world is learnt


class Chunk(NamedTuple):
    """CHUNK clips before they are drawn, and tokens [CHUNK, WORDINGS, TOKENS] of their captions."""

    clips: Clips
    tokens: Tensor


def tokens_of(scenes: list[Scene], rng: random.Random) -> Tensor:
    """[N, WORDINGS, TOKENS]: captions of each scene in both languages."""
    texts = [
        caption(scene, rng, "zh" if rng.random() < CHINESE else "en").text
        for scene in scenes
        for _ in range(WORDINGS)
    ]
    return torch.tensor(encode_padded(texts, TOKENS), dtype=torch.int32).view(len(scenes), WORDINGS, TOKENS)


def photo_scenes(cameras: list[str]) -> list[Scene]:
    """What is told of photographs seen by moving cameras."""
    return [Scene(None, PHOTO, camera=camera) for camera in cameras]


class Scenes(IterableDataset[Chunk]):
    """Endless chunks of random scenes laid out for `window`; `core` is the share of plain ones at the start.

    The share falls from `core` by a thousandth with each chunk, down to LEAST_CORE: the plain world is learnt first.
    """

    def __init__(self, window: Window, core: float, seed: int) -> None:
        super().__init__()
        self.window, self.core, self.seed = window, core, seed

    def __iter__(self) -> Iterator[Chunk]:
        worker = get_worker_info()
        rng = random.Random(f"{self.seed} {worker.id if worker else 0}")
        torch.set_num_threads(1)
        size, drawn = (self.window.frames, self.window.height, self.window.width), 0
        while True:
            core = max(LEAST_CORE, self.core - 0.001 * drawn * (worker.num_workers if worker else 1))
            scenes = [taught_scene(rng, core) for _ in range(CHUNK)]
            generator = torch.Generator().manual_seed(rng.getrandbits(40))
            yield Chunk(layout(scenes, *size, generator), tokens_of(scenes, rng))
            drawn += 1


def scene_stream(window: Window, workers: int, seed: int, core: float = 0.85) -> Iterator[Chunk]:
    """Chunks from `workers` processes; 0: from this one."""
    if workers:
        torch.multiprocessing.set_sharing_strategy("file_system")
    return iter(
        DataLoader(
            Scenes(window, core, seed),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=8 if workers else None,
            multiprocessing_context="spawn" if workers else None,
        )
    )
