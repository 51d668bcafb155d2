"""The ComfyUI nodes that are understood here, as data: inputs with their ranges, and outputs. `reading` gives them
meaning. An input is written as ComfyUI's `/object_info` shows it: a type name or a list of choices, then its options.
`Listed` stands for choices that depend on what is on this computer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wan_desktop.graph.names import FRESH_NOISE, SAMPLERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REROUTE = "Reroute"
"""The node whose single input may have any name and any type."""
BIG = 16384
"""The largest side and length that ComfyUI's nodes take; what the model takes is checked afterwards."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Choices looked up when asked for: "unets", "texts", "vaes", "checkpoints", "loras" or "images"."""

    name: str


@dataclass(frozen=True, slots=True)
class NodeType:
    """One kind of node: its inputs by name, the types of its outputs, and how a node editor shows it."""

    name: str
    title: str
    category: str
    required: dict[str, list[Any]]
    outputs: tuple[str, ...] = ()
    optional: dict[str, list[Any]] = field(default_factory=dict)
    is_output: bool = False
    says: str = ""

    @property
    def inputs(self) -> dict[str, list[Any]]:
        """Every input by name, required ones first."""
        return self.required | self.optional


def _int(default: int, low: int, high: int, **more: Any) -> list[Any]:
    return ["INT", {"default": default, "min": low, "max": high, **more}]


def _float(default: float, low: float, high: float, step: float = 0.01) -> list[Any]:
    return ["FLOAT", {"default": default, "min": low, "max": high, "step": step}]


def _text(default: str = "", **more: Any) -> list[Any]:
    return ["STRING", {"default": default, **more}]


_SEED = _int(0, 0, 2**64 - 1, control_after_generate=True)
_SAMPLER = [[*SAMPLERS, FRESH_NOISE], {"tooltip": "uni_pc_bh2 and dpmpp_2m run on the official schedule."}]
_SCHEDULER = [["simple"]]
_STEPS, _CFG = _int(20, 1, 10000), _float(8.0, 0.0, 100.0, 0.1)
_STRENGTH = _float(1.0, -100.0, 100.0)
_SIZE = {"width": _int(512, 1, BIG, step=1), "height": _int(512, 1, BIG, step=1)}
_PREFIX = (
    "A name's beginning. Files get names of the server's own; the prefix must stay inside the output folder."
)
_SAMPLED = {
    "positive": ["CONDITIONING", {}],
    "negative": ["CONDITIONING", {}],
    "latent_image": ["LATENT", {}],
}
_METHODS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]

_LOADERS = (
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
        says="A LoRA of the folder that `--loras` names, with `strength_model`; the text encoder stays as it is.",
    ),
    NodeType(
        "LoraLoaderModelOnly",
        "LoraLoaderModelOnly",
        "loaders",
        {"model": ["MODEL", {}], "lora_name": [Listed("loras")], "strength_model": _STRENGTH},
        ("MODEL",),
        says="As LoraLoader.",
    ),
    NodeType(
        "ModelSamplingSD3",
        "ModelSamplingSD3",
        "advanced/model",
        {"model": ["MODEL", {}], "shift": _float(3.0, 0.0, 100.0)},
        ("MODEL",),
        says="The schedule's flow shift; without this node it is 8.",
    ),
)

_SAMPLING = (
    NodeType(
        "CLIPTextEncode",
        "CLIP Text Encode (Prompt)",
        "conditioning",
        {"text": _text(multiline=True, dynamicPrompts=True), "clip": ["CLIP", {}]},
        ("CONDITIONING",),
    ),
    NodeType(
        "Wan22ImageToVideoLatent",
        "Wan22ImageToVideoLatent",
        "conditioning/inpaint",
        {
            "vae": ["VAE", {}],
            "width": _int(1280, 32, BIG, step=32),
            "height": _int(704, 32, BIG, step=32),
            "length": _int(49, 1, BIG, step=4),
            "batch_size": _int(1, 1, 4096),
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
            **_SAMPLED,
            "denoise": _float(1.0, 0.0, 1.0),
        },
        ("LATENT",),
        says="Draws the clip, from pure noise only: denoise is 1. Of a seed the lower 53 bits count.",
    ),
    NodeType(
        "KSamplerAdvanced",
        "KSampler (Advanced)",
        "sampling",
        {
            "model": ["MODEL", {}],
            "add_noise": [["enable", "disable"]],
            "noise_seed": _SEED,
            "steps": _STEPS,
            "cfg": _CFG,
            "sampler_name": _SAMPLER,
            "scheduler": _SCHEDULER,
            **_SAMPLED,
            "start_at_step": _int(0, 0, 10000),
            "end_at_step": _int(10000, 0, 10000),
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
            "samples": ["LATENT", {}],
            "vae": ["VAE", {}],
            "tile_size": _int(512, 64, 4096, step=32),
            "overlap": _int(64, 0, 4096, step=32),
            "temporal_size": _int(64, 8, 4096, step=4),
            "temporal_overlap": _int(8, 4, 4096, step=4),
        },
        ("IMAGE",),
        says="As VAEDecode: how memory is saved is the server's own affair.",
    ),
)

