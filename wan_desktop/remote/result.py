"""What came down, looked at frame by frame, and made into the MP4 that the library takes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, EncodeFailed
from wan_desktop.domain.sentence import Sentence
from wan_desktop.media.files import disk_errors, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from fractions import Fraction
    from pathlib import Path

    import numpy as np

    from wan_desktop.domain.request import RenderRequest


class Writer(Protocol):
    """Writes frames as an H.264 MP4."""

    def write(self, frames: np.ndarray) -> None:
        """Add frames, uint8 [n, height, width, 3]."""


def take_in(
    download: Path,
    part: Path,
    request: RenderRequest,
    name: str,
    writer: Callable[[Path, int, int, int], AbstractContextManager[Writer]],
) -> str:
    """Make `part` of `download`: as it is when it fits, else encoded anew; the codec it came in.

    Every frame is decoded first. Raises EncodeFailed when it is no whole clip of the request's size and length,
    DiskProblem.
    """
    codec, fits = _looked_at(download, request, name)
    if fits:
        with disk_errors(part.parent):
            _move(download, part)
        return codec
    with (
        _translated(name),
        _opened(download) as (_, frames),
        writer(part, request.width, request.height, request.fps) as out,
    ):
        for frame in frames:
            out.write(frame.to_ndarray(format="rgb24")[None])
    return codec


def _looked_at(download: Path, request: RenderRequest, name: str) -> tuple[str, bool]:
    """The clip's codec, and whether it can be taken as it is."""
    with _translated(name), _opened(download) as (container, frames):
        stream, count = container.streams.video[0], 0
        for frame in frames:
            count += 1
            if (frame.width, frame.height) != (request.width, request.height) or count > request.num_frames:
                break
        found = _facts(count, frame.width if count else 0, frame.height if count else 0)
        wanted = _facts(request.num_frames, request.width, request.height)
        if found != wanted:
            raise EncodeFailed(
                QT_TRANSLATE_NOOP(
                    "errors",
                    "The server “{name}” sent another clip than it was asked for: {found} instead of {wanted}.",
                ),
                name=name,
                found=found,
                wanted=wanted,
            )
        codec = str(stream.codec_context.name)
        rate: Fraction | None = stream.average_rate
        mp4 = "mp4" in container.format.name
        plain = mp4 and codec == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        return codec, plain and rate == request.fps


def _facts(num_frames: int, width: int, height: int) -> Sentence:
    template = QT_TRANSLATE_NOOP("notes", "{num_frames} frames, {width}×{height}")
    return Sentence(template, num_frames=num_frames, width=width, height=height)


def _move(source: Path, target: Path) -> None:
    import shutil

    try:
        replace_file(source, target)
    except OSError:  # the library may be on another disk
        shutil.copyfile(source, target)
        source.unlink()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Iterator[Any]]]:
    import av

    # only files: a playlist dressed up as a clip could make the decoder connect somewhere
    with av.open(str(path), options={"protocol_whitelist": "file"}, metadata_errors="replace") as container:
        container.streams.video[0].thread_type = "AUTO"
        yield container, container.decode(video=0)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    from av.error import FFmpegError

    try:
        yield
    except (FFmpegError, IndexError, ValueError) as error:
        raise EncodeFailed(
            QT_TRANSLATE_NOOP("errors", "What the server “{name}” sent is no whole video: render it again."),
            name=name,
        ) from error
