"""What this server is and has: /system_stats, /features, /object_info, /models, /embeddings, /free and /."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from wan_desktop import __version__
from wan_desktop.graph.found import lists
from wan_desktop.graph.node_types import object_info
from wan_desktop.graph.nodes import NODES
from wan_desktop.server.replies import empty, ok, read_object

if TYPE_CHECKING:
    from aiohttp import web

    from wan_desktop.server.desk import Desk
    from wan_desktop.server.settings import Limits

PROTOCOL = "0.3.75"
"""The ComfyUI version whose replies these are."""
_FOLDERS = {
    "checkpoints": "checkpoints",
    "diffusion_models": "unets",
    "unet": "unets",
    "text_encoders": "texts",
    "clip": "texts",
    "vae": "vaes",
    "loras": "loras",
}
_EMPTY_FOLDERS = ("configs", "clip_vision", "style_models", "embeddings", "controlnet", "upscale_models")


def features(limits: Limits) -> dict[str, Any]:
    """The body of GET /features, and the answer to a client's flags."""
    return {"supports_preview_metadata": True, "max_upload_size": limits.upload_bytes}


class InfoRoutes:
    """Tells about the server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def front_page(self, _: web.Request) -> web.Response:
        """GET /: what answers here."""
        return ok({"server": f"Wan Desktop {__version__}", "api": "ComfyUI", "protocol": PROTOCOL})

    async def system_stats(self, request: web.Request) -> web.Response:
        """GET /system_stats."""
        import psutil

        memory, info = psutil.virtual_memory(), self._desk.backend.info
        device = str(info.get("device", "cpu"))
        kind, _, index = device.partition(":")
        total, free = int(info.get("vram_total") or 0), int(info.get("vram_free") or 0)
        system = {
            "os": os.name,
            "ram_total": memory.total,
            "ram_free": memory.available,
            "comfyui_version": PROTOCOL,
            "required_frontend_version": None,
            "installed_templates_version": None,
            "required_templates_version": None,
            "python_version": sys.version,
            "pytorch_version": str(info.get("torch", "")),
            "embedded_python": False,
            "argv": [],
            "wan_desktop_version": __version__,
        }
        card = {
            "name": str(info.get("device_name", device)),
            "type": kind,
            "index": int(index) if index.isdigit() else None if kind == "cpu" else 0,
            "vram_total": total or memory.total,
            "vram_free": free or memory.available,
            "torch_vram_total": total or memory.total,
            "torch_vram_free": free or memory.available,
        }
        return ok({"system": system, "devices": [card]})

    async def features(self, _: web.Request) -> web.Response:
        """GET /features."""
        return ok(features(self._desk.settings.limits))

    async def object_info(self, _: web.Request) -> web.Response:
        """GET /object_info: every node."""
        await self._desk.look_at_models()
        known = await self._desk.blocking(lists, self._desk)
        return ok({name: object_info(node, known) for name, node in NODES.items()})

    async def object_info_of(self, request: web.Request) -> web.Response:
        """GET /object_info/{class}; {} for an unknown one."""
        name = request.match_info["node"]
        if name not in NODES:
            return ok({})
        await self._desk.look_at_models()
        return ok({name: object_info(NODES[name], await self._desk.blocking(lists, self._desk))})

    async def models(self, _: web.Request) -> web.Response:
        """GET /models: the kinds of model files."""
        return ok([*_FOLDERS, *_EMPTY_FOLDERS])

    async def models_in(self, request: web.Request) -> web.Response:
        """GET /models/{folder}: the names that a workflow may use."""
        folder = request.match_info["folder"]
        if folder in _EMPTY_FOLDERS:
            return ok([])
        if folder not in _FOLDERS:
            return empty(404)
        await self._desk.look_at_models()
        return ok(list((await self._desk.blocking(lists, self._desk))[_FOLDERS[folder]]))

    async def embeddings(self, _: web.Request) -> web.Response:
        """GET /embeddings: none."""
        return ok([])

    async def free(self, request: web.Request) -> web.Response:
        """POST /free: with "unload_models" or "free_memory" the render process gives its memory back."""
        body = await read_object(request, self._desk.settings.limits)
        if body.get("unload_models") or body.get("free_memory"):
            await self._desk.free()
        return empty()
