"""What the transformer is shown: nothing held out, and what it learns last oftener."""

import random
from collections import Counter

from training.scene import HARD, held_out, taught_scene


def test_hard_things_come_oftener_and_nothing_held_out_is_shown() -> None:
    rng = random.Random(1)
    scenes = [taught_scene(rng, core=0.6) for _ in range(6000)]
    assert not any(held_out(scene) for scene in scenes)
    kinds = Counter(scene.thing.kind for scene in scenes)
    motions = Counter(scene.thing.motion for scene in scenes)
    assert 0.8 < kinds["cross"] / kinds["ball"] / HARD["kind"]["cross"] < 1.25
    assert 0.8 < motions["circling"] / motions["bouncing"] / HARD["motion"]["circling"] < 1.25
