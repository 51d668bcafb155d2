"""ComfyUI workflows for tests: the template of ComfyUI's own Wan2.2 5B page, small enough for a test."""

from __future__ import annotations

import copy
from typing import Any

TEMPLATE: dict[str, dict[str, Any]] = {
    "3": {
        "inputs": {
            "seed": 7,
            "steps": 3,
            "cfg": 5,
            "sampler_name": "uni_pc",
            "scheduler": "simple",
            "denoise": 1,
            "model": ["48", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["55", 0],
        },
        "class_type": "KSampler",
    },
    "6": {"inputs": {"text": "a red ball", "clip": ["38", 0]}, "class_type": "CLIPTextEncode"},
    "7": {"inputs": {"text": "dull", "clip": ["38", 0]}, "class_type": "CLIPTextEncode"},
    "8": {"inputs": {"samples": ["3", 0], "vae": ["39", 0]}, "class_type": "VAEDecode"},
    "37": {
        "inputs": {"unet_name": "wan2.2_ti2v_5B_fp16.safetensors", "weight_dtype": "default"},
        "class_type": "UNETLoader",
    },
    "38": {
        "inputs": {
            "clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors",
            "type": "wan",
            "device": "default",
        },
        "class_type": "CLIPLoader",
    },
    "39": {"inputs": {"vae_name": "wan2.2_vae.safetensors"}, "class_type": "VAELoader"},
    "48": {"inputs": {"shift": 8, "model": ["37", 0]}, "class_type": "ModelSamplingSD3"},
    "55": {
        "inputs": {"width": 128, "height": 96, "length": 9, "batch_size": 1, "vae": ["39", 0]},
        "class_type": "Wan22ImageToVideoLatent",
    },
    "57": {"inputs": {"fps": 24, "images": ["8", 0]}, "class_type": "CreateVideo"},
    "58": {
        "inputs": {
            "filename_prefix": "video/ComfyUI",
            "format": "auto",
            "codec": "auto",
            "video": ["57", 0],
        },
        "class_type": "SaveVideo",
    },
}


def template(text: str = "a red ball", **inputs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The template with `text` as its prompt; `n58={"format": "webm"}` changes inputs of node 58."""
    graph = copy.deepcopy(TEMPLATE)
    graph["6"]["inputs"]["text"] = text
    for node, values in inputs.items():
        graph[node.removeprefix("n")]["inputs"].update(values)
    return graph


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    """One node."""
    return {"class_type": kind, "inputs": inputs}
