"""Small real videos, written as the render process writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BACKGROUND = (40, 60, 200)


def make_video(
    path: Path,
    *,
    num_frames: int = 9,
    width: int = 64,
    height: int = 64,
    fps: int = 16,
    keyframe_every: int = 250,
    tagged: bool = True,
) -> Path:
    """H.264, BACKGROUND with a white column that moves two pixels a frame to the right.

    Tagged as BT.709; if not `tagged`, in the colours that players assume: BT.709 from 704 lines on, else BT.601.
    """
    import av
    import numpy as np

    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "12", "g": str(keyframe_every)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        if tagged:
            context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
        matrix = "ITU709" if tagged or height >= 704 else "ITU601"
        for number in range(num_frames):
            pixels = np.empty((height, width, 3), np.uint8)
            pixels[:] = BACKGROUND
            pixels[:, column(number, width) : column(number, width) + 8] = 255
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            yuv = frame.reformat(format="yuv420p", dst_colorspace=matrix, dst_color_range="MPEG")
            container.mux(stream.encode(yuv))
        container.mux(stream.encode())
    return path


def column(number: int, width: int = 64) -> int:
    """Where the white column of frame `number` begins."""
    return number * 2 % (width - 8)
