"""The built-in model draws what the words say, through the product's engine: prompt in, frames out."""

import numpy as np
import pytest
from support.engine_jobs import RESOURCES, a_job, a_model

from training.detect import detect
from wan_desktop.engine.renderer import Renderer
from wan_desktop.engine.stopwatch import Stopwatch

PROMPTS = {  # no two are alike in anything: one answer to all gets one of each
    "a red ball moving right over a blue background": ("red", "ball", "blue", "right"),
    "a yellow star moving up over a purple background": ("yellow", "star", "purple", "up"),
    "a green square moving left over a white background": ("green", "square", "white", "left"),
    "a white heart moving down over a black background": ("white", "heart", "black", "down"),
    "a pink triangle growing over a cyan background": ("pink", "triangle", "cyan", "growing"),
    "一个蓝色的月亮静止不动，橙色背景": ("blue", "moon", "orange", "still"),
}
FIELDS = ("colour", "kind", "background", "motion")
RIGHT = 5  # of the six, in each field
KEPT_DB = 27.0
RECIPE = {
    "width": 256,
    "height": 160,
    "num_frames": 25,
    "num_inference_steps": 20,
    "guidance_scale": 5.0,
}


@pytest.fixture(scope="module")
def draw(cpu, tmp_path_factory):
    """A function that renders a prompt, uint8 [25, 160, 256, 3]."""
    renderer = Renderer(cpu, tmp_path_factory.mktemp("cache"), RESOURCES)
    model = a_model()

    def run(prompt, image=None, seed=11):
        groups = []
        job = a_job(prompt=prompt, negative_prompt="", seed=seed, **RECIPE)
        for _ in renderer.render(job, model, image, groups.append, Stopwatch(cpu)):
            pass
        return np.concatenate(groups)

    return run


@pytest.fixture(scope="module")
def drawn(draw):
    return {prompt: draw(prompt) for prompt in PROMPTS}


def test_colour_shape_background_and_motion_follow_the_words(drawn):
    seen = {prompt: detect(clip) for prompt, clip in drawn.items()}
    right = dict.fromkeys(FIELDS, 0)
    for prompt, wanted in PROMPTS.items():
        thing, background = seen[prompt].thing, seen[prompt].background
        found = (thing.colour, thing.kind, background, thing.motion) if thing else ("", "", background, "")
        for name, a, b in zip(FIELDS, found, wanted, strict=True):
            right[name] += a == b
    assert min(right.values()) >= RIGHT, (right, seen)


def test_a_picture_stays_and_moves_as_told(draw, drawn):
    clip = next(iter(drawn.values()))
    picture = clip[0]
    for way in ("left", "down"):
        moved = draw(f"a red ball moving {way} over a blue background", picture)
        error = np.square(moved[0].astype(float) - picture).mean()
        assert 10 * np.log10(255**2 / max(error, 1e-9)) >= KEPT_DB
        assert detect(moved).thing.motion == way
