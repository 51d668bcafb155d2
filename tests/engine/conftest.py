"""The built-in model, loaded once, and requests small enough for a test."""

import dataclasses
import os
from pathlib import Path

import pytest

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")

from wan_desktop.domain.job import Job, JobState
from wan_desktop.domain.model import Limits, ModelSpec
from wan_desktop.domain.request import RenderRequest

RESOURCES = Path(__file__).parents[2] / "resources"
DEMO = RESOURCES / "models" / "demo"
REQUEST = RenderRequest(
    prompt="a red ball moving right over a blue background",
    negative_prompt="a green star",
    image=None,
    width=96,
    height=64,
    num_frames=9,
    fps=24,
    num_inference_steps=3,
    guidance_scale=5.0,
    flow_shift=5.0,
    sampler="unipc",
    seed=7,
    model="demo",
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


@pytest.fixture(scope="session")
def cpu():
    from wan_desktop.engine import device

    device.use_physical_cores()
    return device.choose("cpu", device.probe())


@pytest.fixture(scope="session")
def pipeline(cpu):
    from wan_desktop.engine import loading

    loaded = loading.load_pipeline(DEMO, cpu)
    loading.load_text_encoder(loaded, DEMO, cpu)
    return loaded


@pytest.fixture(scope="session")
def picture():
    """A start image for `REQUEST`: uint8 [64, 96, 3], no two rows or columns alike."""
    import numpy as np

    y, x = np.mgrid[0:64, 0:96]
    return np.stack([x * 2, y * 3, 255 - x - y], axis=-1).astype(np.uint8)
