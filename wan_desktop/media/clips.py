"""Reading clips: their recipe, their facts, single frames, small moving pictures. PyAV, imported when needed."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, LibraryProblem
from wan_desktop.domain.events import Frame
from wan_desktop.domain.request import RenderRequest
from wan_desktop.media.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from PIL import Image

RECIPE_KEY = "wan_desktop"
"""The MP4's metadata key that holds the recipe as JSON."""
IMAGE_KEY = "wan_desktop_image"
"""The metadata key that holds the start image as rendered: a JPEG in base64."""
MAX_RECIPE = 4_000_000
THUMBNAIL_WIDTH = 384
_BT709, _UNSPECIFIED = 1, 2


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What a video file is: `num_frames` packets, `fps` frames a second, `seconds`, tags of the container."""

    width: int
    height: int
    num_frames: int
    fps: Fraction
    seconds: float
    codec: str
    tags: dict[str, str]


def read_recipe(path: str | Path) -> dict[str, Any] | None:
    """The recipe in the file, or None when it is no clip of ours, no video, or not there."""
    try:
        with _opened(path) as (container, _):
            return parse_recipe(dict(container.metadata))
    except LibraryProblem:
        return None


def parse_recipe(tags: dict[str, str]) -> dict[str, Any] | None:
    """The recipe among a container's tags, or None when there is none that can be used."""
    text = tags.get(RECIPE_KEY, "")
    if not text or len(text) > MAX_RECIPE:
        return None
    try:
        recipe = json.loads(text)
        RenderRequest.from_json(recipe["request"])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    found: dict[str, Any] = recipe
    return found


def probe(path: str | Path) -> ClipInfo:
    """The facts of a video file, frames counted packet by packet. Raises LibraryProblem when it is none."""
    with _opened(path) as (container, stream):
        count = sum(1 for packet in container.demux(stream) if packet.size)
        fps = stream.average_rate or Fraction(0)
        return ClipInfo(
            width=stream.width,
            height=stream.height,
            num_frames=count,
            fps=fps,
            seconds=float(count / fps) if fps else 0.0,
            codec=stream.codec_context.name,
            tags=dict(container.metadata),
        )


def frame_at(path: str | Path, index: int) -> Image.Image:
    """Frame `index` (negative: from the end) in RGB. Raises LibraryProblem when there is no such frame."""
    if index < 0:
        index += probe(path).num_frames
    with _opened(path) as (container, stream):
        for number, frame in _frames_from(container, stream, index):
            if number == index:
                return _to_image(frame)
    raise _unreadable(path, None)


def frames(path: str | Path) -> Iterator[Image.Image]:
    """Every frame in RGB, decoded once, in order. Raises LibraryProblem when the file cannot be read."""
    for frame in stored_frames(path):
        yield _to_image(frame)


def stored_frames(path: str | Path) -> Iterator[VideoFrame]:
    """Every frame as it is stored, in order. Raises LibraryProblem when the file cannot be read."""
    with _opened(path) as (container, stream):
        yield from container.decode(stream)


def thumbnail(path: str | Path, target: Path, width: int = THUMBNAIL_WIDTH) -> None:
    """Write the middle frame as a JPEG of at most `width` pixels across. Raises LibraryProblem, DiskProblem."""
    import io

    picture = frame_at(path, probe(path).num_frames // 2)
    picture.thumbnail((width, width * 4))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=88)
    write_atomically(target, data.getvalue())


def hover_frames(path: str | Path, count: int, width: int = THUMBNAIL_WIDTH) -> list[Frame]:
    """`count` frames (fewer in a shorter clip), evenly spread, `width` pixels across. Raises LibraryProblem."""
    total = probe(path).num_frames
    count = min(count, total)
    wanted = {i * total // count for i in range(count)}
    found: list[Frame] = []
    with _opened(path) as (container, stream):
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                found.append(_small(_to_image(frame), width))
    return found


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    import av
    from av.error import FFmpegError

    try:
        # only MP4, only files: a playlist dressed up as a clip could make the decoder connect somewhere
        with av.open(
            os.path.abspath(path),
            format="mov",
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            if not container.streams.video:
                raise _unreadable(path, None)
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield container, stream
    except (FFmpegError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str | Path, error: BaseException | None) -> LibraryProblem:
    if isinstance(error, FileNotFoundError):
        return LibraryProblem(
            QT_TRANSLATE_NOOP("errors", "The file {path} is not there: bring it back, or delete the clip."),
            path=path,
        )
    return LibraryProblem(
        QT_TRANSLATE_NOOP("errors", "The video {name} cannot be read: it is damaged or no video."),
        name=Path(path).name,
    )


def _frames_from(
    container: InputContainer, stream: VideoStream, index: int
) -> Iterator[tuple[int, VideoFrame]]:
    """Decoded frames with their numbers, from the key frame before `index` on."""
    fps, base = stream.average_rate, stream.time_base
    start = stream.start_time or 0
    if fps and base and index:
        container.seek(start + int(index / fps / base), stream=stream)
    for number, frame in enumerate(container.decode(stream)):
        if fps and base and frame.pts is not None:
            number = round((frame.pts - start) * base * fps)
        yield number, frame


def _to_image(frame: VideoFrame) -> Image.Image:
    """The frame in RGB; untagged colours are read as BT.709 from 704 lines on, else as BT.601, as players do."""
    is_709 = frame.colorspace == _BT709 or (frame.colorspace == _UNSPECIFIED and frame.height >= 704)
    picture: Image.Image = frame.to_image(src_colorspace="ITU709" if is_709 else "ITU601")  # type: ignore[no-untyped-call]
    return picture


def _small(picture: Image.Image, width: int) -> Frame:
    height = max(1, round(picture.height * width / picture.width))
    picture = picture.resize((width, height))
    return Frame(width, height, picture.tobytes())
