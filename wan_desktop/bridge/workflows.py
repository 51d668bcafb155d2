"""ComfyUI workflows and the form: a dropped file becomes a draft, a request becomes a workflow to paste."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadImage, InvalidRequest
from wan_desktop.graph import names, reading, writing
from wan_desktop.graph.embedded import find_workflow, holds_layout
from wan_desktop.graph.nodes import NODES
from wan_desktop.graph.problems import PromptRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wan_desktop.domain.request import Draft, RenderRequest
    from wan_desktop.graph.checking import Graph
    from wan_desktop.graph.found import StartImage
    from wan_desktop.jobs.host import Host

_STORED = re.compile(r"([0-9a-f]{64})\.png")
_PLAIN_SIDE = 64
"""Pixels; a plain colour needs no more."""


@dataclass(frozen=True, slots=True)
class FoundWorkflow:
    """What a file's workflow asks for. `missing_image` names a start image that is not on this computer, or ""."""

    draft: Draft
    missing_image: str = ""


@dataclass(frozen=True, slots=True)
class _Here:
    """What a dropped workflow may name: any picture, which is looked for later, and every model, the demo too."""

    names: names.ModelNames

    def images(self) -> Sequence[str]:
        return ()

    def has_image(self, name: str) -> bool:
        return bool(name)


def workflow_text(request: RenderRequest) -> str:
    """The workflow that renders `request` again, here or with ComfyUI, as JSON in API format."""
    return json.dumps(writing.workflow(request, _model_name(request.model)), ensure_ascii=False, indent=2)


def read_workflow(
    host: Host, path: str, texts: Mapping[str, str], lora_folder: str = ""
) -> FoundWorkflow | None:
    """What the workflow among a file's texts asks for, or None when there is none. Reads and writes pictures.

    It may name the LoRAs in `lora_folder` ("": none) and those of jobs that are there.
    Raises InvalidRequest with a sentence that names the node when it cannot be rendered here, BadImage, DiskProblem.
    """
    graph, name = find_workflow(texts), Path(path).name
    if graph is None:
        if holds_layout(texts):
            raise _only_layout(name)
        return None
    _check_nodes(graph, name)
    try:
        found = reading.read(graph, _Here(_names(host, lora_folder)))
    except PromptRefused as refusal:
        raise _refused(refusal, graph, name) from refusal
    draft = replace(found.draft, model=None)  # the form's own model draws it
    return FoundWorkflow(draft) if found.start is None else _with_start(host, path, draft, found.start)


def _names(host: Host, lora_folder: str) -> names.ModelNames:
    folder = Path(lora_folder)
    used = [lora.path for job in host.jobs().result() for lora in job.request.loras]
    listed = sorted(map(str, folder.rglob("*.safetensors"))) if lora_folder else []
    loras = {
        name: path for path in (*used, *listed) for name in _lora_names(path, folder) if os.path.isfile(path)
    }
    return names.ModelNames(host.models.all(), demo=True, loras=loras)


def _lora_names(path: str, folder: Path) -> Iterator[str]:
    """The file's own name, and in the folder the way to it, as ComfyUI writes it on either system."""
    yield re.split(r"[\\/]", path)[-1]
    with contextlib.suppress(ValueError):
        inside = Path(path).relative_to(folder)
        yield from (inside.as_posix(), "\\".join(inside.parts))


def _with_start(host: Host, path: str, draft: Draft, start: StartImage) -> FoundWorkflow:
    file = _picture_file(host, path, start.name) if start.name else None
    if start.name and file is None:
        return FoundWorkflow(draft, PurePath(start.name).name)
    if file is not None and not start.scales:
        if file.name == _stored(start.name):
            return FoundWorkflow(replace(draft, stored_image=file.name))
        return FoundWorkflow(replace(draft, image=str(file)))
    return FoundWorkflow(replace(draft, stored_image=_made(host, file, start)))


def _picture_file(host: Host, path: str, name: str) -> Path | None:
    """A stored start image under the name that workflows give it, or a picture beside the dropped file."""
    stored = _stored(name)
    if stored:
        try:
            return host.images.path(stored)
        except BadImage:
            pass
    plain = re.split(r"[\\/]", name)[-1]
    beside = Path(path).parent / plain
    return beside if plain not in ("", ".", "..") and beside.is_file() else None


def _made(host: Host, file: Path | None, start: StartImage) -> str:
    """The start image as the workflow scales it or colours it, in the image store; its sha256."""
    from PIL import Image

    from wan_desktop.media.images import load_rgb
    from wan_desktop.media.scaling import scaled

    if file is not None:
        picture = load_rgb(file)
        for scale in start.scales:
            picture = scaled(picture, scale.width, scale.height, scale.method, crop=scale.crop)
    else:
        red, green, blue = (start.color >> shift & 255 for shift in (16, 8, 0))
        width, height = (min(_PLAIN_SIDE, side) for side in start.size)
        picture = Image.new("RGB", (width, height), (red, green, blue))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "start.png"
        picture.save(target, "PNG")
        return host.images.add(str(target))[0]


def _stored(name: str) -> str:
    match = _STORED.fullmatch(name)
    return match[1] if match else ""


def _model_name(model: str) -> str:
    """The file's own name for a single file, the demo's for the demo, else the name of ComfyUI's template."""
    plain = re.split(r"[\\/]", model)[-1]
    if model == names.DEMO or plain.lower().endswith(".safetensors"):
        return plain
    return names.UNET


# ---- refusals


def _only_layout(name: str) -> InvalidRequest:
    return InvalidRequest(
        QT_TRANSLATE_NOOP(
            "errors",
            "“{name}” is a workflow as ComfyUI's editor keeps it: export it there as “API”, then drop that file.",
        ),
        name=name,
    )


def _check_nodes(graph: Graph, name: str) -> None:
    for ident, node in graph.items():
        if node["class_type"] not in NODES:
            raise InvalidRequest(
                QT_TRANSLATE_NOOP(
                    "errors",
                    "“{name}” needs the node “{kind}” (number {ident}), which cannot be done here: take it out, or "
                    "render it with ComfyUI.",
                ),
                name=name,
                kind=_short(node["class_type"]),
                ident=_short(ident),
            )


def _refused(refusal: PromptRefused, graph: Graph, name: str) -> InvalidRequest:
    for ident, told in refusal.node_errors.items():
        for problem in told["errors"]:
            return InvalidRequest(
                QT_TRANSLATE_NOOP(
                    "errors",
                    "“{name}” cannot be rendered here because of its node “{kind}” (number {ident}): {why}",
                ),
                name=name,
                kind=_short(graph[ident]["class_type"]),
                ident=_short(ident),
                why=_why(problem),
            )
    return InvalidRequest(
        QT_TRANSLATE_NOOP("errors", "“{name}” cannot be rendered here: {why}"),
        name=name,
        why=_why(refusal.error),
    )


def _why(problem: dict[str, Any]) -> str:
    own = (
        problem["type"] == "custom_validation_failed"
    )  # its details are a whole sentence behind the input's name
    parts = [problem["details"]] if own else [problem["message"], problem["details"]]
    return _short(": ".join(part for part in parts if part), 300)


def _short(text: object, most: int = 60) -> str:
    plain = " ".join(str(text).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
