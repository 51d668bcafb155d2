"""A frame of the system's player as a QImage in the colours that the file says.

QVideoFrame.toImage() converts on the CPU with BT.601 whatever the frame's tags are (measured with Qt 6.11 without a
GPU: (40, 60, 200) becomes (42, 53, 193)), so the usual formats are converted here, as every other picture is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

HD_LINES = 704
"""Untagged video of at least so many lines is BT.709, as players take it."""


def to_image(frame: QVideoFrame) -> QImage:
    """The picture; a null one when the frame cannot be read."""
    from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

    kinds = {
        QVideoFrameFormat.PixelFormat.Format_YUV420P: ("yuv420p", (1, 2, 2)),
        QVideoFrameFormat.PixelFormat.Format_NV12: ("nv12", (1, 1)),
    }
    kind = kinds.get(frame.pixelFormat())
    if kind is None or not frame.map(QVideoFrame.MapMode.ReadOnly):
        return frame.toImage()
    try:
        return _convert(frame, *kind)
    finally:
        frame.unmap()


def _convert(frame: QVideoFrame, name: str, divisors: tuple[int, ...]) -> QImage:
    """`divisors`: by how much each plane's rows have fewer bytes than the picture has pixels."""
    import av
    import numpy as np

    width, height = frame.width(), frame.height()
    picture = av.VideoFrame(width, height, name)
    for plane, divisor in enumerate(divisors):
        target = picture.planes[plane]
        rows, length = target.height, -(-width // divisor)
        source = np.frombuffer(frame.bits(plane), np.uint8).reshape(-1, frame.bytesPerLine(plane))
        into = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)
        into[:rows, :length] = source[:rows, :length]
    matrix, span = _colours(frame.surfaceFormat())
    pixels = picture.reformat(
        format="bgra",
        src_colorspace=matrix,
        dst_colorspace="ITU601",
        src_color_range=span,
        dst_color_range="JPEG",
    ).planes[0]
    return QImage(bytes(pixels), width, height, pixels.line_size, QImage.Format.Format_RGB32).copy()


def _colours(form: QVideoFrameFormat) -> tuple[str, str]:
    """Matrix and range of the frame in PyAV's words."""
    spaces, ranges = type(form).ColorSpace, type(form).ColorRange
    space = form.colorSpace()
    is_709 = space == spaces.ColorSpace_BT709 or (
        space == spaces.ColorSpace_Undefined and form.frameHeight() >= HD_LINES
    )
    full = form.colorRange() == ranges.ColorRange_Full
    return "ITU709" if is_709 else "ITU601", "JPEG" if full else "MPEG"
