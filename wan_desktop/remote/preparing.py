"""What goes before a job is sent: a look at the server, the upload, the graph in the server's own words."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.places import file_of
from wan_desktop.media.images import cover, load_rgb
from wan_desktop.remote.having import look
from wan_desktop.remote.mapping import mapped, needed_nodes

if TYPE_CHECKING:
    from pathlib import Path

    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.client import ComfyClient
    from wan_desktop.remote.mapping import Mapped


async def prepared(
    client: ComfyClient, remote: Remote, request: RenderRequest, image: Path | None
) -> tuple[Mapped, dict[str, Any]]:
    """The graph to send, and what goes into the recipe. Raises RemoteProblem with what is missing, BadImage."""
    having = await look(
        client,
        remote.name,
        model=file_of(request.model),
        nodes=needed_nodes(request),
        loras=[_base(lora.path) for lora in request.loras],
    )
    sent = mapped(request, having, "" if image is None else await _upload(client, request, image))
    about = {"server": remote.name, "address": remote.url, **having.about, "model": having.unet}
    return sent, about | {"changes": sent.changes}


async def _upload(client: ComfyClient, request: RenderRequest, image: Path) -> str:
    """Upload the start image, cropped as it would be here; its name there."""

    def picture() -> bytes:
        data = io.BytesIO()
        cover(load_rgb(image), request.width, request.height).save(data, "PNG")
        return data.getvalue()

    name = f"wan-desktop-{(request.image or '')[:16]}-{request.width}x{request.height}.png"
    return await client.upload(name, await asyncio.to_thread(picture))


def _base(path: str) -> str:
    """The last piece of a path of any system."""
    return path.replace("\\", "/").rpartition("/")[2]
