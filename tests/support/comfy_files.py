"""Files as ComfyUI writes them: with the prompt and the editor's layout inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

if TYPE_CHECKING:
    from pathlib import Path

LAYOUT = {"last_node_id": 1, "nodes": [{"id": 1, "type": "KSampler"}], "links": [], "version": 0.4}


def png(path: Path, graph: Any) -> Path:
    """As SaveImage: texts named "prompt" and "workflow"."""
    texts = PngInfo()
    texts.add_text("prompt", json.dumps(graph))
    texts.add_text("workflow", json.dumps(LAYOUT))
    Image.new("RGB", (64, 48), (40, 90, 160)).save(path, pnginfo=texts, compress_level=4)
    return path


def webp(path: Path, graph: Any) -> Path:
    """As SaveAnimatedWEBP: the prompt in the EXIF's Model, the layout in its Make; two frames."""
    frames = [Image.new("RGB", (64, 48), (shade, 90, 160)) for shade in (40, 200)]
    exif = frames[0].getexif()
    exif[0x0110] = f"prompt:{json.dumps(graph)}"
    exif[0x010F] = f"workflow:{json.dumps(LAYOUT)}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40, exif=exif)
    return path


def video(path: Path, graph: Any, key: str = "prompt") -> Path:
    """As SaveVideo (MP4) and SaveWEBM: tags of the container."""
    options = {"movflags": "use_metadata_tags"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as out:
        out.metadata[key] = json.dumps(graph)
        out.metadata["workflow"] = json.dumps(LAYOUT)
        codec = "libx264" if path.suffix == ".mp4" else "libvpx-vp9"
        stream = out.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def plain_json(path: Path, graph: Any) -> Path:
    """As "Export (API)"."""
    path.write_text(json.dumps(graph, indent=2))
    return path


WRITERS = {"a.png": png, "a.webp": webp, "a.mp4": video, "a.webm": video, "a.json": plain_json}
