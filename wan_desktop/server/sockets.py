"""The WebSockets that are open, and what goes out to whom. Nobody who reads slowly holds up anybody else."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import struct
from enum import Enum
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_desktop.domain.events import Frame
    from wan_desktop.server.narrator import Message

PREVIEW, PREVIEW_WITH_METADATA = 1, 4
_JPEG = 1
MAX_WAITING, MAX_BYTES = 1000, 16_000_000
"""Messages, and their size together, that a socket may leave unread before it is closed."""
MAX_MESSAGE = 65_536


class Previews(Enum):
    """What a client said it understands: nothing (it never sent its flags), plain JPEG, JPEG with metadata."""

    NONE = "none"
    PLAIN = "plain"
    METADATA = "metadata"


class Socket:
    """One open socket."""

    def __init__(self, sid: str, ws: web.WebSocketResponse) -> None:
        self.sid, self.previews = sid, Previews.NONE
        self.bytes_waiting = 0
        self._closed = False
        self._ws = ws
        self._outgoing: asyncio.Queue[str | bytes | None] = asyncio.Queue(MAX_WAITING)

    def send(self, message: str | bytes) -> None:
        """Send, without waiting; a socket that does not keep up is closed."""
        if self._outgoing.full() or self.bytes_waiting + len(message) > MAX_BYTES:
            self.close()
        elif not self._closed:
            self.bytes_waiting += len(message)
            self._outgoing.put_nowait(message)

    def close(self) -> None:
        """End the socket; what still waits is dropped."""
        self._closed = True
        while not self._outgoing.empty():
            self._outgoing.get_nowait()
        self.bytes_waiting = 0
        self._outgoing.put_nowait(None)

    async def serve(self, flags: dict[str, Any]) -> None:
        """Send and receive until either side closes; `flags` answer a client's first message."""
        sender = asyncio.create_task(self._send_all())
        try:
            await self._receive(flags)
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender

    async def _send_all(self) -> None:
        with contextlib.suppress(ConnectionError):
            while (message := await self._outgoing.get()) is not None:
                if isinstance(message, bytes):
                    await self._ws.send_bytes(message)
                else:
                    await self._ws.send_str(message)
                self.bytes_waiting = max(self.bytes_waiting - len(message), 0)
        await self._ws.close()

    async def _receive(self, flags: dict[str, Any]) -> None:
        first = True
        async for message in self._ws:
            if message.type is WSMsgType.TEXT and first:
                self._negotiate(message.data, flags)
            first = False

    def _negotiate(self, text: str, flags: dict[str, Any]) -> None:
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(told, dict) or told.get("type") != "feature_flags":
            return
        data = told.get("data")
        metadata = isinstance(data, dict) and data.get("supports_preview_metadata") is True
        self.previews = Previews.METADATA if metadata else Previews.PLAIN
        self.send(as_text("feature_flags", flags))


class Sockets:
    """All open sockets by client id."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[str, Socket] = {}

    def __len__(self) -> int:
        return len(self._open)

    @property
    def full(self) -> bool:
        """True when no further client is taken."""
        return len(self._open) >= self._most

    def __contains__(self, sid: str) -> bool:
        return sid in self._open

    def add(self, socket: Socket) -> None:
        """Take in a socket; an older one of the same client id is closed."""
        before = self._open.get(socket.sid)
        self._open[socket.sid] = socket
        if before is not None:
            before.close()

    def remove(self, socket: Socket) -> None:
        """Forget a socket."""
        if self._open.get(socket.sid) is socket:
            del self._open[socket.sid]

    def close(self) -> None:
        """End all."""
        for socket in list(self._open.values()):
            socket.close()

    def wants_previews(self, owner: str | None) -> bool:
        """True when somebody would get a preview of that client's job."""
        return any(socket.previews is not Previews.NONE for socket in self._audience(owner, everybody=False))

    def tell(self, messages: Iterable[Message], owner: str | None) -> None:
        """Send the messages about a job of client `owner`."""
        for message in messages:
            text = ""
            for socket in self._audience(owner, everybody=message.everybody):
                if message.everybody or owner is not None:
                    text = text or as_text(message.type, message.data)
                    socket.send(text)

    def tell_everybody(self, kind: str, data: dict[str, Any]) -> None:
        """Send to all."""
        text = as_text(kind, data)
        for socket in list(self._open.values()):
            socket.send(text)

    def show(self, jpeg: bytes, metadata: dict[str, Any], owner: str | None) -> None:
        """Send a preview to those who said what they understand."""
        told = json.dumps(metadata).encode()
        with_metadata = struct.pack(">II", PREVIEW_WITH_METADATA, len(told)) + told + jpeg
        plain = struct.pack(">II", PREVIEW, _JPEG) + jpeg
        for socket in self._audience(owner, everybody=False):
            if socket.previews is not Previews.NONE:
                socket.send(with_metadata if socket.previews is Previews.METADATA else plain)

    def _audience(self, owner: str | None, *, everybody: bool) -> list[Socket]:
        if everybody or owner is None:
            return list(self._open.values())
        return [self._open[owner]] if owner in self._open else []


def as_text(kind: str, data: dict[str, Any]) -> str:
    """A message as it goes over the wire."""
    return json.dumps({"type": kind, "data": data})


def jpeg_of(frame: Frame) -> bytes:
    """A preview frame as JPEG."""
    from PIL import Image

    data = io.BytesIO()
    Image.frombytes("RGB", (frame.width, frame.height), frame.rgb).save(data, "JPEG", quality=85)
    return data.getvalue()
