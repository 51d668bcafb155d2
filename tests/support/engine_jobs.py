"""The built-in model, and jobs small enough to render in a test."""

import dataclasses
from pathlib import Path

from support import samples

from wan_desktop.domain.job import Job, JobState
from wan_desktop.domain.model import Limits, ModelSpec

RESOURCES = Path(__file__).parents[2] / "resources"
DEMO = RESOURCES / "models" / "demo"
REQUEST = dataclasses.replace(
    samples.REQUEST,
    prompt="a red ball moving right over a blue background",
    negative_prompt="a green star",
    width=96,
    height=64,
    num_frames=9,
    fps=24,
    num_inference_steps=3,
)


def a_job(**changes):
    """A running job of a small request, with `changes` made to it."""
    request = dataclasses.replace(REQUEST, **changes)
    return Job("job1", request, JobState.RUNNING, order=0.0, created_at=0.0)


def a_model(folder=DEMO, fingerprint="test"):
    """What the host would say of the model in `folder`."""
    return ModelSpec(
        id="demo",
        label="Demo",
        path=str(folder),
        fingerprint=fingerprint,
        demo=True,
        description="",
        width=256,
        height=160,
        num_frames=25,
        fps=24,
        negative_prompt="",
        limits=Limits(),
        sizes=(),
        presets=(),
    )
