"""Talking to a ComfyUI server: every answer is looked at before it is believed.

No redirect is followed, so that the token goes to the server's own address alone. TLS is always verified: with the
system's certificates, or with the one that the user trusts for this server.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.media.files import disk_errors
from wan_desktop.remote.certificates import only
from wan_desktop.remote.problems import (
    NotFound,
    Rejected,
    RemoteProblem,
    another_certificate,
    for_status,
    no_comfyui,
    unreachable,
    untrusted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wan_desktop.remote.book import Remote

TOO_LONG = QT_TRANSLATE_NOOP("errors", "it takes too long")
REFUSED = QT_TRANSLATE_NOOP("errors", "nothing listens there")
NO_WAY = QT_TRANSLATE_NOOP("errors", "there is no way to that computer")
NO_SUCH_NAME = QT_TRANSLATE_NOOP("errors", "there is no computer of that name")
NO_TLS = QT_TRANSLATE_NOOP("errors", "it does not speak https there, perhaps http")
"""Why nobody could be reached."""

MOST_JSON = 64_000_000
MOST_CLIP = 4_000_000_000
"""Bytes; what is larger is no answer, or no clip, of ours."""
MOST_MESSAGE = 32_000_000
_CLOSE_SECONDS = 1.0
"""A server that is away does not say goodbye; nobody who cancels waits for that."""
_GOODBYE_SECONDS = 0.1
"""TLS connections are closed in the loop's next turns; a loop that ended before would leave them open."""
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=15)
_DOWNLOAD = aiohttp.ClientTimeout(total=None, connect=15, sock_read=60)


class ComfyClient:
    """One conversation with the server; use it as an async context manager."""

    def __init__(self, remote: Remote) -> None:
        self._name, self._url, self._token = remote.name, remote.url.rstrip("/"), remote.token
        self._certificate = remote.certificate
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> ComfyClient:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=only(self._certificate)),
            headers=headers,
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(_GOODBYE_SECONDS if self._url.startswith("https:") else 0)

    async def get(self, path: str) -> Any:
        """The JSON at `path`. Raises NotFound (404), Unreachable, RemoteProblem."""
        return await self._json("GET", path)

    async def post(self, path: str, body: Any) -> Any:
        """Send `body` as JSON; the reply's JSON, or None when it is empty. Raises Rejected (400) and as `get`."""
        return await self._json("POST", path, json=body)

    async def upload(self, name: str, png: bytes) -> str:
        """Put a picture into the server's input folder; how LoadImage calls it there."""
        form = aiohttp.FormData()
        form.add_field("image", png, filename=name, content_type="image/png")
        form.add_field("overwrite", "true")
        told = await self._json("POST", "/upload/image", data=form)
        if not isinstance(told, dict) or not isinstance(told.get("name"), str):
            raise no_comfyui(self._name)
        subfolder = str(told.get("subfolder") or "").strip("/")
        return f"{subfolder}/{told['name']}" if subfolder else told["name"]

    async def download(self, item: dict[str, str], target: Path) -> None:
        """Write the output file `item` (filename, subfolder, type) to `target`. Raises DiskProblem too."""
        with self._translated():
            async with self._ask("GET", "/view", params=item, timeout=_DOWNLOAD) as reply:
                if reply.status != 200:
                    raise self._refusal(reply, b"")
                size = 0
                with disk_errors(target.parent), target.open("wb") as file:
                    async for piece in reply.content.iter_chunked(1 << 18):
                        size += len(piece)
                        if size > MOST_CLIP:
                            raise for_status(self._name, 413)
                        await asyncio.to_thread(file.write, piece)

    @property
    def address(self) -> str:
        """Where the server is."""
        return self._url

    def socket(self, client_id: str) -> Any:
        """The server's WebSocket, an async context manager; entering it raises aiohttp's and system errors."""
        assert self._session is not None
        return self._session.ws_connect(
            f"{self._url}/ws",
            params={"clientId": client_id},
            heartbeat=20.0,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
            max_msg_size=MOST_MESSAGE,
        )

    # ---- one request

    async def _json(self, method: str, path: str, **what: Any) -> Any:
        with self._translated():
            async with self._ask(method, path, **what) as reply:
                body = await self._read(reply)
                if reply.status != 200:
                    raise self._refusal(reply, body)
        if not body and method == "POST":
            return None
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise no_comfyui(self._name) from error

    def _ask(self, method: str, path: str, **what: Any) -> Any:
        assert self._session is not None
        return self._session.request(method, f"{self._url}{path}", allow_redirects=False, **what)

    async def _read(self, reply: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for piece in reply.content.iter_chunked(1 << 16):
            body += piece
            if len(body) > MOST_JSON:
                raise no_comfyui(self._name)
        return bytes(body)

    def _refusal(self, reply: aiohttp.ClientResponse, body: bytes) -> RemoteProblem:
        if reply.status != 400:
            return for_status(self._name, reply.status, reply.headers.get("Location", "")[:200])
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        return Rejected(
            QT_TRANSLATE_NOOP("errors", "The server “{name}” refuses this job: {why}"),
            body=told,
            name=self._name,
            why=_why(told),
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError) as error:
            raise untrusted(self._name, _certificate_words(error)) from error
        except aiohttp.ServerFingerprintMismatch as error:
            raise another_certificate(self._name) from error
        except aiohttp.InvalidURL as error:
            raise NotFound(
                QT_TRANSLATE_NOOP("errors", "“{url}” is no address of a server."), url=self._url
            ) from error
        except (aiohttp.ClientConnectorError, ConnectionError) as error:
            raise unreachable(self._name, _connection_words(error)) from error
        except TimeoutError as error:
            raise unreachable(self._name, TOO_LONG) from error
        except aiohttp.ClientError as error:
            raise unreachable(self._name, error) from error


def _certificate_words(error: Exception) -> str:
    """What is wrong with the certificate: "self-signed certificate"."""
    told = getattr(error, "certificate_error", error)
    return str(getattr(told, "verify_message", "") or told)


def _connection_words(error: OSError) -> str:
    """Why nobody could be reached, in a few words."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, socket.gaierror):
        return NO_SUCH_NAME
    if isinstance(cause, ssl.SSLError):
        return NO_TLS
    known = {errno.ECONNREFUSED: REFUSED, errno.ETIMEDOUT: TOO_LONG, errno.EHOSTUNREACH: NO_WAY}
    number = cause.errno or 0
    return known.get(number) or (os.strerror(number) if number > 0 else str(cause))


def _why(told: Any) -> str:
    """What ComfyUI's error says, with the first node's own words: one line of at most 300 characters."""
    if not isinstance(told, dict):
        return "400"
    words = [_message(told.get("error"))]
    nodes = told.get("node_errors")
    for node in nodes.values() if isinstance(nodes, dict) else ():
        errors = node.get("errors") if isinstance(node, dict) else None
        words += [f"{node.get('class_type', '')}: {_message(error)}" for error in (errors or [])[:1]]
    return " ".join(" ".join(filter(None, words)).split())[:300] or "400"


def _message(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error or "")
    return " ".join(str(error[key]) for key in ("message", "details") if error.get(key))
