"""A tiny random model, and writers that put it into every format people have: diffusers, original, ComfyUI, GGUF.

The names are turned back here by plain replacement, as the published conversion scripts do it the other way, so
that the product's own map is tested against something else.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import save_file

if TYPE_CHECKING:
    from pathlib import Path

TRANSFORMER = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 2,
    "attention_head_dim": 128,
    "in_channels": 48,
    "out_channels": 48,
    "text_dim": 64,
    "freq_dim": 64,
    "ffn_dim": 512,
    "num_layers": 2,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "eps": 1e-6,
    "rope_max_seq_len": 1024,
}
VAE = {
    "base_dim": 4,
    "decoder_base_dim": 6,
    "z_dim": 48,
    "dim_mult": [1, 2, 4, 4],
    "num_res_blocks": 1,
    "attn_scales": [],
    "temperal_downsample": [False, True, True],
    "is_residual": True,
    "in_channels": 12,
    "out_channels": 12,
    "patch_size": 2,
    "scale_factor_temporal": 4,
    "scale_factor_spatial": 16,
}
TEXT_ENCODER = {
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 128,
    "num_heads": 4,
    "num_layers": 2,
    "feed_forward_proj": "gated-gelu",
    "tie_word_embeddings": True,
    "is_encoder_decoder": True,
}
STATISTICS = "latents_mean", "latents_std"
TEXTS = (
    "a red ball moves right over a blue background",
    "the cat turns its head and walks along the wall",
    "waves break on black rocks, slow motion, drone shot",
    "一只白鹤从晨雾中的湖面起飞，镜头缓慢跟随",
    "Ein Hund läuft über die Straße!",
)


def spiece() -> bytes:
    """A sentencepiece model with umT5's special ids (0 padding, 1 end, 2 unknown), trained on a few lines."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 20),
        model_writer=model,
        model_type="unigram",
        vocab_size=150,
        hard_vocab_limit=False,
        character_coverage=1.0,
        normalization_rule_name="nfkc",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
        num_threads=1,
    )
    return model.getvalue()


def networks(vocab: int = 150, seed: int = 0) -> dict[str, torch.nn.Module]:
    """The tiny model's networks, random, in bfloat16."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
    from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
    from transformers.models.umt5.configuration_umt5 import UMT5Config
    from transformers.models.umt5.modeling_umt5 import UMT5EncoderModel

    from wan_desktop.engine.wan22_vae import LATENTS_MEAN, LATENTS_STD

    torch.manual_seed(seed)
    statistics = {"latents_mean": list(LATENTS_MEAN), "latents_std": list(LATENTS_STD)}
    made = {
        "transformer": WanTransformer3DModel(**TRANSFORMER),
        "vae": AutoencoderKLWan(**VAE, **statistics),
        "text_encoder": UMT5EncoderModel(UMT5Config(vocab_size=vocab, **TEXT_ENCODER)),
    }
    with torch.no_grad():
        for parameter in (p for module in made.values() for p in module.parameters()):
            drawn = torch.randn_like(parameter) * 0.05
            parameter.copy_(drawn.masked_fill(drawn.abs() < 1e-3, 0.01))  # half precision holds all exactly
    return {name: module.to(torch.bfloat16).eval() for name, module in made.items()}


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The network's weights by canonical name."""
    state = dict(module.state_dict())
    state.pop("encoder.embed_tokens.weight", None)
    return {name: tensor.clone() for name, tensor in state.items()}


