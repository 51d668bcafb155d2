"""A model list for tests that render nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.domain.errors import ModelMissing
from wan_desktop.domain.model import Limits, ModelSpec, Preset, Size

if TYPE_CHECKING:
    from collections.abc import Sequence

SPEC = ModelSpec(
    id="demo",
    label="Built-in demo",
    path="",
    fingerprint="0" * 64,
    demo=True,
    description="A tiny demo.",
    width=256,
    height=160,
    num_frames=25,
    fps=16,
    negative_prompt="dull",
    limits=Limits(96, 320, 320 * 320, 49),
    sizes=(Size("16:10", 256, 160), Size("10:16", 160, 256)),
    presets=(
        Preset("demo", "Demo", 20, 5.0, 5.0, "unipc"),
        Preset("demo-draft", "Draft", 10, 5.0, 5.0, "unipc"),
    ),
    examples=("a red ball moving right over a blue background",),
    words={"colours": ("red", "blue"), "things": ("ball", "star")},
)


class OneModel:
    """The Models port with a single model."""

    def all(self) -> Sequence[ModelSpec]:
        """That model."""
        return [SPEC]

    def get(self, model: str | None) -> ModelSpec:
        """That model, whatever is asked for, unless it is another name."""
        if model in (None, "", SPEC.id):
            return SPEC
        raise ModelMissing("There is no model “{model}”.", field="model", model=model)
