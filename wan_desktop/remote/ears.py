"""Following a server's WebSocket for one prompt, again after each loss."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import aiohttp

from wan_desktop.remote.hearing import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.remote.client import ComfyClient
    from wan_desktop.remote.hearing import Hearing

_OPEN_SECONDS = 10.0


class Ears:
    """`tell` gets the events. `changed` is set when it is worth looking at the queue; `lost` once a socket broke."""

    def __init__(self, client: ComfyClient, tell: Callable[[RenderEvent], None], retry_s: float) -> None:
        self._client, self._tell, self._retry_s = client, tell, retry_s
        self._task: asyncio.Task[None] | None = None
        self.changed = asyncio.Event()
        self.listening = False
        self.lost = False

    async def open(self, client_id: str, hearing: Callable[[], Hearing]) -> None:
        """Listen under `client_id`, with a fresh `hearing` a socket; wait until one is open, or cannot be now."""
        await self.close()
        tried = asyncio.Event()
        self._task = asyncio.create_task(self._listen(client_id, hearing, tried))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_OPEN_SECONDS):
                await tried.wait()

    async def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._task, self.listening = None, False

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until something has changed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for may lose a cancel that comes with the change
                await self.changed.wait()

    async def _listen(self, client_id: str, hearing: Callable[[], Hearing], tried: asyncio.Event) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with self._client.socket(client_id) as socket:
                    await socket.send_json(FLAGS)
                    self.listening = True
                    tried.set()
                    await self._hear(socket, hearing())
            tried.set()
            if self.listening:
                self.listening, self.lost = False, True
                self.changed.set()
            await asyncio.sleep(self._retry_s)

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse, hearing: Hearing) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                events = hearing.text(message.data)
            elif message.type is aiohttp.WSMsgType.BINARY:
                events = await asyncio.to_thread(hearing.binary, message.data)
            else:
                return
            for event in events:
                self._tell(event)
            if hearing.over:
                self.changed.set()
