"""What a finished clip offers for each output node, and what the names of those files mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from wan_desktop.graph.plain import plain_values

if TYPE_CHECKING:
    from wan_desktop.server.records import Record

_DERIVED = re.compile(r"(?P<stem>.+)\.(?P<node>[A-Za-z0-9]{1,16})\.(?P<kind>webm|webp)")
_FRAME = re.compile(r"(?P<stem>.+)_(?P<frame>\d{5})_\.png")
_KINDS = {"SaveWEBM": "webm", "SaveAnimatedWEBP": "webp"}


@dataclass(frozen=True, slots=True)
class ClipFile:
    """What is kept in memory of a clip: where it lies, who made it, how many frames it has."""

    id: str
    job_id: str
    path: str
    num_frames: int


@dataclass(frozen=True, slots=True)
class Derived:
    """A file made of a clip when it is asked for: one frame as PNG, or the clip in another format.

    `kind` is "png" (with `frame`, from 0), "webm" or "webp" (with the node's own `values`).
    """

    kind: str
    frame: int = 0
    values: dict[str, Any] | None = None


def outputs_of(record: Record, clip: ClipFile) -> dict[str, Any]:
    """The `outputs` of the job's history: for every output node its files, ComfyUI's way and under `videos`."""
    stem, video = PurePath(clip.path).stem, _item(PurePath(clip.path).name)
    names = _names(record)
    found: dict[str, Any] = {}
    for node in record.outputs:
        kind = record.graph[node]["class_type"]
        if kind in ("SaveImage", "PreviewImage"):
            frames = range(1, clip.num_frames + 1)
            found[node] = {"images": [_item(f"{stem}_{n:05}_.png") for n in frames]}
        elif kind in _KINDS:
            other = _item(f"{stem}.{names[node]}.{_KINDS[kind]}")
            found[node] = {"images": [other], "animated": [True], "videos": [video]}
        else:
            found[node] = {"images": [video], "animated": [True], "videos": [video]}
    return found


def stem_of(name: str) -> str:
    """The name of the clip that `name` is made of, without its ending."""
    match = _FRAME.fullmatch(name) or _DERIVED.fullmatch(name)
    return match["stem"] if match else ""


def derived(name: str, record: Record, clip: ClipFile) -> Derived | None:
    """What the file `name` is, or None when no output node of the record offers it."""
    nodes = {plain: node for node, plain in _names(record).items()}
    kinds = {plain: record.graph[node]["class_type"] for plain, node in nodes.items()}
    frame = _FRAME.fullmatch(name)
    if frame:
        offered = any(kind in ("SaveImage", "PreviewImage") for kind in kinds.values())
        number = int(frame["frame"]) - 1
        return Derived("png", number) if offered and 0 <= number < clip.num_frames else None
    other = _DERIVED.fullmatch(name)
    if other is None or _KINDS.get(kinds.get(other["node"], "")) != other["kind"]:
        return None
    return Derived(other["kind"], values=plain_values(record.graph, nodes[other["node"]]))


def _item(name: str) -> dict[str, str]:
    return {"filename": name, "subfolder": "", "type": "output"}


def _names(record: Record) -> dict[str, str]:
    """What each output node is called in file names: its id without odd characters, no two alike."""
    found: dict[str, str] = {}
    for node in record.outputs:
        plain = re.sub(r"[^A-Za-z0-9]", "", node)[:12] or "x"
        taken = set(found.values())
        found[node] = next(name for n in range(1000) if (name := f"{plain}x{n}" if n else plain) not in taken)
    return found
