"""Asking a server whether it can render, before anything is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from wan_desktop.remote.client import ComfyClient
from wan_desktop.remote.having import look
from wan_desktop.remote.mapping import AT_COMFYUI, SCHEDULE
from wan_desktop.remote.problems import RemoteProblem

if TYPE_CHECKING:
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.having import Having


def look_at(remote: Remote, model: str = "") -> Having:
    """What the server has for a render with its model file `model`. Raises RemoteProblem with what is missing."""

    async def ask() -> Having:
        async with ComfyClient(remote) as client:
            return await look(client, remote.name, model=model)

    return asyncio.run(ask())


def checked(remote: Remote) -> dict[str, Any]:
    """name, url, ready, a sentence, `about` the server, notes on what will be mapped: plain data. Never raises."""
    told: dict[str, Any] = {"name": remote.name, "url": remote.url, "ready": False, "about": {}, "notes": []}
    try:
        having = look_at(remote)
    except RemoteProblem as error:
        return told | {"sentence": error.sentence, "action": error.action}
    what = (
        f"Wan Desktop {having.wan_desktop}"
        if having.wan_desktop
        else f"ComfyUI {having.about.get('comfyui', '')}"
    )
    device = having.about.get("device", "")
    sentence = f"ready: {what.strip()}, {having.unet}" + (f", on {device}" if device else "")
    return told | {"ready": True, "sentence": sentence, "about": having.about, "notes": _mappings(having)}


def _mappings(having: Having) -> list[str]:
    """What this server renders in place of what it has not."""
    if having.wan_desktop:
        return []
    other = [f"{ours} → {theirs}/{SCHEDULE}" for ours, (theirs, same) in AT_COMFYUI.items() if not same]
    return [f"samplers that it has not: {', '.join(other)}", "the same seed gives another clip there"]
