"""What the window says of servers: what one is, what it lacks, and the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from wan_desktop.domain.places import ANY, server_of
from wan_desktop.ui import texts

if TYPE_CHECKING:
    from wan_desktop.domain.servers import ServerReport

translate = QCoreApplication.translate


def place(model: str) -> str:
    """Who renders a request with that model: "on studio", "by whoever is free", "" for this computer."""
    name = server_of(model)
    if name == ANY:
        return translate("servers", "by whoever is free")
    return translate("servers", "on {name}").format(name=name) if name else ""


def rendered_on(recipe: dict[str, Any], wanted: str) -> str:
    """Where a clip was rendered, by its recipe and its request's model: "studio (https://studio.example)"."""
    remote = _remote(recipe)
    if not server_of(wanted) or not remote:
        return translate("servers", "this computer") if server_of(wanted) else ""
    return f"{remote.get('server', '')} ({remote.get('address', '')})"


def model(recipe: dict[str, Any], wanted: str) -> str:
    """The model that made a clip: a server's own name for it, else the request's `wanted`."""
    return str(_remote(recipe).get("model") or wanted)


def _remote(recipe: dict[str, Any]) -> dict[str, Any]:
    remote = (recipe.get("made_by") or {}).get("remote")
    return remote if isinstance(remote, dict) else {}


def ready(report: ServerReport) -> str:
    """A server that can render, in one line: "ComfyUI 0.3.75 · NVIDIA RTX 4090"."""
    return " · ".join(part for part in (report.what, device(report.device)) if part)


def problem(report: ServerReport) -> str:
    """Why a server cannot render, with the way out: two sentences."""
    if report.problem is None:
        return ""
    told, way = texts.sentence(report.problem), texts.action(report.problem)
    return translate("servers", "{sentence} {way}.").format(sentence=told, way=way) if way else told


def device(name: str) -> str:
    """The device's own name, out of what PyTorch calls it: "cuda:0 NVIDIA RTX 4090 : cudaMallocAsync"."""
    plain = re.sub(r"^(cuda|xpu|mps|privateuseone)(:\d+)?\s+|\s*:\s*(cudaMallocAsync|native)\s*$", "", name)
    return plain.strip()
