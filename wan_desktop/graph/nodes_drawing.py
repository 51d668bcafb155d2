"""The nodes that load models and draw."""

from __future__ import annotations

from typing import Any

from wan_desktop.graph.names import FRESH_NOISE, SAMPLERS
from wan_desktop.graph.node_types import BIG, Listed, NodeType, real, whole

_SEED = whole(0, 0, 2**64 - 1, control_after_generate=True)
_SAMPLER = [[*SAMPLERS, FRESH_NOISE], {"tooltip": "uni_pc_bh2 and dpmpp_2m run on the official schedule."}]
_SCHEDULER: list[Any] = [["simple"]]
_STEPS, _CFG = whole(20, 1, 10000), real(8.0, 0.0, 100.0, 0.1, round=0.01)
_STRENGTH = real(1.0, -100.0, 100.0)


def _linked(*options: dict[str, Any]) -> dict[str, list[Any]]:
    return {
        "positive": ["CONDITIONING", *options],
        "negative": ["CONDITIONING", *options],
        "latent_image": ["LATENT", *options],
    }


LOADERS = (
    NodeType(
        "UNETLoader",
        "Load Diffusion Model",
        "advanced/loaders",
        {
            "unet_name": [Listed("unets")],
            "weight_dtype": [["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"]],
        },
        ("MODEL",),
        says="Chooses the model. Weights are used as they are stored, whatever weight_dtype says.",
    ),
    NodeType(
        "UnetLoaderGGUF",
        "Unet Loader (GGUF)",
        "bootleg",
        {"unet_name": [Listed("unets")]},
        ("MODEL",),
        says="As UNETLoader: the model of that name, in the format in which it is here.",
    ),
    NodeType(
        "CLIPLoader",
        "Load CLIP",
        "advanced/loaders",
        {"clip_name": [Listed("texts")], "type": [["wan"]]},
        ("CLIP",),
        {"device": [["default", "cpu"], {"advanced": True}]},
        says="The text encoder, which belongs to the model.",
    ),
    NodeType("VAELoader", "Load VAE", "loaders", {"vae_name": [Listed("vaes")]}, ("VAE",)),
    NodeType(
        "CheckpointLoaderSimple",
        "Load Checkpoint",
        "loaders",
        {"ckpt_name": [Listed("checkpoints")]},
        ("MODEL", "CLIP", "VAE"),
    ),
    NodeType(
        "LoraLoader",
        "Load LoRA",
        "loaders",
        {
            "model": ["MODEL", {}],
            "clip": ["CLIP", {}],
            "lora_name": [Listed("loras")],
            "strength_model": _STRENGTH,
            "strength_clip": _STRENGTH,
        },
        ("MODEL", "CLIP"),
        says="A LoRA of the folder that `--loras` or Settings name, with `strength_model`; the text encoder stays.",
    ),
    NodeType(
        "LoraLoaderModelOnly",
        "LoraLoaderModelOnly",
        "loaders",
        {"model": ["MODEL"], "lora_name": [Listed("loras")], "strength_model": _STRENGTH},
        ("MODEL",),
        says="As LoraLoader.",
    ),
    NodeType(
        "ModelSamplingSD3",
        "ModelSamplingSD3",
        "advanced/model",
        {"model": ["MODEL"], "shift": real(3.0, 0.0, 100.0)},
        ("MODEL",),
        says="The schedule's flow shift; without this node it is 8.",
    ),
)

SAMPLING = (
    NodeType(
        "CLIPTextEncode",
        "CLIP Text Encode (Prompt)",
        "conditioning",
        {"text": ["STRING", {"multiline": True, "dynamicPrompts": True}], "clip": ["CLIP", {}]},
        ("CONDITIONING",),
    ),
    NodeType(
        "Wan22ImageToVideoLatent",
        None,
        "conditioning/inpaint",
        {
            "vae": ["VAE", {}],
            "width": whole(1280, 32, BIG, step=32),
            "height": whole(704, 32, BIG, step=32),
            "length": whole(49, 1, BIG, step=4),
            "batch_size": whole(1, 1, 4096),
        },
        ("LATENT",),
        {"start_image": ["IMAGE", {}]},
        says="Size, length and start image of the clip. One clip at a time: batch_size is 1.",
    ),
    NodeType(
        "KSampler",
        "KSampler",
        "sampling",
        {
            "model": ["MODEL", {}],
            "seed": _SEED,
            "steps": _STEPS,
            "cfg": _CFG,
            "sampler_name": _SAMPLER,
            "scheduler": _SCHEDULER,
            **_linked({}),
            "denoise": real(1.0, 0.0, 1.0),
        },
        ("LATENT",),
        says="Draws the clip, from pure noise only: denoise is 1. Of a seed the lower 53 bits count.",
    ),
    NodeType(
        "KSamplerAdvanced",
        "KSampler (Advanced)",
        "sampling",
        {
            "model": ["MODEL"],
            "add_noise": [["enable", "disable"]],
            "noise_seed": _SEED,
            "steps": _STEPS,
            "cfg": _CFG,
            "sampler_name": _SAMPLER,
            "scheduler": _SCHEDULER,
            **_linked(),
            "start_at_step": whole(0, 0, 10000),
            "end_at_step": whole(10000, 0, 10000),
            "return_with_leftover_noise": [["disable", "enable"]],
        },
        ("LATENT",),
        says="As KSampler: all steps in one go.",
    ),
    NodeType(
        "VAEDecode", "VAE Decode", "latent", {"samples": ["LATENT", {}], "vae": ["VAE", {}]}, ("IMAGE",)
    ),
    NodeType(
        "VAEDecodeTiled",
        "VAE Decode (Tiled)",
        "_for_testing",
        {
            "samples": ["LATENT"],
            "vae": ["VAE"],
            "tile_size": whole(512, 64, 4096, step=32),
            "overlap": whole(64, 0, 4096, step=32),
            "temporal_size": whole(64, 8, 4096, step=4),
            "temporal_overlap": whole(8, 4, 4096, step=4),
        },
        ("IMAGE",),
        says="As VAEDecode: how memory is saved is the server's own affair.",
    ),
)
