"""From a model's files to a pipeline: mapped, one weight after the other, no network, no code from pickles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelDamaged, ModelMissing
from wan_desktop.domain.exactness import EXACT
from wan_desktop.domain.model import ModelSpec, Part
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from wan_desktop.engine.device import Device
    from wan_desktop.engine.pipeline import Wan22Pipeline
    from wan_desktop.engine.prompts import PromptTokenizer

TOKENIZER = "tokenizer"
STEMS = {TRANSFORMER: "diffusion_pytorch_model", VAE: "diffusion_pytorch_model", TEXT_ENCODER: "model"}
"""The stem of a component's weight files in a diffusers folder."""


def nothing() -> None:
    """A `tick` that lets everything go on."""


def parts_of(model: ModelSpec | Path) -> dict[str, Part]:
    """The model's parts by component; a path, or a model without parts, is a diffusers folder.

    Raises ModelMissing or ModelDamaged unless every file that loading needs is there and not empty.
    """
    if isinstance(model, ModelSpec) and model.parts:
        folder = Path(model.path)
        parts = {part.component: part for part in model.parts}
    else:
        folder = Path(model.path) if isinstance(model, ModelSpec) else model
        parts = _folder_parts(folder)
    for part in parts.values():
        for file in (*part.files, *([part.config] if part.config else [])):
            _need(folder, Path(file))
    return parts


def bare_pipeline(model: ModelSpec | Path) -> Wan22Pipeline:
    """A pipeline that has the model's tokenizer and no network yet; `load_part` gives it one."""
    from wan_desktop.engine.pipeline import Wan22Pipeline

    tokenizer = load_tokenizer(parts_of(model)[TOKENIZER])
    return Wan22Pipeline(tokenizer=tokenizer, text_encoder=None, transformer=None, vae=None)


def load_part(
    pipeline: Wan22Pipeline,
    model: ModelSpec | Path,
    device: Device,
    component: str,
    tick: Callable[[], None] = nothing,
    *,
    at_home: bool = False,
    precision: str = EXACT,
) -> None:
    """Give `pipeline` its "transformer", "vae" or "text_encoder", in the types of `dtype_of`.

    `tick` is called between any two weights; it may raise to stop. With `at_home` the weights are still all mapped:
    `homes.bring` lets the network compute. `precision` is the transformer's (`domain.exactness.PRECISIONS`).
    """
    from wan_desktop.engine.components import load_component

    dtype = dtype_of(component, device)
    module = load_component(parts_of(model)[component], dtype, tick, at_home=at_home, precision=precision)
    pipeline.register_modules(**{component: module})


def dtype_of(component: str, device: Device) -> torch.dtype:
    """What the component computes in. The VAE does not in float16: no card that lacks bfloat16 is quick at either.

    In bfloat16 the built-in model's frames are 61.6 dB from those in float32: a fifth of one of 255 levels.
    """
    import torch

    half: torch.dtype = getattr(torch, device.dtype)
    return torch.float32 if component == VAE and half == torch.float16 else half


def load_tokenizer(part: Part) -> PromptTokenizer:
    """The tokenizer in the part's file: tokenizer.json, spiece.model, or weights with one among them.

    Raises ModelDamaged.
    """
    from wan_desktop.engine import prompts
    from wan_desktop.engine.components import spiece_in

    file = Path(part.files[0])
    try:
        if file.suffix == ".json":
            return prompts.PromptTokenizer(file)
        spiece = spiece_in(file) if file.suffix == ".safetensors" else file.read_bytes()
        return prompts.SpiecePromptTokenizer(spiece)
    except ModelDamaged:
        raise
    except Exception as error:
        raise _damaged(file.parent.parent, file.relative_to(file.parent.parent)) from error


def load_latent_rgb(folder: Path, resources: Path, channels: int) -> dict[str, Any] | None:
    """The map from latents to preview colours: the model's own, or the one of Wan2.2's VAE; None if none fits."""
    for file in (folder / "latent_rgb.json", resources / "latent_rgb" / "wan22.json"):
        if not file.is_file():
            continue
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            shape = {len(row) for row in found["factors"]} | {len(found["bias"])}
            fits = len(found["factors"]) == channels and shape == {3}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(file.parent, Path(file.name)) from error
        if fits:
            return dict(found)
    return None


def _folder_parts(folder: Path) -> dict[str, Part]:
    if not folder.is_dir():
        raise ModelMissing(
            QT_TRANSLATE_NOOP("errors", "The model folder {folder} is not there."),
            action=QT_TRANSLATE_NOOP("errors", "Choose another model"),
            folder=folder,
        )
    parts = {
        component: Part(component, _weight_files(folder, component), str(folder / component / "config.json"))
        for component in STEMS
    }
    spiece = folder / "tokenizer" / "spiece.model"
    own = folder / "tokenizer" / "tokenizer.json"
    parts[TOKENIZER] = Part(TOKENIZER, (str(spiece if spiece.is_file() and not own.is_file() else own),))
    return parts


def _weight_files(folder: Path, component: str) -> tuple[str, ...]:
    """The safetensors files of a component: one file, or the shards that its index names."""
    place, stem = folder / component, STEMS[component]
    index = place / f"{stem}.safetensors.index.json"
    if not index.is_file():
        return (str(place / f"{stem}.safetensors"),)
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise _damaged(folder, index.relative_to(folder)) from error
    return tuple(str(place / name) for name in sorted(names))


def _need(folder: Path, file: Path) -> None:
    told = file.relative_to(folder) if file.is_relative_to(folder) else file
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        raise ModelMissing(
            QT_TRANSLATE_NOOP("errors", "The model in {folder} is not complete: {file} is missing."),
            action=QT_TRANSLATE_NOOP("errors", "Choose another model"),
            folder=folder,
            file=told,
        ) from None
    except OSError as error:
        raise _damaged(folder, told) from error
    if size == 0:
        raise _damaged(folder, told)


def _damaged(folder: Path, part: Path) -> ModelDamaged:
    return ModelDamaged(
        QT_TRANSLATE_NOOP(
            "errors", "The model in {folder} is damaged: {part} cannot be read. Copy it there again."
        ),
        action=QT_TRANSLATE_NOOP("errors", "Choose another model"),
        folder=folder,
        part=part,
    )
