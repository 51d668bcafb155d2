"""From a component's weights to its network: built empty, then filled one weight after the other.

Nothing is copied that can stay mapped: a weight takes private memory only where its type has to change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.domain.weight_shapes import config_of
from wan_desktop.engine.packed import CastEmbedding, Fp8, PackedLinear
from wan_desktop.engine.wan22_vae import LATENTS_MEAN, LATENTS_STD
from wan_desktop.engine.weight_files import FP8, Weight, damaged, open_weights, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.model import Part

_PIECE = 2**23
"""Weights cast between two ticks: a fraction of a second on a slow processor."""
_LARGE = 100_000
"""Rows from which on an embedding is not cast as a whole."""
_FLOAT32 = {
    TRANSFORMER: frozenset({"time_embedder", "scale_shift_table", "norm1", "norm2", "norm3"}),
    VAE: frozenset(),
    TEXT_ENCODER: frozenset(),
}
"""What diffusers keeps in float32 (`_keep_in_fp32_modules`), by a part of the weight's name."""


def load_component(part: Part, dtype: torch.dtype, tick: Callable[[], None] = lambda: None) -> nn.Module:
    """The network in `part`'s files, in `dtype`. `tick` is called between any two weights and may raise.

    Raises ModelDamaged when files cannot be read, or weights are missing or of another shape; OutOfMemory.
    """
    tick()
    weights = open_weights(part.files)
    tick()
    where = part.config or part.files[0]
    if weights.component != part.component:
        raise damaged(part.files[0], f"it holds a {weights.component}, not a {part.component}")
    try:
        config = _config(part, {name: weight.shape for name, weight in weights.tensors.items()})
        with torch.device("meta"):
            module = _MAKERS[part.component](config)
    except (OSError, ValueError, TypeError, KeyError, IndexError, ZeroDivisionError) as error:
        raise damaged(where, f"{type(error).__name__}: {error}") from error
    needed = _needed(module)
    missing = needed - set(weights.tensors)
    if missing:
        raise damaged(part.files[0], f"{len(missing)} weights are missing, such as {min(missing)}")
    for name, weight in weights.tensors.items():
        tick()
        if name in needed:
            _fill(module, name, weight, _dtype_of(part.component, name, dtype), part.files[0], tick)
    _finish(module)
    return module.eval().requires_grad_(False)


def spiece_in(file: str | Path) -> bytes:
    """The sentencepiece model that lies among the weights of a safetensors file, or b""."""
    return open_weights([file]).spiece


def _needed(module: nn.Module) -> set[str]:
    """The canonical names of the weights to fill; umT5's embedding stands under one name only."""
    return {name for name, _ in module.named_parameters(remove_duplicate=False)} - {
        "encoder.embed_tokens.weight"
    }


def _config(part: Part, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """The network's configuration: from its weights, and what only a config.json beside them can tell."""
    config = config_of(part.component, shapes)
    if not part.config:
        return config
    told = json.loads(Path(part.config).read_text(encoding="utf-8"))
    if part.component == TRANSFORMER and "num_heads" in told:  # the original release's own words
        told = {
            "num_attention_heads": told["num_heads"],
            "attention_head_dim": told["dim"] // told["num_heads"],
        }
    return config | {key: value for key, value in told.items() if key in config or key.startswith("latents_")}


def _make_transformer(config: dict[str, Any]) -> nn.Module:
    from diffusers.models.transformers.transformer_wan import WanTransformer3DModel

    return WanTransformer3DModel(**config | {"patch_size": tuple(config["patch_size"])})


def _make_vae(config: dict[str, Any]) -> nn.Module:
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

    statistics = {"latents_mean": LATENTS_MEAN, "latents_std": LATENTS_STD}
    return AutoencoderKLWan(**statistics | config)


def _make_text_encoder(config: dict[str, Any]) -> nn.Module:
    from transformers.models.umt5.configuration_umt5 import UMT5Config
    from transformers.models.umt5.modeling_umt5 import UMT5EncoderModel

    return UMT5EncoderModel(UMT5Config(**config))


_MAKERS = {TRANSFORMER: _make_transformer, VAE: _make_vae, TEXT_ENCODER: _make_text_encoder}


def _dtype_of(component: str, name: str, dtype: torch.dtype) -> torch.dtype:
    parts = name.split(".")
    if not _FLOAT32[component].isdisjoint(parts):
        return torch.float32
    if component == TEXT_ENCODER and "wo" in parts and dtype == torch.float16:
        return (
            torch.float32
        )  # umT5's sums overflow half precision there (transformers' _keep_in_fp32_modules)
    return dtype


def _fill(
    module: nn.Module, name: str, weight: Weight, dtype: torch.dtype, file: str, tick: Callable[[], None]
) -> None:
    owner_name, _, leaf = name.rpartition(".")
    owner = module.get_submodule(owner_name)
    if tuple(getattr(owner, leaf).shape) != weight.shape:
        raise damaged(file, f"{name} has the shape {list(weight.shape)}")
    try:
        tensor = weight.read()
        packing = weight.packing or (Fp8(torch.ones(())) if tensor.dtype in FP8 else None)
        if packing is not None and leaf == "weight" and isinstance(owner, nn.Linear):
            _replace(module, owner_name, PackedLinear(tensor, packing, owner, dtype))
        elif packing is None and isinstance(owner, nn.Embedding) and owner.num_embeddings > _LARGE:
            _replace(module, owner_name, CastEmbedding(tensor, dtype))
        else:
            value = _cast(tensor, dtype, tick) if packing is None else packing.unpack(tensor, dtype)
            setattr(owner, leaf, nn.Parameter(value, requires_grad=False))
    except (RuntimeError, ValueError, OSError) as error:
        raise unreadable(file, error) from error


def _cast(tensor: torch.Tensor, dtype: torch.dtype, tick: Callable[[], None]) -> torch.Tensor:
    """`tensor` in `dtype`: itself, still mapped, or a copy made in pieces with a `tick` after each."""
    if tensor.dtype == dtype or tensor.ndim == 0:
        return tensor.to(dtype)
    made = torch.empty(tensor.shape, dtype=dtype)
    rows = max(1, _PIECE * len(tensor) // max(1, tensor.numel()))
    for start in range(0, len(tensor), rows):
        made[start : start + rows] = tensor[start : start + rows]
        tick()
    return made


def _replace(module: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, leaf = name.rpartition(".")
    setattr(module.get_submodule(parent), leaf, layer)


def _finish(module: nn.Module) -> None:
    """What is no weight: the second name of umT5's embedding, and the tables that networks compute themselves."""
    encoder = getattr(module, "encoder", None)
    if hasattr(encoder, "embed_tokens"):
        encoder.embed_tokens = module.shared
    rope = getattr(module, "rope", None)
    if rope is not None:
        module.rope = type(rope)(rope.attention_head_dim, rope.patch_size, rope.max_seq_len)