_PICTURES = (
    NodeType(
        "LoadImage",
        "Load Image",
        "image",
        {"image": [Listed("images"), {"image_upload": True}]},
        ("IMAGE", "MASK"),
        says="A picture sent to /upload/image before.",
    ),
    NodeType(
        "EmptyImage",
        "EmptyImage",
        "image",
        {**_SIZE, "batch_size": _int(1, 1, 4096), "color": _int(0, 0, 0xFFFFFF, step=1, display="color")},
        ("IMAGE",),
        says="A plain start image.",
    ),
    NodeType(
        "ImageScale",
        "Upscale Image",
        "image/upscaling",
        {
            "image": ["IMAGE", {}],
            "upscale_method": [_METHODS],
            "width": _int(512, 0, BIG, step=1),
            "height": _int(512, 0, BIG, step=1),
            "crop": [["disabled", "center"]],
        },
        ("IMAGE",),
        says="Scales a start image.",
    ),
)

_SAVERS = (
    NodeType(
        "CreateVideo",
        "Create Video",
        "image/video",
        {"images": ["IMAGE", {}], "fps": _float(30.0, 1.0, 120.0, 1.0)},
        ("VIDEO",),
        {"audio": ["AUDIO", {}]},
    ),
    NodeType(
        "SaveVideo",
        "Save Video",
        "image/video",
        {
            "video": ["VIDEO", {"tooltip": "The clip."}],
            "filename_prefix": _text("video/ComfyUI", multiline=False, tooltip=_PREFIX),
            "format": ["COMBO", {"default": "auto", "multiselect": False, "options": ["auto", "mp4"]}],
            "codec": ["COMBO", {"default": "auto", "multiselect": False, "options": ["auto", "h264"]}],
        },
        is_output=True,
        says="The clip, an H.264 MP4.",
    ),
    NodeType(
        "SaveWEBM",
        "SaveWEBM",
        "image/video",
        {
            "images": ["IMAGE", {}],
            "filename_prefix": _text("ComfyUI"),
            "codec": [["vp9", "av1"]],
            "fps": _float(24.0, 0.01, 1000.0),
            "crf": _float(32.0, 0.0, 63.0, 1.0),
        },
        is_output=True,
        says="The clip as WebM too, made when it is fetched.",
    ),
    NodeType(
        "SaveAnimatedWEBP",
        "SaveAnimatedWEBP",
        "image/animation",
        {
            "images": ["IMAGE", {}],
            "filename_prefix": _text("ComfyUI"),
            "fps": _float(6.0, 0.01, 1000.0),
            "lossless": ["BOOLEAN", {"default": True}],
            "quality": _int(80, 0, 100),
            "method": [["default", "fastest", "slowest"]],
        },
        is_output=True,
        says="The clip as animated WebP too, made when it is fetched.",
    ),
    NodeType(
        "SaveImage",
        "Save Image",
        "image",
        {"images": ["IMAGE", {}], "filename_prefix": _text("ComfyUI", tooltip=_PREFIX)},
        is_output=True,
        says="The clip's frames as PNGs too, each made when it is fetched.",
    ),
    NodeType(
        "PreviewImage",
        "Preview Image",
        "image",
        {"images": ["IMAGE", {}]},
        is_output=True,
        says="As SaveImage.",
    ),
)

_PLAIN = (
    NodeType("PrimitiveInt", "Int", "utils/primitive", {"value": _int(0, -(2**63), 2**63 - 1)}, ("INT",)),
    NodeType("PrimitiveFloat", "Float", "utils/primitive", {"value": _float(0.0, -1e300, 1e300)}, ("FLOAT",)),
    NodeType("PrimitiveString", "String", "utils/primitive", {"value": _text()}, ("STRING",)),
    NodeType(
        "PrimitiveStringMultiline",
        "String (Multiline)",
        "utils/primitive",
        {"value": _text(multiline=True)},
        ("STRING",),
    ),
    NodeType("PrimitiveBoolean", "Boolean", "utils/primitive", {"value": ["BOOLEAN", {}]}, ("BOOLEAN",)),
    NodeType(
        REROUTE, REROUTE, "utils", {"": ["*", {}]}, ("*",), says="Passes its one input on, whatever its name."
    ),
)

NODES: dict[str, NodeType] = {
    node.name: node for node in (*_LOADERS, *_SAMPLING, *_PICTURES, *_SAVERS, *_PLAIN)
}
"""Every node that is understood, by its class name."""


def choices(spec: list[Any], lists: Mapping[str, Sequence[str]]) -> list[Any] | None:
    """What an input may be chosen from; None when it is no choice."""
    kind = spec[0]
    if isinstance(kind, Listed):
        return list(lists.get(kind.name, ()))
    if isinstance(kind, list):
        return kind
    return list(spec[1]["options"]) if kind == "COMBO" else None


def shown(spec: list[Any], lists: Mapping[str, Sequence[str]]) -> list[Any]:
    """An input as `/object_info` and errors show it."""
    kind = spec[0]
    return [list(lists.get(kind.name, ())), *spec[1:]] if isinstance(kind, Listed) else spec


def object_info(node: NodeType, lists: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The node as `/object_info` describes it."""
    inputs = {
        kind: {name: shown(spec, lists) for name, spec in group.items()}
        for kind, group in (("required", node.required), ("optional", node.optional))
        if group or kind == "required"
    }
    return {
        "input": inputs,
        "input_order": {kind: list(group) for kind, group in inputs.items()},
        "output": list(node.outputs),
        "output_is_list": [False] * len(node.outputs),
        "output_name": list(node.outputs),
        "output_tooltips": [None] * len(node.outputs),
        "name": node.name,
        "display_name": node.title,
        "description": node.says,
        "python_module": "wan_desktop",
        "category": node.category,
        "output_node": node.is_output,
        "deprecated": False,
        "experimental": False,
        "api_node": False,
    }
