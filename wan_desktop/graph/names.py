"""What ComfyUI users call model files, matched to the models that are here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wan_desktop.domain.model import ModelSpec

UNET = "wan2.2_ti2v_5B_fp16.safetensors"
TEXT = "umt5_xxl_fp8_e4m3fn_scaled.safetensors"
VAE = "wan2.2_vae.safetensors"
"""The names of the three files in ComfyUI's own template for this model."""
DEMO = "demo"
SAMPLERS = {"uni_pc": "uni_pc", "uni_pc_bh2": "unipc", "euler": "euler", "dpmpp_2m": "dpm++"}
"""ComfyUI's samplers and ours: the same ones on ComfyUI's schedule, or the nearest on the official one."""
FRESH_NOISE = "lcm"
"""ComfyUI's sampler for few-step models; ours has the model's own name."""


@dataclass(frozen=True, slots=True)
class ModelNames:
    """The names that are understood. `models` are those present; the demo among them answers only with `demo`.

    `loras` are LoRA files by the names that workflows may use.
    """

    models: Sequence[ModelSpec]
    demo: bool = False
    loras: Mapping[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> list[ModelSpec]:
        """The models that may answer."""
        return [spec for spec in self.models if self.demo or not spec.demo]

    @property
    def real(self) -> list[ModelSpec]:
        """The usable models without the demo."""
        return [spec for spec in self.usable if not spec.demo]

    def unets(self) -> list[str]:
        """What `/object_info` offers as diffusion models and checkpoints."""
        return ([UNET] if self.real else []) + [model_name(spec) for spec in self.usable]

    def texts(self) -> list[str]:
        """What it offers as text encoders."""
        return [TEXT] if self.usable else []

    def vaes(self) -> list[str]:
        """What it offers as VAEs."""
        return [VAE] if self.usable else []

    def model(self, name: str) -> str | None:
        """The id of the model that `name` means: one of its own names, or any name of the 5 B's file.

        With nothing but the demo here, and the demo allowed, every name means the demo.
        """
        plain = _plain(name)
        for spec in self.usable:
            if plain in (_plain(model_name(spec)), _plain(spec.label)):
                return spec.id
        if self.real:
            return self.real[0].id if "5b" in plain and "ti2v" in plain else None
        return self.usable[0].id if self.usable else None

    def sampler(self, name: str, model: str) -> str | None:
        """Our name of ComfyUI's sampler `name` for the model of that id; None when the model cannot use it."""
        if name != FRESH_NOISE:
            return SAMPLERS[name]
        return next((spec.variant or None for spec in self.usable if spec.id == model), None)

    def is_text(self, name: str) -> bool:
        """True when `name` is a name of the model's text encoder."""
        return bool(self.usable) and (not self.real or "umt5" in _plain(name))

    def is_vae(self, name: str) -> bool:
        """True when `name` is a name of the model's VAE."""
        plain = _plain(name)
        return bool(self.usable) and (not self.real or ("wan22" in plain and "vae" in plain))


def model_name(spec: ModelSpec) -> str:
    """What a model is called in workflows: its folder's name, never the folder's path."""
    return DEMO if spec.demo else PurePath(spec.id).name


def _plain(name: str) -> str:
    stem = re.split(r"[\\/]", name)[-1].lower()
    stem = re.sub(r"\.(safetensors|gguf|sft|pt|pth|ckpt)$", "", stem)
    return re.sub(r"[^a-z0-9]", "", stem)