def write_diffusers(folder: Path, made: dict[str, torch.nn.Module], spiece_model: bytes) -> Path:
    """The diffusers folder, its tokenizer as spiece.model."""
    index = {"_class_name": "WanPipeline", "expand_timesteps": True, "boundary_ratio": None}
    for name, module in made.items():
        module.save_pretrained(folder / name)
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "spiece.model").write_bytes(spiece_model)
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _replaced(name: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for old, new in pairs:
        name = name.replace(old, new)
    return name


def original_transformer(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The transformer's weights by the original release's names."""
    pairs = (
        ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
        ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
        ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
        ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
        ("condition_embedder.time_proj", "time_projection.1"),
        ("attn1.", "self_attn."),
        ("attn2.", "cross_attn."),
        (".to_out.0.", ".o."),
        (".to_q.", ".q."),
        (".to_k.", ".k."),
        (".to_v.", ".v."),
        (".norm2.", ".norm3."),
        (".ffn.net.0.proj.", ".ffn.0."),
        (".ffn.net.2.", ".ffn.2."),
        ("proj_out.", "head.head."),
    )
    renamed = {_replaced(name, pairs): tensor for name, tensor in state.items()}
    return {
        name.replace("scale_shift_table", "modulation" if name.startswith("blocks") else "head.modulation"): t
        for name, t in renamed.items()
    }


def original_vae(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The VAE's weights by the original release's names."""
    depth = {"down": VAE["num_res_blocks"], "up": VAE["num_res_blocks"] + 1}
    pairs = [
        ("post_quant_conv.", "conv2."),
        ("quant_conv.", "conv1."),
        (".conv_in.", ".conv1_."),
        (".norm_out.", ".head.0."),
        (".conv_out.", ".head.2."),
        (".mid_block.attentions.0.", ".middle.1."),
        (".mid_block.resnets.0.", ".middle.0."),
        (".mid_block.resnets.1.", ".middle.2."),
        (".norm1.", ".residual.0."),
        (".conv1.", ".residual.2."),
        (".norm2.", ".residual.3."),
        (".conv2.", ".residual.6."),
        (".conv1_.", ".conv1."),
        (".conv_shortcut.", ".shortcut."),
    ]
    for way in ("down", "up"):
        pairs += [(f".{way}sampler.", f".{way}samples.{depth[way]}."), (f"{way}_blocks.", f"{way}samples.")]
    renamed = {}
    for name, tensor in state.items():
        way = "down" if name.startswith("encoder") else "up"
        new = _replaced(name, (("_blocks.", "_blocks."), *pairs))
        renamed[new.replace(".resnets.", f".{way}samples.")] = tensor
    return renamed


def original_text_encoder(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The text encoder's weights by the original release's names."""
    pairs = (
        ("shared.", "token_embedding."),
        ("encoder.final_layer_norm.", "norm."),
        ("encoder.block.", "blocks."),
        ("layer.0.layer_norm.", "norm1."),
        ("layer.1.layer_norm.", "norm2."),
        ("layer.0.SelfAttention.relative_attention_bias.", "pos_embedding.embedding."),
        ("layer.0.SelfAttention.", "attn."),
        ("layer.1.DenseReluDense.wi_0.", "ffn.gate.0."),
        ("layer.1.DenseReluDense.wi_1.", "ffn.fc1."),
        ("layer.1.DenseReluDense.wo.", "ffn.fc2."),
    )
    return {_replaced(name, pairs): tensor for name, tensor in state.items()}


def write_original(folder: Path, made: dict[str, torch.nn.Module], spiece_model: bytes) -> Path:
    """The original release: the transformer in two shards with an index, and two pickles."""
    folder.mkdir()
    tensors = original_transformer(weights(made["transformer"]))
    names = sorted(tensors)
    shards = {f"diffusion_pytorch_model-0000{n}-of-00002.safetensors": names[n - 1 :: 2] for n in (1, 2)}
    for file, keys in shards.items():
        save_file({key: tensors[key].contiguous() for key in keys}, folder / file)
    weight_map = {key: file for file, keys in shards.items() for key in keys}
    index = folder / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    config = {"_class_name": "WanModel", "model_type": "ti2v", "dim": 256, "num_heads": 2, "in_dim": 48}
    (folder / "config.json").write_text(json.dumps(config))
    torch.save(
        original_text_encoder(weights(made["text_encoder"])), folder / "models_t5_umt5-xxl-enc-bf16.pth"
    )
    torch.save(original_vae(weights(made["vae"])), folder / "Wan2.2_VAE.pth")
    (folder / "google" / "umt5-xxl").mkdir(parents=True)
    (folder / "google" / "umt5-xxl" / "spiece.model").write_bytes(spiece_model)
    return folder


def fp8_grid(module: torch.nn.Module, scale: float = 2**-6) -> None:
    """Round the text encoder's linear weights to what scaled fp8 can hold, so that nothing is lost by it."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim == 2 and "shared" not in name and "bias" not in name and "embed" not in name:
                parameter.copy_((parameter.float() / scale).to(torch.float8_e4m3fn).float() * scale)


def comfy_text_encoder(
    module: torch.nn.Module, spiece_model: bytes, *, newer: bool, scale: float = 2**-6
) -> dict[str, torch.Tensor]:
    """umt5_xxl_fp8_e4m3fn_scaled.safetensors: the older layout, or the newer one with `.comfy_quant`."""
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in weights(module).items():
        if tensor.ndim != 2 or "shared" in name or "bias" in name:
            tensors[name] = tensor.to(torch.float16)
            continue
        layer = name.removesuffix(".weight")
        tensors[name] = (tensor.float() / scale).to(torch.float8_e4m3fn)
        tensors[layer + (".weight_scale" if newer else ".scale_weight")] = torch.tensor(scale)
        if newer:
            words = json.dumps({"format": "float8_e4m3fn"}).encode()
            tensors[f"{layer}.comfy_quant"] = torch.frombuffer(bytearray(words), dtype=torch.uint8)
    if not newer:
        tensors["scaled_fp8"] = torch.empty(0, dtype=torch.float8_e4m3fn)
    tensors["spiece_model"] = torch.frombuffer(bytearray(spiece_model), dtype=torch.uint8)
    return tensors


def write_comfy(
    models: Path,
    made: dict[str, torch.nn.Module],
    spiece_model: bytes,
    *,
    newer: bool = False,
    prefix: str = "",
) -> Path:
    """ComfyUI's `models` folder with its three files."""
    for kind in ("diffusion_models", "text_encoders", "vae"):
        (models / kind).mkdir(parents=True, exist_ok=True)
    tensors = original_transformer(weights(made["transformer"]))
    save_file(
        {prefix + name: tensor.contiguous() for name, tensor in tensors.items()},
        models / "diffusion_models" / "wan2.2_ti2v_5B_bf16.safetensors",
    )
    encoder = comfy_text_encoder(made["text_encoder"], spiece_model, newer=newer)
    save_file(encoder, models / "text_encoders" / "umt5_xxl_fp8_e4m3fn_scaled.safetensors")
    vae = original_vae(weights(made["vae"]))
    save_file({n: t.contiguous() for n, t in vae.items()}, models / "vae" / "wan2.2_vae.safetensors")
    return models


def write_gguf(file: Path, module: torch.nn.Module, kind: str) -> dict[str, np.ndarray]:
    """The transformer as GGUF: linear weights quantised to `kind` by the reference code; what they then are."""
    import gguf
    from gguf import quants

    wanted = gguf.GGMLQuantizationType[kind]
    block, _ = gguf.GGML_QUANT_SIZES[wanted]
    writer = gguf.GGUFWriter(file, "wan")
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    held: dict[str, np.ndarray] = {}
    for name, tensor in original_transformer(weights(module)).items():
        array = tensor.float().numpy()
        quantised = array.ndim == 2 and array.shape[1] % block == 0 and array.size > 4096
        if array.ndim > 4:  # the format's tools take four dimensions; the shape is told beside it
            writer.add_array(f"comfy.gguf.orig_shape.{name}", [int(n) for n in array.shape])
            array = array.reshape(array.shape[0], -1)
        if not quantised:
            writer.add_tensor(name, array.astype(np.float32))
            held[name] = tensor.float().numpy()
            continue
        data = _quantised(array, wanted)
        writer.add_tensor(name, data, raw_dtype=wanted)
        held[name] = quants.dequantize(data, wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return held


def write_bare_gguf(file: Path, module: torch.nn.Module, kind: str) -> dict[str, np.ndarray]:
    """The transformer as stable-diffusion.cpp writes it: no words about it, four dimensions, norms quantised, too."""
    import gguf
    from gguf import quants

    wanted = gguf.GGMLQuantizationType[kind]
    block, _ = gguf.GGML_QUANT_SIZES[wanted]
    writer = gguf.GGUFWriter(file, "wan")
    writer.kv_data = [{}]
    held: dict[str, np.ndarray] = {}
    for name, tensor in original_transformer(weights(module)).items():
        array = tensor.float().numpy()
        held[name] = array
        if name == "patch_embedding.weight":
            array = array.reshape(-1, *array.shape[2:])
        elif name.endswith("modulation"):
            array = array[0]
        norm = "norm" in name
        if not (norm or array.ndim == 2) or array.shape[-1] % block or name.endswith("modulation"):
            writer.add_tensor(name, array.astype(np.float32))
            continue
        data = _quantised(array[None], wanted)[0] if norm else _quantised(array, wanted)
        writer.add_tensor(name, data, raw_dtype=wanted)
        held[name] = quants.dequantize(data, wanted).reshape(held[name].shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return held


def _quantised(array: np.ndarray, kind: object) -> np.ndarray:
    """Quantised by the reference code; for formats it can only read, valid random blocks."""
    import gguf
    from gguf import quants

    try:
        return quants.quantize(array, kind)
    except NotImplementedError:
        block, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = np.random.default_rng(0).integers(0, 256, (array.size // block, size), dtype=np.uint8)
        halves = {"Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}[kind.name]
        for at in halves:  # the scales are half floats: small ones, no infinities
            blocks[:, at : at + 2] = np.frombuffer(np.float16(2**-12).tobytes(), np.uint8)
        return blocks.reshape(array.shape[0], -1)
