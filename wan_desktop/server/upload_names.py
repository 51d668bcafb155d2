"""Names of uploaded pictures and of their folders: which are safe, and how an unsafe one is made safe."""

from __future__ import annotations

import re
from pathlib import Path

KINDS = ("input", "temp", "output")
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_ANNOTATED = re.compile(r"(?P<name>.*?) ?\[(?P<kind>input|output|temp)\]", re.DOTALL)
_UNSAFE = re.compile(r"[^\w .()+@=-]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_MOST_NAME, _MOST_DEPTH = 120, 8
_MOST_STEM_BYTES, _MOST_NAME_BYTES = 160, 255
"""What a name given here may take before its ending, and what file systems take."""


class UnsafeName(ValueError):
    """A name or subfolder that leads elsewhere."""


def annotated(name: str, kind: str) -> tuple[str, str]:
    """A name and its folder: ComfyUI writes "a.png [temp]" for a picture that is not in the usual one."""
    match = _ANNOTATED.fullmatch(name)
    return (match["name"], match["kind"]) if match else (name, kind)


def pieces_of(path: str, *, made: bool = False) -> list[str]:
    """The pieces of a path below a folder. Raises UnsafeName. With `made` each must be a name that we would give."""
    if path.startswith(("/", "\\")) or "\\" in path or "\x00" in path:
        raise UnsafeName(path)
    pieces = [piece for piece in path.split("/") if piece not in ("", ".")]
    if len(pieces) > _MOST_DEPTH or any(piece == ".." or ":" in piece for piece in pieces):
        raise UnsafeName(path)
    if made and any(_clean(piece) != piece for piece in pieces):
        raise UnsafeName(path)
    return pieces


def too_long(piece: str) -> bool:
    """True when no file system has such a name."""
    return len(piece.encode("utf-8", "replace")) > _MOST_NAME_BYTES


def safe_name(name: str) -> tuple[str, str]:
    """A file name that is safe on every system, in two parts; its ending is one that is written here."""
    if "/" in name or "\\" in name or ".." in name or "\x00" in name:
        raise UnsafeName(name)
    path = Path(_clean(name) or "picture")
    suffix = path.suffix.lower()
    return (path.stem, suffix) if suffix in FORMATS else (path.name, ".png")


def _clean(name: str) -> str:
    name = _UNSAFE.sub("_", name).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    name = (
        f"{_cut(stem, _MOST_NAME - len(suffix))}.{suffix}"
        if dot and len(suffix) < 10
        else _cut(name, _MOST_NAME)
    )
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def _cut(text: str, most: int) -> str:
    """The text's beginning, at most `most` characters and as many bytes as fit beside an ending."""
    return text[:most].encode("utf-8", "ignore")[:_MOST_STEM_BYTES].decode("utf-8", "ignore")
