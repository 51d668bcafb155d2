"""What a weight is called: from any layout's name to the one name that this program uses.

Canonical names are those of diffusers (transformer, VAE) and transformers (umT5 encoder). Other layouts are the
original release, which ComfyUI and GGUF files share, with or without a prefix. Sources: `wan/modules/model.py`,
`vae2_2.py`, `t5.py` of Wan2.2, and diffusers' `scripts/convert_wan_to_diffusers.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TRANSFORMER, VAE, TEXT_ENCODER = "transformer", "vae", "text_encoder"
COMPONENTS = (TRANSFORMER, VAE, TEXT_ENCODER)

PREFIXES = (
    "model.diffusion_model.",
    "diffusion_model.",
    "model.",
    "generator.",
    "vae.",
    "text_encoders.umt5xxl.transformer.",
)
"""What some tools put before every name."""

SPIECE = "spiece_model"
"""The tensor of bytes in which ComfyUI's text encoder files carry their sentencepiece model."""

_TRANSFORMER_PARTS = {
    "time_embedding.0": "condition_embedder.time_embedder.linear_1",
    "time_embedding.2": "condition_embedder.time_embedder.linear_2",
    "text_embedding.0": "condition_embedder.text_embedder.linear_1",
    "text_embedding.2": "condition_embedder.text_embedder.linear_2",
    "time_projection.1": "condition_embedder.time_proj",
    "head.head": "proj_out",
    "head": "",
    "patch_embedding": "patch_embedding",
}
_BLOCK_PARTS = {
    "self_attn": "attn1",
    "cross_attn": "attn2",
    "ffn.0": "ffn.net.0.proj",
    "ffn.2": "ffn.net.2",
    "norm3": "norm2",  # the original numbers the norm before cross-attention 3, diffusers 2
}
_ATTENTION_PARTS = {"q": "to_q", "k": "to_k", "v": "to_v", "o": "to_out.0"}
_RESIDUAL = {
    "residual.0": "norm1",
    "residual.2": "conv1",
    "residual.3": "norm2",
    "residual.6": "conv2",
    "shortcut": "conv_shortcut",
}
_T5_PARTS = {
    "norm1": "layer.0.layer_norm",
    "norm2": "layer.1.layer_norm",
    "attn.q": "layer.0.SelfAttention.q",
    "attn.k": "layer.0.SelfAttention.k",
    "attn.v": "layer.0.SelfAttention.v",
    "attn.o": "layer.0.SelfAttention.o",
    "pos_embedding.embedding": "layer.0.SelfAttention.relative_attention_bias",
    "ffn.gate.0": "layer.1.DenseReluDense.wi_0",
    "ffn.fc1": "layer.1.DenseReluDense.wi_1",
    "ffn.fc2": "layer.1.DenseReluDense.wo",
}


def prefix_of(names: Iterable[str]) -> str:
    """The prefix that every one of `names` has, or ""."""
    names = [name for name in names if name not in (SPIECE, "scaled_fp8")]
    return next((p for p in PREFIXES if names and all(name.startswith(p) for name in names)), "")


def component_of(names: Iterable[str]) -> str | None:
    """Which component has weights of these names (without prefix): one of COMPONENTS, or None."""
    names = frozenset(names)
    if names & {"patch_embedding.weight", "condition_embedder.time_proj.weight"}:
        return TRANSFORMER
    if names & {"decoder.conv1.weight", "decoder.conv_in.weight"}:
        return VAE
    if names & {"token_embedding.weight", "shared.weight", "encoder.embed_tokens.weight"}:
        return TEXT_ENCODER
    return None


def canonical(component: str, name: str) -> str:
    """The canonical name of a weight, from any layout; a name that no layout has comes back unchanged."""
    return {TRANSFORMER: _transformer, VAE: _vae, TEXT_ENCODER: _text_encoder}[component](name)


def _renamed(stem: str, parts: Mapping[str, str]) -> str | None:
    """`stem` with the first part of it that `parts` knows replaced; None when it knows none."""
    for old, new in parts.items():
        if stem == old or stem.startswith(f"{old}."):
            return f"{new}{stem[len(old) :]}".lstrip(".")
    return None


def _transformer(name: str) -> str:
    if name.endswith("modulation"):
        name = f"{name.removesuffix('modulation')}scale_shift_table"
    block = re.fullmatch(r"(blocks\.\d+)\.(.+)", name)
    if block is None:
        return _renamed(name, _TRANSFORMER_PARTS) or name
    rest = _renamed(block[2], _BLOCK_PARTS)
    if rest is None:
        return name
    attention = re.fullmatch(r"(attn[12])\.([qkvo])\.(.+)", rest)
    if attention is not None:
        rest = f"{attention[1]}.{_ATTENTION_PARTS[attention[2]]}.{attention[3]}"
    return f"{block[1]}.{rest}"


def _vae(name: str) -> str:
    quant = re.fullmatch(r"conv([12])\.(weight|bias)", name)
    if quant is not None:
        return f"{'quant_conv' if quant[1] == '1' else 'post_quant_conv'}.{quant[2]}"
    half = re.fullmatch(r"(encoder|decoder)\.(.+)", name)
    return f"{half[1]}.{_vae_half(half[2])}" if half is not None else name


def _vae_half(name: str) -> str:
    ends = {"conv1": "conv_in", "head.0": "norm_out", "head.2": "conv_out"}
    if (end := _renamed(name, ends)) is not None:
        return end
    middle = re.fullmatch(r"middle\.([012])\.(.+)", name)
    if middle is not None:
        number, rest = middle.groups()
        if number == "1":
            return f"mid_block.attentions.0.{rest}"
        return f"mid_block.resnets.{int(number) // 2}.{_renamed(rest, _RESIDUAL) or rest}"
    nested = re.fullmatch(r"(down|up)samples\.(\d+)\.\1samples\.(\d+)\.(.+)", name)
    if nested is None:
        return name
    way, block, number, rest = nested.groups()
    if rest.startswith(("resample.", "time_conv.")):
        return f"{way}_blocks.{block}.{way}sampler.{rest}"
    return f"{way}_blocks.{block}.resnets.{number}.{_renamed(rest, _RESIDUAL) or rest}"


def _text_encoder(name: str) -> str:
    ends = {"token_embedding": "shared", "encoder.embed_tokens": "shared", "norm": "encoder.final_layer_norm"}
    if (end := _renamed(name, ends)) is not None:
        return end
    block = re.fullmatch(r"blocks\.(\d+)\.(.+)", name)
    if block is None:
        return name
    rest = _renamed(block[2], _T5_PARTS)
    return name if rest is None else f"encoder.block.{block[1]}.{rest}"
