"""The detectors must read the rendered truth."""

import random

import torch

from training.detect import look
from training.world import layout, random_scene, render


def test_detectors_read_rendered_clips() -> None:
    rng = random.Random(5)
    scenes = [random_scene(rng) for _ in range(60)]
    clips = layout(scenes, 3, 160, 256, torch.Generator().manual_seed(5))
    pixels = ((render(clips, 160, 256) + 1) / 2).permute(0, 2, 3, 4, 1).numpy()
    wrong = {"colour": 0, "background": 0, "motion": 0, "thing": 0}
    for scene, clip in zip(scenes, pixels, strict=True):
        seen = look(clip)
        for name in wrong:
            wrong[name] += getattr(seen, name) != getattr(scene, name)
    assert wrong["colour"] <= 1
    assert wrong["background"] <= 1
    assert wrong["motion"] <= 2
    assert wrong["thing"] <= 5
