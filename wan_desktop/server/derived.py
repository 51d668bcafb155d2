"""Other formats of a clip, made when they are asked for: single frames as PNG, WebM, animated WebP."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from wan_desktop.media.clips import frame_at, frames, stored_frames
from wan_desktop.media.files import disk_errors, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from av.video.stream import VideoStream

    from wan_desktop.server.outputs import Derived

MOST_BYTES = 2_000_000_000
"""What the folder of derived files may take before the oldest go."""
_CODECS = {"vp9": "libvpx-vp9", "av1": "libsvtav1"}
_WEBP_EFFORT = {"fastest": 0, "default": 4, "slowest": 6}


def make(clip: Path, wanted: Derived, folder: Path, name: str) -> Path:
    """The file `name` in `folder`, made of the clip unless it is there already; blocks for as long as that takes.

    Raises LibraryProblem when the clip cannot be read, DiskProblem.
    """
    target = folder / name
    with disk_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.is_file():
            return target
        _make_room(folder)
    if wanted.kind == "png":
        data = io.BytesIO()
        frame_at(clip, wanted.frame).save(data, "PNG", compress_level=4)
    elif wanted.kind == "webp":
        data = _webp(clip, wanted.values or {})
    else:
        data = _webm(clip, wanted.values or {})
    write_atomically(target, data.getvalue())
    return target


def _make_room(folder: Path) -> None:
    files = sorted((p for p in folder.iterdir() if p.is_file()), key=lambda p: p.stat().st_mtime)
    used = sum(p.stat().st_size for p in files)
    for file in files:
        if used <= MOST_BYTES:
            break
        used -= file.stat().st_size
        file.unlink(missing_ok=True)


def _number(values: dict[str, Any], name: str, default: float) -> float:
    return float(values.get(name, default))


def _webm(clip: Path, values: dict[str, Any]) -> io.BytesIO:
    import av

    data = io.BytesIO()
    codec = _CODECS.get(str(values.get("codec")), "libvpx-vp9")
    fps = Fraction(_number(values, "fps", 24.0)).limit_denominator(1001)
    speed = {"preset": "10"} if codec == "libsvtav1" else {"deadline": "realtime", "cpu-used": "6"}
    options = {"crf": str(round(_number(values, "crf", 32.0))), **speed}
    with av.open(data, "w", format="webm") as target:
        stream = cast("VideoStream", target.add_stream(codec, rate=fps, options=options))
        stream.pix_fmt, stream.bit_rate = "yuv420p", 0
        for number, frame in enumerate(stored_frames(clip)):
            if not number:
                stream.width, stream.height = frame.width, frame.height
                stream.codec_context.colorspace = (
                    frame.colorspace
                )  # pixels and their meaning stay as they are
            frame.pts, frame.time_base = number, 1 / fps
            target.mux(stream.encode(frame.reformat(format="yuv420p")))
        target.mux(stream.encode())
    return data


def _webp(clip: Path, values: dict[str, Any]) -> io.BytesIO:
    data = io.BytesIO()
    first, *rest = frames(clip)
    first.save(
        data,
        "WEBP",
        save_all=True,
        append_images=rest,
        duration=round(1000 / _number(values, "fps", 6.0)),
        lossless=bool(values.get("lossless", True)),
        quality=round(_number(values, "quality", 80)),
        method=_WEBP_EFFORT.get(str(values.get("method")), 4),
        loop=0,
    )
    return data
