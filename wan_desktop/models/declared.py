"""A model that says of itself what it likes, in the `model.json` of its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.domain.model import Limits, ModelSpec, Preset, Size
from wan_desktop.models.weights import damaged_file, read_json

if TYPE_CHECKING:
    from pathlib import Path

NAME = "model.json"


def read_spec(folder: Path, ident: str, fingerprint: str) -> ModelSpec:
    """The spec that `folder`/model.json declares. Raises ModelMissing or ModelDamaged."""
    path = folder / NAME
    data = read_json(path)
    try:
        defaults = data["defaults"]
        return ModelSpec(
            id=ident,
            label=str(data["label"]),
            path=str(folder),
            fingerprint=fingerprint,
            demo=bool(data["demo"]),
            description=str(data["description"]),
            width=int(defaults["width"]),
            height=int(defaults["height"]),
            num_frames=int(defaults["num_frames"]),
            fps=int(defaults["fps"]),
            negative_prompt=str(data["negative_prompt"]),
            limits=Limits(**{key: int(value) for key, value in data["limits"].items()}),
            sizes=tuple(Size(**size) for size in data["sizes"]),
            presets=_presets(data["presets"]),
            examples=tuple(data.get("examples", ())),
            words=_lists(data.get("words", {})),
            examples_zh=tuple(data.get("examples_zh", ())),
            words_zh=_lists(data.get("words_zh", {})),
            vocabulary=_lists(data.get("vocabulary", {})),
            good_pixels=int(data.get("good_pixels", 0)),
            max_prompt_tokens=int(data.get("max_prompt_tokens", 512)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged_file(path, f"{type(error).__name__}: {error}") from error


def _lists(data: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(words) for kind, words in data.items()}


def _presets(listed: list[dict[str, str | int | float]]) -> tuple[Preset, ...]:
    presets = tuple(
        Preset(
            name=str(preset["name"]),
            label=str(preset["label"]),
            num_inference_steps=int(preset["num_inference_steps"]),
            guidance_scale=float(preset["guidance_scale"]),
            flow_shift=float(preset["flow_shift"]),
            sampler=str(preset["sampler"]),
            origin=str(preset.get("origin", "")),
        )
        for preset in listed
    )
    if not presets:
        raise ValueError("no presets")
    return presets
