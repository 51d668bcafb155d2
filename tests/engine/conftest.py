"""The built-in model, loaded once."""

import os

import pytest
from support.engine_jobs import DEMO

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the render process does, before torch is there


@pytest.fixture(scope="session")
def cpu():
    from wan_desktop.engine import device

    chosen = device.choose("cpu", device.probe())
    device.tune(chosen)
    return chosen


@pytest.fixture(scope="session")
def pipeline(cpu):
    from wan_desktop.engine import loading

    loaded = loading.bare_pipeline(DEMO)
    for component in ("transformer", "vae", "text_encoder"):
        loading.load_part(loaded, DEMO, cpu, component)
    return loaded


@pytest.fixture(scope="session")
def picture():
    """A start image for `REQUEST`: uint8 [64, 96, 3], no two rows or columns alike."""
    import numpy as np

    y, x = np.mgrid[0:64, 0:96]
    return np.stack([x * 2, y * 3, 255 - x - y], axis=-1).astype(np.uint8)
