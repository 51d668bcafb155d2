"""The nodes for start images, for what is saved, and for plain values."""

from __future__ import annotations

from typing import Any

from wan_desktop.graph.node_types import BIG, REROUTE, Listed, NodeType, real, text, whole

_SIZE = {"width": whole(512, 1, BIG, step=1), "height": whole(512, 1, BIG, step=1)}
_PREFIX = (
    "A name's beginning. Files get names of the server's own; the prefix must stay inside the output folder."
)
_METHODS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
_HIDDEN = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
_HIDDEN_V3 = {"prompt": ["PROMPT"], "extra_pnginfo": ["EXTRA_PNGINFO"]}
_MOST = 2**63 - 1


def _any_number(kind: str, *, control: bool = False) -> list[Any]:
    more = {"control_after_generate": True} if control else {}
    return [kind, {"min": -_MOST, "max": _MOST, **more}]


PICTURES = (
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
        {**_SIZE, "batch_size": whole(1, 1, 4096), "color": whole(0, 0, 0xFFFFFF, step=1, display="color")},
        ("IMAGE",),
        says="A plain start image.",
    ),
    NodeType(
        "ImageScale",
        "Upscale Image",
        "image/upscaling",
        {
            "image": ["IMAGE"],
            "upscale_method": [_METHODS],
            "width": whole(512, 0, BIG, step=1),
            "height": whole(512, 0, BIG, step=1),
            "crop": [["disabled", "center"]],
        },
        ("IMAGE",),
        says="Scales a start image.",
    ),
)

SAVERS = (
    NodeType(
        "CreateVideo",
        "Create Video",
        "image/video",
        {"images": ["IMAGE", {}], "fps": real(30.0, 1.0, 120.0, 1.0)},
        ("VIDEO",),
        {"audio": ["AUDIO", {}]},
    ),
    NodeType(
        "SaveVideo",
        "Save Video",
        "image/video",
        {
            "video": ["VIDEO", {"tooltip": "The clip."}],
            "filename_prefix": text("video/ComfyUI", multiline=False, tooltip=_PREFIX),
            "format": ["COMBO", {"default": "auto", "multiselect": False, "options": ["auto", "mp4"]}],
            "codec": ["COMBO", {"default": "auto", "multiselect": False, "options": ["auto", "h264"]}],
        },
        hidden=_HIDDEN_V3,
        is_output=True,
        says="The clip, an H.264 MP4.",
    ),
    NodeType(
        "SaveWEBM",
        None,
        "image/video",
        {
            "images": ["IMAGE", {}],
            "filename_prefix": text("ComfyUI", multiline=False),
            "codec": ["COMBO", {"multiselect": False, "options": ["vp9", "av1"]}],
            "fps": real(24.0, 0.01, 1000.0),
            "crf": real(32.0, 0, 63.0, 1),
        },
        hidden=_HIDDEN_V3,
        is_output=True,
        experimental=True,
        says="The clip as WebM too, made when it is fetched. AV1 has at most 240 frames a second.",
    ),
    NodeType(
        "SaveAnimatedWEBP",
        "SaveAnimatedWEBP",
        "image/animation",
        {
            "images": ["IMAGE"],
            "filename_prefix": text("ComfyUI"),
            "fps": real(6.0, 0.01, 1000.0),
            "lossless": ["BOOLEAN", {"default": True}],
            "quality": whole(80, 0, 100),
            "method": [["default", "fastest", "slowest"]],
        },
        hidden=_HIDDEN,
        is_output=True,
        says="The clip as animated WebP too, made when it is fetched.",
    ),
    NodeType(
        "SaveImage",
        "Save Image",
        "image",
        {"images": ["IMAGE", {}], "filename_prefix": text("ComfyUI", tooltip=_PREFIX)},
        hidden=_HIDDEN,
        is_output=True,
        says="The clip's frames as PNGs too, each made when it is fetched.",
    ),
    NodeType(
        "PreviewImage",
        "Preview Image",
        "image",
        {"images": ["IMAGE"]},
        hidden=_HIDDEN,
        is_output=True,
        says="As SaveImage.",
    ),
)

PLAIN = (
    NodeType("PrimitiveInt", "Int", "utils/primitive", {"value": _any_number("INT", control=True)}, ("INT",)),
    NodeType("PrimitiveFloat", "Float", "utils/primitive", {"value": _any_number("FLOAT")}, ("FLOAT",)),
    NodeType(
        "PrimitiveString",
        "String",
        "utils/primitive",
        {"value": ["STRING", {"multiline": False}]},
        ("STRING",),
    ),
    NodeType(
        "PrimitiveStringMultiline",
        "String (Multiline)",
        "utils/primitive",
        {"value": ["STRING", {"multiline": True}]},
        ("STRING",),
    ),
    NodeType("PrimitiveBoolean", "Boolean", "utils/primitive", {"value": ["BOOLEAN", {}]}, ("BOOLEAN",)),
    NodeType(
        REROUTE, REROUTE, "utils", {"": ["*", {}]}, ("*",), says="Passes its one input on, whatever its name."
    ),
)
