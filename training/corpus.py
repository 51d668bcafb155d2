"""Captions by the hundred thousand, with what they tell: the text encoder's reading lessons."""

from __future__ import annotations

import multiprocessing
import os
import random

import torch
from torch import Tensor

from training.scene import CAMERAS, PHOTO, Scene, random_scene
from training.text import labels_of
from training.tokenizer import encode_padded
from training.words import caption

TOKENS = 64
ENGLISH, PHOTOS = 0.6, 0.03
_CHUNK = 2000


def _chunk(job: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """(seed, count) to tokens [count, TOKENS] uint16 and labels [count, fields] uint8."""
    rng, count = random.Random(job[0]), job[1]
    texts, saids = [], []
    for _ in range(count):
        photo = rng.random() < PHOTOS
        scene = Scene(None, PHOTO, camera=rng.choice(CAMERAS)) if photo else random_scene(rng)
        told = caption(scene, rng, "en" if rng.random() < ENGLISH else "zh")
        texts.append(told.text)
        saids.append(told.said)
    tokens = torch.tensor(encode_padded(texts, TOKENS), dtype=torch.int32)
    return tokens.to(torch.uint16), labels_of(saids).to(torch.uint8)


def make_corpus(count: int, seed: int = 0, workers: int | None = None) -> tuple[Tensor, Tensor]:
    """Tokens [count, TOKENS] uint16 and labels [count, fields] uint8 of random captions of scenes that may be shown.

    The same for any number of `workers` (processes; None: one for each core).
    """
    jobs = [(seed * 1_000_003 + start, min(_CHUNK, count - start)) for start in range(0, count, _CHUNK)]
    workers = min(workers or len(os.sched_getaffinity(0)), len(jobs))
    if workers == 1:
        parts = [_chunk(job) for job in jobs]
    else:
        with multiprocessing.get_context("spawn").Pool(workers, _alone) as pool:
            parts = [(torch.from_numpy(t), torch.from_numpy(s)) for t, s in pool.imap(_chunk_arrays, jobs)]
    tokens, labels = zip(*parts, strict=True)
    return torch.cat(tokens), torch.cat(labels)


def _chunk_arrays(job: tuple[int, int]) -> tuple[object, object]:
    tokens, labels = _chunk(job)
    return tokens.numpy(), labels.numpy()


def _alone() -> None:
    """Each process uses one core."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)
