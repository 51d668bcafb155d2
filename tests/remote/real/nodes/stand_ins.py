"""Nodes for a ComfyUI without weights: they have the names of the real ones, and draw noise, slowly.

It runs inside ComfyUI, never in this program. STEP is how many seconds a step takes.
"""

import os
import time

import comfy.model_management
import comfy.utils
import nodes
import torch
from PIL import Image


def node(name, outputs, go, inputs=None):
    old = nodes.NODE_CLASS_MAPPINGS.get(name)
    told = inputs or old.INPUT_TYPES()
    members = {"RETURN_TYPES": outputs, "FUNCTION": "go", "CATEGORY": "test", "go": go}
    nodes.NODE_CLASS_MAPPINGS[name] = type(name, (), {"INPUT_TYPES": classmethod(lambda _: told), **members})


def sample(_, steps, latent_image, **rest):
    bar = comfy.utils.ProgressBar(steps)
    for step in range(steps):
        comfy.model_management.throw_exception_if_processing_interrupted()
        time.sleep(float(os.environ.get("STEP", "0.1")))
        bar.update_absolute(step + 1, steps, ("JPEG", Image.new("RGB", (64, 48), (0, 200, 0)), 512))
    return (latent_image,)


def decode(_, samples, vae):
    if samples["start"] is not None:
        assert samples["start"] == (1, samples["height"], samples["width"], 3)
    return (torch.rand(samples["length"], samples["height"], samples["width"], 3),)


SHIFT = {"required": {"model": ("MODEL",), "shift": ("FLOAT", {"default": 3.0})}}
LATENT = {
    "required": {
        "vae": ("VAE",),
        **{key: ("INT", {"default": 1}) for key in ("width", "height", "length", "batch_size")},
    },
    "optional": {"start_image": ("IMAGE",)},
}


def latent(_, width, height, length, start_image=None, **rest):
    start = None if start_image is None else tuple(start_image.shape)
    return ({"width": width, "height": height, "length": length, "start": start},)


node("UNETLoader", ("MODEL",), lambda _, **rest: ("model",))
node("CLIPLoader", ("CLIP",), lambda _, **rest: ("clip",))
node("VAELoader", ("VAE",), lambda _, **rest: ("vae",))
node("CLIPTextEncode", ("CONDITIONING",), lambda _, **rest: ("text",))
node("KSampler", ("LATENT",), sample)
node("VAEDecode", ("IMAGE",), decode)
node("ModelSamplingSD3", ("MODEL",), lambda _, **rest: ("model",), SHIFT)
node("Wan22ImageToVideoLatent", ("LATENT",), latent, LATENT)
NODE_CLASS_MAPPINGS = {
    name: nodes.NODE_CLASS_MAPPINGS[name] for name in ("ModelSamplingSD3", "Wan22ImageToVideoLatent")
}
