"""What one render needs: the draft a person edits, and the frozen request it becomes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA file and its strength (1.0 = as trained)."""

    path: str
    strength: float = 1.0
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Everything one render needs; nothing outside it can change it later.

    `width`, `height` in pixels, multiples of 32. `num_frames` is 4n+1. `image` is the sha256 (hex) of the start
    image's original bytes in the image store, or None for text to video. `model` is a model's id and
    `model_fingerprint` what it was made of at submission. Names are the field's own (diffusers).
    """

    prompt: str
    negative_prompt: str
    image: str | None
    width: int
    height: int
    num_frames: int
    fps: int
    num_inference_steps: int
    guidance_scale: float
    flow_shift: float
    sampler: str
    seed: int
    model: str
    model_fingerprint: str = ""
    preset: str = ""
    loras: tuple[Lora, ...] = ()
    precision: str = "exact"
    speed: str = "exact"
    plan: str = "auto"
    output: str = "mp4"

    @property
    def seconds(self) -> float:
        """Length of the clip: the time from the first frame's start to the last frame's end."""
        return self.num_frames / self.fps

    def to_json(self) -> dict[str, Any]:
        """Plain data that is the same after a trip through JSON."""
        return {**asdict(self), "loras": [asdict(lora) for lora in self.loras]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RenderRequest:
        """The request that `to_json` described; unknown keys are ignored."""
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in data.items() if k in known}
        values["loras"] = tuple(Lora(**lora) for lora in data.get("loras", ()))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person typed or chose; None means "the model's own default".

    `image` is a path on this computer. `domain.validate.resolve` turns a draft into a RenderRequest or
    raises InvalidRequest. `seconds` is another way to say `num_frames`; at most one of them is given.
    `stored_image` is the sha256 of an image that the image store already has (used by retry and reuse); it
    goes before `image`. `loras` need no fingerprints here. With an image and neither width nor height, the size
    follows the image's shape.
    """

    prompt: str = ""
    negative_prompt: str | None = None
    image: str | None = None
    stored_image: str | None = None
    width: int | None = None
    height: int | None = None
    num_frames: int | None = None
    seconds: float | None = None
    fps: int | None = None
    preset: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    flow_shift: float | None = None
    sampler: str | None = None
    seed: int | None = None
    model: str | None = None
    loras: tuple[Lora, ...] = ()
    precision: str | None = None
    speed: str | None = None
    plan: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Draft:
        """The draft that `to_json` described; unknown keys are ignored."""
        known = {f.name for f in fields(cls)} - {"loras"}
        loras = tuple(Lora(**lora) for lora in data.get("loras", ()))
        return cls(**{k: v for k, v in data.items() if k in known}, loras=loras)

    @classmethod
    def from_request(cls, request: RenderRequest) -> Draft:
        """The draft that would make `request` again, seed included."""
        known = {f.name for f in fields(cls)} - {"image", "loras"}
        values = {k: v for k, v in request.to_json().items() if k in known}
        return cls(**values, stored_image=request.image, loras=request.loras)
