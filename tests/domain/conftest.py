"""A model to validate drafts against: the 5 B's limits."""

from __future__ import annotations

import pytest

from wan_desktop.domain.model import Limits, ModelSpec, Preset, Size


@pytest.fixture
def model() -> ModelSpec:
    return ModelSpec(
        id="/models/5b",
        label="Wan2.2 TI2V-5B",
        path="/models/5b",
        fingerprint="f" * 64,
        demo=False,
        description="",
        width=1280,
        height=704,
        num_frames=121,
        fps=24,
        negative_prompt="色调艳丽",
        limits=Limits(64, 1920, 1_300_000, 241),
        sizes=(Size("16:9", 1280, 704), Size("9:16", 704, 1280)),
        presets=(
            Preset("official", "Official", 50, 5.0, 5.0, "unipc"),
            Preset("draft", "Draft", 10, 5.0, 8.0, "unipc"),
        ),
    )
