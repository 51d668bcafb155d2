"""What a network's weights tell of it: from the shapes of canonical names to its configuration.

Configurations are those of diffusers and transformers. What shapes cannot tell (the size of an attention head) is
the model family's own: 128 in every Wan transformer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CHANNELS = 48
"""Channels of the latents of Wan2.2-TI2V; every other Wan model has 16."""
HEAD = 128


def config_of(component: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The configuration of the network whose weights have these canonical names and shapes.

    KeyError, IndexError or ValueError when weights that every such network has are missing or flat.
    """
    return {TRANSFORMER: _transformer, VAE: _vae, TEXT_ENCODER: _text_encoder}[component](shapes)


def mended(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """`shapes` by canonical name, with the dimensions that some GGUF writers leave out.

    The format takes four dimensions and drops leading ones: stable-diffusion.cpp's files have the patch embedding
    as [width * channels, 1, 2, 2] and the modulation as [6, width].
    """
    found = dict(shapes)
    for name, shape in shapes.items():
        if name.endswith("scale_shift_table") and len(shape) == 2:
            found[name] = (1, *shape)
    patch, width = shapes.get("patch_embedding.weight", ()), shapes.get("patch_embedding.bias", (0,))[0]
    if len(patch) == 4 and width and patch[0] % width == 0:
        found["patch_embedding.weight"] = (width, patch[0] // width, *patch[1:])
    return found


MOST_LAYERS = 1000
"""No network of this family has nearly as many; a file that says so is made to exhaust memory."""


def count(names: Iterable[str], pattern: str) -> int:
    """One more than the highest number that `pattern`'s group finds in `names`; 0 without a match.

    Raises ValueError over MOST_LAYERS.
    """
    found = max((int(found[1]) + 1 for name in names if (found := re.match(pattern, name))), default=0)
    if found > MOST_LAYERS:
        raise ValueError(f"{found} layers")
    return found


def _transformer(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    dim, in_channels, *patch = shapes["patch_embedding.weight"]
    volume = patch[0] * patch[1] * patch[2]
    return {
        "patch_size": patch,
        "num_attention_heads": max(1, dim // HEAD),
        "attention_head_dim": min(dim, HEAD),
        "in_channels": in_channels,
        "out_channels": shapes["proj_out.weight"][0] // volume,
        "text_dim": shapes["condition_embedder.text_embedder.linear_1.weight"][1],
        "freq_dim": shapes["condition_embedder.time_embedder.linear_1.weight"][1],
        "ffn_dim": shapes["blocks.0.ffn.net.0.proj.weight"][0],
        "num_layers": count(shapes, r"blocks\.(\d+)\."),
        "cross_attn_norm": "blocks.0.norm2.weight" in shapes,
        "qk_norm": "rms_norm_across_heads",
        "eps": 1e-6,
        "image_dim": None,
        "added_kv_proj_dim": None,
        "rope_max_seq_len": 1024,
        "pos_embed_seq_len": None,
    }


def _vae(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    base = shapes["encoder.conv_in.weight"][0]
    blocks = count(shapes, r"encoder\.down_blocks\.(\d+)\.resnets")
    widths = [shapes[f"encoder.down_blocks.{i}.resnets.0.conv1.weight"][0] for i in range(blocks)]
    down = [f"encoder.down_blocks.{i}.downsampler.time_conv.weight" in shapes for i in range(blocks - 1)]
    pixels = shapes["encoder.conv_in.weight"][1]
    patch = {3: 1, 12: 2}.get(pixels, 0)
    return {
        "base_dim": base,
        "decoder_base_dim": shapes["decoder.norm_out.gamma"][0],
        "z_dim": shapes["decoder.conv_in.weight"][1],
        "dim_mult": [width // base for width in widths],
        "num_res_blocks": count(shapes, r"encoder\.down_blocks\.0\.resnets\.(\d+)\."),
        "attn_scales": [],
        "temperal_downsample": down,
        "is_residual": True,
        "in_channels": pixels,
        "out_channels": shapes["decoder.conv_out.weight"][0],
        "patch_size": patch,
        "scale_factor_temporal": 2 ** sum(down),
        "scale_factor_spatial": patch * 2 ** (blocks - 1),
    }


def _text_encoder(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    vocab, width = shapes["shared.weight"]
    first = "encoder.block.0.layer"
    buckets, heads = shapes[f"{first}.0.SelfAttention.relative_attention_bias.weight"]
    return {
        "vocab_size": vocab,
        "d_model": width,
        "d_ff": shapes[f"{first}.1.DenseReluDense.wi_0.weight"][0],
        "d_kv": shapes[f"{first}.0.SelfAttention.q.weight"][0] // heads,
        "num_heads": heads,
        "num_layers": count(shapes, r"encoder\.block\.(\d+)\."),
        "relative_attention_num_buckets": buckets,
        "relative_attention_max_distance": 128,
        "feed_forward_proj": "gated-gelu",
        "layer_norm_epsilon": 1e-6,
        "dropout_rate": 0.0,
        "tie_word_embeddings": True,
        "is_encoder_decoder": True,
        "pad_token_id": 0,
        "eos_token_id": 1,
    }


def expected_names(component: str, config: Mapping[str, Any]) -> frozenset[str]:
    """The canonical names of every weight that a network of this configuration has."""
    names = {TRANSFORMER: _transformer_names, VAE: _vae_names, TEXT_ENCODER: _text_encoder_names}[component]
    return frozenset(names(config))


def _pairs(*stems: str) -> list[str]:
    return [f"{stem}.{kind}" for stem in stems for kind in ("weight", "bias")]


def _transformer_names(config: Mapping[str, Any]) -> list[str]:
    embedder = "condition_embedder"
    names = ["scale_shift_table", *_pairs("patch_embedding", "proj_out", f"{embedder}.time_proj")]
    for kind in ("time", "text"):
        names += _pairs(f"{embedder}.{kind}_embedder.linear_1", f"{embedder}.{kind}_embedder.linear_2")
    for number in range(config["num_layers"]):
        block = f"blocks.{number}"
        names += [f"{block}.scale_shift_table", *_pairs(f"{block}.ffn.net.0.proj", f"{block}.ffn.net.2")]
        names += _pairs(f"{block}.norm2") if config["cross_attn_norm"] else []
        for attention in (f"{block}.attn1", f"{block}.attn2"):
            names += [f"{attention}.norm_q.weight", f"{attention}.norm_k.weight"]
            names += _pairs(*(f"{attention}.{part}" for part in ("to_q", "to_k", "to_v", "to_out.0")))
    return names


def _vae_names(config: Mapping[str, Any]) -> list[str]:
    names = _pairs("quant_conv", "post_quant_conv")
    widths = [config["base_dim"] * mult for mult in config["dim_mult"]]
    top = [config["decoder_base_dim"] * mult for mult in config["dim_mult"]][::-1]
    down = config["temperal_downsample"]
    names += _vae_half("encoder", [widths[0], *widths], "down", config["num_res_blocks"], down)
    names += _vae_half("decoder", [top[0], *top], "up", config["num_res_blocks"] + 1, down[::-1])
    return names


def _vae_half(half: str, widths: list[int], way: str, depth: int, times: list[bool]) -> list[str]:
    names = [f"{half}.norm_out.gamma", *_pairs(f"{half}.conv_in", f"{half}.conv_out")]
    middle = f"{half}.mid_block"
    names += [f"{middle}.attentions.0.norm.gamma"]
    names += _pairs(f"{middle}.attentions.0.to_qkv", f"{middle}.attentions.0.proj")
    for number in (0, 1):
        names += _resnet(f"{middle}.resnets.{number}", shortcut=False)
    for block in range(len(widths) - 1):
        stem = f"{half}.{way}_blocks.{block}"
        for number in range(depth):
            wider = number == 0 and widths[block] != widths[block + 1]
            names += _resnet(f"{stem}.resnets.{number}", shortcut=wider)
        if block < len(widths) - 2:
            names += _pairs(f"{stem}.{way}sampler.resample.1")
            names += _pairs(f"{stem}.{way}sampler.time_conv") if times[block] else []
    return names


def _resnet(stem: str, *, shortcut: bool) -> list[str]:
    convs = [f"{stem}.conv1", f"{stem}.conv2", *([f"{stem}.conv_shortcut"] if shortcut else [])]
    return [f"{stem}.norm1.gamma", f"{stem}.norm2.gamma", *_pairs(*convs)]


def _text_encoder_names(config: Mapping[str, Any]) -> list[str]:
    names = ["shared.weight", "encoder.final_layer_norm.weight"]
    for number in range(config["num_layers"]):
        layer = f"encoder.block.{number}.layer"
        names += [f"{layer}.0.layer_norm.weight", f"{layer}.1.layer_norm.weight"]
        names += [f"{layer}.0.SelfAttention.{part}.weight" for part in "qkvo"]
        names += [f"{layer}.0.SelfAttention.relative_attention_bias.weight"]
        names += [f"{layer}.1.DenseReluDense.{part}.weight" for part in ("wi_0", "wi_1", "wo")]
    return names
