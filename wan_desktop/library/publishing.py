"""From the file the render process wrote to a clip's file: recipe in, checked, durable."""

from __future__ import annotations

import base64
import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, EncodeFailed, LibraryProblem
from wan_desktop.domain.sentence import Sentence
from wan_desktop.media.clips import IMAGE_KEY, RECIPE_KEY, probe
from wan_desktop.media.files import disk_problem, sync_file
from wan_desktop.media.images import cover, load_rgb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path

    from wan_desktop.domain.request import RenderRequest

TITLE_CHARACTERS = 100
IMAGE_QUALITY = 95


def recipe_tags(recipe: dict[str, Any], request: RenderRequest, image: Path | None) -> dict[str, str]:
    """The container's tags: recipe (ASCII JSON), title, comment, and the start image as rendered."""
    tags = {
        RECIPE_KEY: json.dumps(recipe),
        "comment": request.prompt,
        "title": request.prompt[:TITLE_CHARACTERS],
    }
    if image is not None:
        tags[IMAGE_KEY] = _as_rendered(image, request.width, request.height)
    return {key: text for key, text in tags.items() if text}


def _as_rendered(image: Path, width: int, height: int) -> str:
    data = io.BytesIO()
    cover(load_rgb(image), width, height).save(data, "JPEG", quality=IMAGE_QUALITY, subsampling=0)
    return base64.b64encode(data.getvalue()).decode("ascii")


def remux(source: Path, target: Path, tags: dict[str, str]) -> None:
    """Copy the video, pixels untouched, into a fast-start MP4 with `tags`, and make it durable.

    Raises EncodeFailed when `source` is no whole video, DiskProblem when the disk refuses.
    """
    import av

    options = {"movflags": "+faststart+use_metadata_tags"}
    if not source.is_file():
        raise _failed("its file is gone")
    with _translated(target):
        with av.open(str(source)) as video, av.open(str(target), "w", format="mp4", options=options) as clip:
            stream = video.streams.video[0]
            copy = clip.add_stream_from_template(stream)
            clip.metadata.update(tags)
            packets = [p for p in video.demux(stream) if p.size]  # an empty one says that the stream is over
            if not packets:
                raise _failed(QT_TRANSLATE_NOOP("notes", "it holds no frames"))
            for packet in packets:
                packet.stream = copy
                clip.mux(packet)
        sync_file(target)


def verify(clip: Path, tags: dict[str, str], request: RenderRequest) -> None:
    """Raise EncodeFailed unless the file reads back as what was asked for: tags, frames, rate, size."""
    try:
        found = probe(clip)
    except LibraryProblem as error:
        why = QT_TRANSLATE_NOOP("notes", "the finished file cannot be read back")
        raise _failed(why) from error
    for key, text in tags.items():
        if found.tags.get(key) != text:
            raise _failed(Sentence(QT_TRANSLATE_NOOP("notes", "its {key} did not read back"), key=key))
    wanted = _facts(request.num_frames, request.fps, request.width, request.height)
    got = _facts(found.num_frames, found.fps, found.width, found.height)
    if wanted != got:
        raise _failed(
            Sentence(QT_TRANSLATE_NOOP("notes", "{found} instead of {wanted}"), found=got, wanted=wanted)
        )


def _facts(num_frames: int, fps: int | Fraction, width: int, height: int) -> Sentence:
    template = QT_TRANSLATE_NOOP("notes", "{num_frames} frames, {fps} a second, {width}×{height}")
    return Sentence(template, num_frames=num_frames, fps=str(fps), width=width, height=height)


def _failed(why: str) -> EncodeFailed:
    return EncodeFailed(
        QT_TRANSLATE_NOOP("errors", "The video was not written as it should be ({why}): render it again."),
        why=why,
    )


@contextmanager
def _translated(target: Path) -> Iterator[None]:
    from av.error import FFmpegError

    try:
        yield
    except FFmpegError as error:
        if isinstance(error, OSError) and error.errno:
            raise disk_problem(error, target.parent) from error
        raise _failed(str(error)) from error
    except OSError as error:
        raise disk_problem(error, target.parent) from error
    except (IndexError, ValueError) as error:
        raise _failed(str(error)) from error
