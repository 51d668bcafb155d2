"""The texts that travel inside a file: a JSON file itself, a clip's tags, a picture's texts. Bounded, nothing is run.

What a file is, is seen by its first bytes, never by its name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, LibraryProblem
from wan_desktop.media import images

if TYPE_CHECKING:
    from av.container import InputContainer

MAX_JSON = 10_000_000
"""Bytes; a longer file is no workflow."""
MAX_TEXTS = 20_000_000
"""Characters of all texts of a file together."""
_HEAD = 16


def texts_in(path: str | Path) -> dict[str, str]:
    """The file's texts by their names; none when it holds none, or is nothing that could.

    Raises LibraryProblem when it cannot be read, BadImage for a damaged picture.
    """
    head = _head(path)
    if head.startswith(b"\x89PNG\r\n\x1a\n") or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        found = images.texts_in(path)
    elif head[4:8] == b"ftyp":
        found = _tags(path, "mov")
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        found = _tags(path, "matroska")
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = {"workflow": _json_text(path)}
    else:
        found = {}
    return found if sum(map(len, found.values())) <= MAX_TEXTS else {}


def is_picture(path: str | Path) -> bool:
    """True when the file begins as a PNG or WebP does, which may hold a workflow."""
    try:
        head = _head(path)
    except LibraryProblem:
        return False
    return head.startswith(b"\x89PNG") or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _head(path: str | Path) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for its other end
            raise _unreadable(path, "not a file")
        with open(path, "rb") as file:
            return file.read(_HEAD)
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error


def _json_text(path: str | Path) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_JSON + 1)
        return data.decode("utf-8-sig") if len(data) <= MAX_JSON else ""
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except UnicodeDecodeError:
        return ""


def _tags(path: str | Path, kind: str) -> dict[str, str]:
    import av
    from av.error import FFmpegError

    try:
        # this format only, files only: a playlist dressed up as a clip could make the decoder connect somewhere
        container: InputContainer
        with av.open(
            os.path.abspath(path),
            format=kind,
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            return {str(name): str(text) for name, text in container.metadata.items()}
    except (FFmpegError, OSError, ValueError) as error:
        raise LibraryProblem(
            QT_TRANSLATE_NOOP("errors", "The video {name} cannot be read: it is damaged or no video."),
            name=Path(path).name,
        ) from error


def _unreadable(path: str | Path, why: str) -> LibraryProblem:
    return LibraryProblem(
        QT_TRANSLATE_NOOP("errors", "“{name}” cannot be read ({why}): bring it back, or allow reading it."),
        name=Path(path).name,
        why=why,
    )
