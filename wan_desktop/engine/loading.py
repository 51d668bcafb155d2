"""From a diffusers folder to a pipeline: memory-mapped safetensors, no network, no pickles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelDamaged, ModelMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.engine.device import Device
    from wan_desktop.engine.pipeline import Wan22Pipeline
    from wan_desktop.engine.prompts import PromptTokenizer

COMPONENTS: dict[str, str] = {
    "transformer": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}
"""A component's folder and the stem of its weight files."""


def check(folder: Path) -> None:
    """Raise ModelMissing or ModelDamaged unless every file that loading needs lies in `folder`."""
    if not folder.is_dir():
        raise ModelMissing(
            QT_TRANSLATE_NOOP("errors", "The model folder {folder} is not there."),
            action=QT_TRANSLATE_NOOP("errors", "Choose another model"),
            folder=folder,
        )
    for component in COMPONENTS:
        _need(folder, folder / component / "config.json")
        for file in weight_files(folder, component):
            _need(folder, file)
    _need(folder, folder / "tokenizer" / "tokenizer.json")


def weight_files(folder: Path, component: str) -> list[Path]:
    """The safetensors files of a component: one file, or the shards that its index names."""
    place, stem = folder / component, COMPONENTS[component]
    index = place / f"{stem}.safetensors.index.json"
    if not index.is_file():
        return [place / f"{stem}.safetensors"]
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise _damaged(folder, index.relative_to(folder)) from error
    return [place / name for name in sorted(names)]


def load_pipeline(folder: Path, device: Device) -> Wan22Pipeline:
    """The transformer (in the device's dtype) and the VAE (float32) as a pipeline without text encoder.

    `load_text_encoder` adds that: 11 GB that a prompt seen before does not need. On a CUDA device the components
    move there by diffusers' model offload.
    """
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
    from diffusers.models.transformers.transformer_wan import WanTransformer3DModel

    from wan_desktop.engine.pipeline import Wan22Pipeline

    check(folder)
    pipeline = Wan22Pipeline(
        tokenizer=load_tokenizer(folder),
        text_encoder=None,
        transformer=_load(WanTransformer3DModel.from_pretrained, folder, "transformer", device.dtype),
        vae=_load(AutoencoderKLWan.from_pretrained, folder, "vae", "float32"),
    )
    _place(pipeline, device)
    return pipeline


def load_text_encoder(pipeline: Wan22Pipeline, folder: Path, device: Device) -> None:
    """Give `pipeline` its umT5 encoder, in the device's dtype; nothing happens if it has one."""
    if pipeline.text_encoder is not None:
        return
    from transformers.models.umt5.modeling_umt5 import UMT5EncoderModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    encoder = _load(UMT5EncoderModel.from_pretrained, folder, "text_encoder", device.dtype)
    pipeline.register_modules(text_encoder=encoder)
    _place(pipeline, device)


def load_tokenizer(folder: Path) -> PromptTokenizer:
    """The model's tokenizer. Raises ModelDamaged."""
    from wan_desktop.engine.prompts import PromptTokenizer

    file = folder / "tokenizer" / "tokenizer.json"
    try:
        return PromptTokenizer(file)
    except Exception as error:
        raise _damaged(folder, file.relative_to(folder)) from error


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


def _load(loader: Callable[..., Any], folder: Path, component: str, dtype: str) -> Any:
    import torch
    from safetensors import SafetensorError

    kind = (
        {"dtype": getattr(torch, dtype)}
        if component == "text_encoder"
        else {"torch_dtype": getattr(torch, dtype)}
    )
    try:
        module, report = loader(
            folder / component,
            local_files_only=True,
            use_safetensors=True,
            low_cpu_mem_usage=True,
            output_loading_info=True,
            **kind,
        )
    except torch.OutOfMemoryError:
        raise
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        raise _damaged(folder, Path(component)) from error
    if report["missing_keys"] or report.get("mismatched_keys"):
        raise _damaged(folder, Path(component))
    return module.eval().requires_grad_(False)


def _place(pipeline: Wan22Pipeline, device: Device) -> None:
    if device.is_cuda:
        pipeline.enable_model_cpu_offload(device=device.name)


def _need(folder: Path, file: Path) -> None:
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        raise ModelMissing(
            QT_TRANSLATE_NOOP("errors", "The model in {folder} is not complete: {file} is missing."),
            action=QT_TRANSLATE_NOOP("errors", "Choose another model"),
            folder=folder,
            file=file.relative_to(folder),
        ) from None
    except OSError as error:
        raise _damaged(folder, file.relative_to(folder)) from error
    if size == 0:
        raise _damaged(folder, file.relative_to(folder))


def _damaged(folder: Path, part: Path) -> ModelDamaged:
    return ModelDamaged(
        QT_TRANSLATE_NOOP(
            "errors", "The model in {folder} is damaged: {part} cannot be read. Copy it there again."
        ),
        action=QT_TRANSLATE_NOOP("errors", "Choose another model"),
        folder=folder,
        part=part,
    )
