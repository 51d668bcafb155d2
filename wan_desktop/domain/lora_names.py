"""Which layer a LoRA's weight belongs to: ComfyUI's, kohya's and diffusers' names, turned into canonical ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wan_desktop.domain.weight_names import TRANSFORMER, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

DOWN, UP, ALPHA, DIFF, BIAS = "down", "up", "alpha", "diff", "bias"
_KINDS = {
    ".lora_A.weight": DOWN,
    ".lora_down.weight": DOWN,
    ".lora_A.default.weight": DOWN,
    ".lora_B.weight": UP,
    ".lora_up.weight": UP,
    ".lora_B.default.weight": UP,
    ".alpha": ALPHA,
    ".diff": DIFF,
    ".diff_b": BIAS,
    ".lora_B.bias": BIAS,
}
_PREFIXES = ("base_model.model.", "model.", "diffusion_model.", "transformer.", "unet.")
_KOHYA = ("lora_unet_", "lora_transformer_", "lycoris_")
_UNDERSCORED = {
    **{f"{a}_attn_{p}": f"{a}_attn.{p}" for a in ("self", "cross") for p in "qkvo"},
    **{f"attn{a}_to_{p}": f"attn{a}.to_{p}" for a in (1, 2) for p in "qkv"},
    **{f"attn{a}_to_out_0": f"attn{a}.to_out.0" for a in (1, 2)},
    "ffn_0": "ffn.0",
    "ffn_2": "ffn.2",
    "ffn_net_0_proj": "ffn.net.0.proj",
    "ffn_net_2": "ffn.net.2",
}
_UNDERSCORED_ENDS = {
    "head_head": "head.head",
    "proj_out": "proj_out",
    "patch_embedding": "patch_embedding",
    "time_projection_1": "time_projection.1",
    **{f"{kind}_embedding_{n}": f"{kind}_embedding.{n}" for kind in ("time", "text") for n in (0, 2)},
}


def split(name: str) -> tuple[str, str] | None:
    """(canonical name of the layer, kind of the weight) of a LoRA's weight; None for a name of no known kind."""
    suffix = next((s for s in _KINDS if name.endswith(s)), None)
    if suffix is None:
        return None
    layer = name.removesuffix(suffix)
    for prefix in _KOHYA:
        if layer.startswith(prefix):
            return _with_dots(layer.removeprefix(prefix)), _KINDS[suffix]
    for prefix in _PREFIXES:
        layer = layer.removeprefix(prefix)
    return canonical(TRANSFORMER, f"{layer}.weight").removesuffix(".weight"), _KINDS[suffix]


def is_lora(names: Iterable[str]) -> bool:
    """True when weights of these names are those of a LoRA."""
    kinds = {kind[1] for name in names if (kind := split(name)) is not None}
    return {DOWN, UP} <= kinds or bool(kinds & {DIFF})


def _with_dots(layer: str) -> str:
    """kohya's name, which has underscores for dots."""
    block = re.fullmatch(r"blocks_(\d+)_(.+)", layer)
    if block is not None:
        layer = f"blocks.{block[1]}.{_UNDERSCORED.get(block[2], block[2])}"
    else:
        layer = _UNDERSCORED_ENDS.get(layer, layer)
    return canonical(TRANSFORMER, f"{layer}.weight").removesuffix(".weight")
