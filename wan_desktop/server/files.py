"""Pictures in and clips out: /upload/image, /upload/mask and /view."""

from __future__ import annotations

import asyncio
import io
import json
import re
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from wan_desktop.domain.errors import BadImage, WanError
from wan_desktop.media.clips import frame_at, probe
from wan_desktop.media.images import load_rgb
from wan_desktop.server.replies import empty, failure, ok, safe_sentence
from wan_desktop.server.upload_names import KINDS, UnsafeName, annotated

if TYPE_CHECKING:
    from pathlib import Path

    from wan_desktop.server.desk import Desk

_TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
"""What is served; anything else would leave as a download of bytes, never shown in a page."""
_MOST_FIELDS, _MOST_TEXT = 32, 4096
_PIECE = 1 << 20
_PREVIEW = re.compile(r"(webp|jpeg)(?:;(\d{1,3}))?")


class _Unsavable(Exception):
    """A picture that the wanted format cannot hold: WebP has sides up to 16,383 pixels, JPEG up to 65,535."""


class FileRoutes:
    """Takes pictures, hands out files."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---- uploads

    async def upload_image(self, request: web.Request) -> web.Response:
        """POST /upload/image: multipart with the picture in `image`; `overwrite`, `subfolder`, `type` if wanted."""
        return await self._upload(request, mask=False)

    async def upload_mask(self, request: web.Request) -> web.Response:
        """POST /upload/mask: as /upload/image, with `original_ref`, JSON that names an uploaded picture.

        Nothing here uses masks, so that the picture is stored as it is.
        """
        return await self._upload(request, mask=True)

    async def _upload(self, request: web.Request, *, mask: bool) -> web.Response:
        if not request.content_type.startswith("multipart/"):
            return empty(400)
        desk = self._desk
        folder = await desk.blocking(desk.uploads.begin)
        try:
            async with asyncio.timeout(desk.settings.limits.body_seconds):
                fields, file = await self._received(request, folder)
            return await self._store(fields, file, mask=mask)
        except (UnsafeName, ValueError):
            return empty(400)
        except TimeoutError:
            return empty(408)
        except BadImage as error:
            return failure(400, error.code, safe_sentence(error))
        finally:
            await asyncio.shield(desk.blocking(desk.uploads.end, folder))

    async def _received(self, request: web.Request, folder: Path) -> tuple[dict[str, str], Path | None]:
        try:
            return await self._receive(request, folder)
        except (AssertionError, RuntimeError, LookupError, HttpProcessingError) as error:
            raise ValueError("broken multipart") from error  # what aiohttp's parser raises over such bodies

    async def _receive(self, request: web.Request, folder: Path) -> tuple[dict[str, str], Path | None]:
        """The text fields, and the file in `image`, if there is one."""
        fields: dict[str, str] = {}
        file: Path | None = None
        left = self._desk.settings.limits.upload_bytes
        if (request.content_length or 0) > left:
            raise web.HTTPRequestEntityTooLarge(left, request.content_length or 0)
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or len(fields) > _MOST_FIELDS:
                raise ValueError("too many fields, or nested ones")
            if part.name == "image" and part.filename:
                fields["filename"], file = part.filename, folder / "picture"
                left -= await self._write(part, file, left)
            else:
                fields[part.name or ""] = (await _text(part)).decode("utf-8", "replace")
        return fields, file

    async def _write(self, part: BodyPartReader, file: Path, most: int) -> int:
        """Write the part to `file`, in pieces of `_PIECE` bytes; how many it had. Raises DiskProblem."""
        size, piece = 0, bytearray()
        write = self._desk.uploads.append
        await self._desk.blocking(write, file, b"", True)
        while chunk := await part.read_chunk(1 << 16):
            size += len(chunk)
            if size > most:
                raise web.HTTPRequestEntityTooLarge(self._desk.settings.limits.upload_bytes, size)
            piece += chunk
            if len(piece) >= _PIECE:
                await self._desk.blocking(write, file, bytes(piece))
                piece.clear()
        await self._desk.blocking(write, file, bytes(piece))
        return size

    async def _store(self, fields: dict[str, str], file: Path | None, *, mask: bool) -> web.Response:
        kind, subfolder = fields.get("type", "input"), fields.get("subfolder", "")
        if file is None or kind not in KINDS:
            return empty(400)
        if mask and not await self._desk.blocking(self._original, fields.get("original_ref", "")):
            return empty(400)
        overwrite = fields.get("overwrite", "").lower() in ("true", "1")
        async with self._desk.pictures:
            name = await self._desk.blocking(
                lambda: self._desk.uploads.store(
                    file, fields["filename"], subfolder, kind, overwrite=overwrite
                )
            )
        return ok({"name": name, "subfolder": subfolder.strip("/"), "type": kind})

    def _original(self, told: str) -> bool:
        """True when `original_ref` names an uploaded picture; looks at the disk."""
        try:
            named = json.loads(told)
            found = self._desk.uploads.find(
                str(named["filename"]), str(named.get("subfolder", "")), str(named.get("type", "input"))
            )
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return False
        return found is not None

    # ---- /view

    async def view(self, request: web.Request) -> web.StreamResponse:
        """GET /view?filename=X [subfolder, type, preview=webp;90, channel=rgb]: a clip, a frame, an upload."""
        query = request.query
        if "filename" not in query:
            return empty(404)
        name, kind = annotated(query["filename"], query.get("type", "output"))
        if not name or name.startswith(("/", "\\")) or ".." in name or "\x00" in name or kind not in KINDS:
            return empty(400)
        try:
            path = await self._file(name, query.get("subfolder", ""), kind)
        except UnsafeName:
            return empty(403)
        if path is None:
            return empty(404)
        if query.get("preview") or query.get("channel", "rgba") != "rgba":
            return await self._picture(path, name, query.get("preview", ""), query.get("channel", "rgba"))
        return _sent(path, name)

    async def _file(self, name: str, subfolder: str, kind: str) -> Path | None:
        uploaded = await self._desk.blocking(self._desk.uploads.find, name, subfolder, kind)
        if uploaded is not None or kind != "output" or subfolder.strip("/"):
            return uploaded
        return await self._desk.clip_file(name)

    async def _picture(self, path: Path, name: str, preview: str, channel: str) -> web.Response:
        async with self._desk.pictures:
            try:
                kind, data = await self._desk.blocking(_converted, path, preview, channel)
            except WanError:
                return empty(404)
            except _Unsavable:
                return empty(400)
        headers = {"Content-Disposition": _disposition(name)}
        return web.Response(body=data, content_type=f"image/{kind}", headers=headers)


async def _text(part: BodyPartReader) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(1 << 13):
        data += chunk
        if len(data) > _MOST_TEXT:
            raise ValueError("a field is too long")
    return bytes(data)


def _sent(path: Path, name: str) -> web.StreamResponse:
    response = web.FileResponse(path)
    kind = _TYPES.get(path.suffix.lower())
    response.headers["Content-Type"] = kind or "application/octet-stream"
    response.headers["Content-Disposition"] = _disposition(name, attached=kind is None)
    return response


def _disposition(name: str, *, attached: bool = False) -> str:
    plain = re.sub(r"[^\w .()+@=-]", "_", name.rpartition("/")[2], flags=re.ASCII)
    return f'{"attachment; " if attached else ""}filename="{plain}"'


def _converted(path: Path, preview: str, channel: str) -> tuple[str, bytes]:
    """The picture, or a clip's middle frame, as `preview` and `channel` ask: (format, bytes)."""
    from PIL import Image

    if path.suffix.lower() in (".mp4", ".webm"):
        picture = frame_at(path, probe(path).num_frames // 2)
    else:
        picture = load_rgb(path)
    if channel == "a":
        alpha = Image.new("RGBA", picture.size)
        alpha.putalpha(255)  # pictures here have no transparency
        picture = alpha
    wanted = _PREVIEW.fullmatch(preview)
    kind = wanted[1] if wanted else ("jpeg" if preview else "png")
    more: dict[str, Any] = {} if kind == "png" else {"quality": min(int((wanted and wanted[2]) or 90), 100)}
    data = io.BytesIO()
    try:
        (picture.convert("RGB") if kind == "jpeg" else picture).save(data, kind.upper(), **more)
    except (ValueError, OSError) as error:  # longer sides than the format has
        raise _Unsavable from error
    return kind, data.getvalue()
