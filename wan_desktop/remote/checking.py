"""Asking a server whether it can render, before anything is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.servers import ServerReport
from wan_desktop.remote.certificates import certificate_at
from wan_desktop.remote.client import ComfyClient
from wan_desktop.remote.having import look
from wan_desktop.remote.mapping import otherwise
from wan_desktop.remote.problems import RemoteProblem, Untrusted

if TYPE_CHECKING:
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.having import Having


def look_at(remote: Remote, model: str = "") -> Having:
    """What the server has for a render with its model file `model`. Raises RemoteProblem with what is missing."""

    async def ask() -> Having:
        async with ComfyClient(remote) as client:
            return await look(client, remote.name, model=model)

    return asyncio.run(ask())


def report_on(remote: Remote) -> tuple[ServerReport, Having | None]:
    """What the server says of itself; what it has, None when it cannot render. Takes seconds; never raises."""
    try:
        having = look_at(remote)
    except Untrusted as error:
        return ServerReport(problem=error, certificate=certificate_at(remote.url)), None
    except RemoteProblem as error:
        return ServerReport(problem=error), None
    files = (having.unet, having.text, having.vae)
    device = having.about.get("device", "")
    return ServerReport(what_it_is(having), device, files, notes=otherwise(having)), having


def what_it_is(having: Having) -> str:
    """ "ComfyUI 0.3.75", or "Wan Desktop 0.1.0"."""
    if having.wan_desktop:
        return f"Wan Desktop {having.wan_desktop}"
    return f"ComfyUI {having.about.get('comfyui', '')}".strip()


def checked(remote: Remote) -> dict[str, Any]:
    """name, url, ready, a sentence, `about` the server, notes on what will be mapped: plain data. Never raises."""
    told: dict[str, Any] = {"name": remote.name, "url": remote.url, "ready": False, "about": {}, "notes": []}
    report, having = report_on(remote)
    if having is None:
        problem = report.problem
        assert problem is not None
        told |= {"sentence": problem.sentence, "action": problem.action}
        return told | ({"certificate": report.certificate} if report.certificate else {})
    device = f", on {report.device}" if report.device else ""
    sentence = f"ready: {report.what}, {having.unet}{device}"
    files = dict(zip(("model", "text_encoder", "vae"), report.files, strict=True))
    return told | {
        "ready": True,
        "sentence": sentence,
        "about": having.about,
        "files": files,
        "notes": list(report.notes),
    }
