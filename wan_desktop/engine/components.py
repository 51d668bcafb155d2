"""From a component's weights to its network: built empty, then filled one weight after the other.

Nothing is copied that can stay mapped: large matrices of another type than the network computes in are cast each
time they are used, and what must be cast as a whole is forgotten again when nobody computes with it (`homes`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from wan_desktop.domain.exactness import EXACT, PRECISIONS
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.domain.weight_shapes import config_of
from wan_desktop.engine import homes
from wan_desktop.engine.fp8 import rounded_layer
from wan_desktop.engine.packed import Cast, CastEmbedding, Fp8, PackedLinear
from wan_desktop.engine.prediction import FLOW, SAMPLE
from wan_desktop.engine.wan22_vae import LATENTS_MEAN, LATENTS_STD
from wan_desktop.engine.weight_files import FP8, Weight, damaged, open_weights, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.model import Part

FP8_PRECISION = PRECISIONS[1]
_LARGE = 100_000
"""Rows from which on an embedding is not cast as a whole."""
_LARGE_MATRIX = 2**20
"""Numbers from which on a matrix is not cast as a whole; all smaller ones of the 5 B together are 20 MB."""
_FLOAT32 = {
    TRANSFORMER: frozenset({"time_embedder", "scale_shift_table", "norm1", "norm2", "norm3"}),
    VAE: frozenset(),
    TEXT_ENCODER: frozenset(),
}
"""What diffusers keeps in float32 (`_keep_in_fp32_modules`), by a part of the weight's name."""


def load_component(
    part: Part,
    dtype: torch.dtype,
    tick: Callable[[], None] = lambda: None,
    *,
    at_home: bool = False,
    precision: str = EXACT,
) -> nn.Module:
    """The network in `part`'s files, in `dtype`. `tick` is called between any two weights and may raise.

    `precision` "fp8" rounds the matrices of a transformer's blocks; packed ones stay as they are. With `at_home` its
    weights are all still those of the file: `homes.bring` makes it able to compute.
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
        module.prediction_type = prediction_type(part)
    except (OSError, ValueError, TypeError, KeyError, IndexError, ZeroDivisionError) as error:
        raise damaged(where, f"{type(error).__name__}: {error}") from error
    needed = _needed(module)
    missing = needed - set(weights.tensors)
    if missing:
        raise damaged(part.files[0], f"{len(missing)} weights are missing, such as {min(missing)}")
    wanted = {name: _dtype_of(part.component, name, dtype) for name in needed}
    for name, weight in weights.tensors.items():
        tick()
        if name in needed:
            _fill(module, name, weight, wanted, part.files[0])
            if precision == FP8_PRECISION and part.component == TRANSFORMER and name.startswith("blocks."):
                _round(module, name, wanted, part.files[0], tick)
    _finish(module)
    homes.settle(module.eval().requires_grad_(False), wanted)
    if not at_home:
        _bring(module, part.files[0], tick)
    return module


def outline(part: Part, dtype: torch.dtype) -> nn.Module:
    """The network of `part` without contents, on the "meta" device, in the types it computes in: from headers alone.

    Raises ModelDamaged, OutOfMemory.
    """
    weights = open_weights(part.files)
    try:
        config = _config(part, {name: weight.shape for name, weight in weights.tensors.items()})
        with torch.device("meta"):
            module = _MAKERS[part.component](config)
    except (OSError, ValueError, TypeError, KeyError, IndexError, ZeroDivisionError) as error:
        raise damaged(part.config or part.files[0], f"{type(error).__name__}: {error}") from error
    for name, parameter in module.named_parameters():
        parameter.data = parameter.data.to(_dtype_of(part.component, name, dtype))
    return module.eval().requires_grad_(False)


def _bring(module: nn.Module, file: str, tick: Callable[[], None]) -> None:
    try:
        homes.bring(module, "cpu", tick)
    except (RuntimeError, ValueError, OSError) as error:
        raise unreadable(file, error) from error


def prediction_type(part: Part) -> str:
    """What a diffusers folder's transformer says, by its scheduler_config.json: SAMPLE, or like all others FLOW."""
    file = Path(part.config).parent.parent / "scheduler" / "scheduler_config.json"
    if not part.config or not file.is_file():
        return FLOW
    told = json.loads(file.read_text(encoding="utf-8"))
    return SAMPLE if told.get("prediction_type") == SAMPLE else FLOW


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


def _fill(module: nn.Module, name: str, weight: Weight, wanted: dict[str, torch.dtype], file: str) -> None:
    """Put the weight where it belongs; one that stays in the file's type for good is taken out of `wanted`."""
    owner_name, _, leaf = name.rpartition(".")
    owner = module.get_submodule(owner_name)
    if tuple(getattr(owner, leaf).shape) != weight.shape:
        raise damaged(file, f"{name} has the shape {list(weight.shape)}")
    try:
        tensor, dtype = weight.read(), wanted[name]
        packing = weight.packing or (Fp8(torch.ones(())) if tensor.dtype in FP8 else None)
        if packing is None and tensor.dtype != dtype and _is_large_matrix(owner, leaf):
            packing = Cast()
        if packing is not None and leaf == "weight" and isinstance(owner, nn.Linear):
            _replace(module, owner_name, PackedLinear(tensor, packing, owner, dtype))
        elif packing is None and isinstance(owner, nn.Embedding) and owner.num_embeddings > _LARGE:
            _replace(module, owner_name, CastEmbedding(tensor, wanted.pop(name)))
        else:
            value = tensor if packing is None else packing.unpack(tensor, dtype)
            setattr(owner, leaf, nn.Parameter(value, requires_grad=False))
    except (RuntimeError, ValueError, OSError) as error:
        raise unreadable(file, error) from error


def _round(
    module: nn.Module, name: str, wanted: dict[str, torch.dtype], file: str, tick: Callable[[], None]
) -> None:
    """Let the linear layer whose weight was just filled compute in eight bits; not one on quantised weights."""
    owner_name, _, leaf = name.rpartition(".")
    owner = module.get_submodule(owner_name)
    cast = isinstance(owner, PackedLinear) and isinstance(owner.packing, Cast)
    if leaf != "weight" or not (cast or type(owner) is nn.Linear):
        return
    weight = owner.packed if isinstance(owner, PackedLinear) else owner.weight.detach()
    try:
        layer = rounded_layer(weight, owner, wanted.pop(name), tick)
    except RuntimeError as error:
        raise unreadable(file, error) from error
    _replace(module, owner_name, layer)


def _is_large_matrix(owner: nn.Module, leaf: str) -> bool:
    return isinstance(owner, nn.Linear) and leaf == "weight" and owner.weight.numel() >= _LARGE_MATRIX


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
