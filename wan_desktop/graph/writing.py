"""From a request to a ComfyUI workflow in API format: the stock Wan2.2 5B template with the request's values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from wan_desktop.graph import names

if TYPE_CHECKING:
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.graph.checking import Graph

OUTPUT, SAMPLER = "58", "3"
"""The ids of the output node and the sampler in what `workflow` writes."""
_FILE = {"filename_prefix": "video/ComfyUI", "format": "auto", "codec": "auto"}
_SAMPLERS = {ours: theirs for theirs, ours in names.SAMPLERS.items()}


def workflow(request: RenderRequest, model: str = names.UNET) -> Graph:
    """The prompt that renders `request` again, here or with ComfyUI. `model` is the diffusion model's file name.

    A start image is named after its content (`image_name`): here it is found again, elsewhere upload it first.
    """
    graph: Graph = {
        "37": _node("UNETLoader", "Model", unet_name=model, weight_dtype="default"),
        "38": _node("CLIPLoader", "Text encoder", clip_name=names.TEXT, type="wan", device="default"),
        "39": _node("VAELoader", "VAE", vae_name=names.VAE),
        "48": _node("ModelSamplingSD3", "Shift", shift=request.flow_shift, model=["37", 0]),
        "6": _node("CLIPTextEncode", "Prompt", text=request.prompt, clip=["38", 0]),
        "7": _node("CLIPTextEncode", "Negative prompt", text=request.negative_prompt, clip=["38", 0]),
        "55": _latent(request),
        SAMPLER: _sampler(request),
        "8": _node("VAEDecode", "Frames", samples=[SAMPLER, 0], vae=["39", 0]),
        "57": _node("CreateVideo", "Video", fps=float(request.fps), images=["8", 0]),
        OUTPUT: _node("SaveVideo", "Save", **_FILE, video=["57", 0]),
    }
    graph |= _loras(request)
    graph["48"]["inputs"]["model"] = [next(reversed(_loras(request)), "37"), 0]
    if request.image:
        graph["56"] = _node("LoadImage", "Start image", image=image_name(request.image))
    return graph


def _loras(request: RenderRequest) -> Graph:
    """The LoRAs' nodes in a chain behind the model, by ids from 70 on; each file by its name alone."""
    found: Graph = {}
    for number, lora in enumerate(request.loras):
        before = f"{69 + number}" if number else "37"
        name = re.split(r"[\\/]", lora.path)[-1]
        found[f"{70 + number}"] = _node(
            "LoraLoaderModelOnly", "LoRA", lora_name=name, strength_model=lora.strength, model=[before, 0]
        )
    return found


def image_name(sha256: str) -> str:
    """What a stored start image is called in workflows."""
    return f"{sha256}.png"


def _latent(request: RenderRequest) -> dict[str, Any]:
    size = {"width": request.width, "height": request.height, "length": request.num_frames, "batch_size": 1}
    start = {"start_image": ["56", 0]} if request.image else {}
    return _node("Wan22ImageToVideoLatent", "Size and length", **size, vae=["39", 0], **start)


def _sampler(request: RenderRequest) -> dict[str, Any]:
    return _node(
        "KSampler",
        "Sampler",
        seed=request.seed,
        steps=request.num_inference_steps,
        cfg=request.guidance_scale,
        sampler_name=_SAMPLERS.get(request.sampler, names.FRESH_NOISE),
        scheduler="simple",
        denoise=1.0,
        model=["48", 0],
        positive=["6", 0],
        negative=["7", 0],
        latent_image=["55", 0],
    )


def _node(kind: str, title: str, **inputs: Any) -> dict[str, Any]:
    return {"inputs": inputs, "class_type": kind, "_meta": {"title": title}}
