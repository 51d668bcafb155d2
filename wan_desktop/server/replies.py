"""Bodies in and out: JSON as ComfyUI sends it, errors without paths, requests read with a limit."""

from __future__ import annotations

import asyncio
import json
import math
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from wan_desktop.domain.errors import WanError

if TYPE_CHECKING:
    from wan_desktop.server.settings import Limits

_PATH = re.compile(r"(?:(?<![\w.])[A-Za-z]:)?(?<![\w:/])[\\/](?:[^\s'\"“”‘’<>|;,()\\/]+[\\/]?)+")
_dumps = json.JSONEncoder(separators=(",", ":")).encode


def as_json(data: Any) -> str:
    """JSON in ASCII: it can spell every text, also one that UTF-8 cannot."""
    return _dumps(data)


def ok(data: Any, status: int = 200) -> web.Response:
    """A JSON reply."""
    return ok_text(as_json(data), status)


def ok_text(text: str, status: int = 200) -> web.Response:
    """A JSON reply that is text already."""
    body = text.encode()
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def empty(status: int = 200) -> web.Response:
    """A reply without a body, as ComfyUI gives many."""
    return web.Response(status=status)


def failure(status: int, kind: str, message: str, details: str = "") -> web.Response:
    """An error in ComfyUI's shape."""
    error = {"type": kind, "message": message, "details": details, "extra_info": {}}
    return ok({"error": error, "node_errors": {}}, status)


def safe_sentence(error: WanError) -> str:
    """The error's sentence without any path of this computer."""
    values = {key: _without_paths(str(value)) for key, value in error.values.items()}
    return _without_paths(WanError(error.template, **values).sentence)


def _without_paths(text: str) -> str:
    if re.match(r"([A-Za-z]:)?[\\/]", text):  # a value that is a path, blanks and all
        return re.split(r"[\\/]", text.rstrip("\\/"))[-1]
    return _PATH.sub("…", text)


async def read_body(request: web.Request, limits: Limits) -> bytes:
    """The whole body. Raises HTTPRequestEntityTooLarge over the prompt limit, HTTPRequestTimeout when it is slow."""
    most, body = limits.prompt_bytes, bytearray()
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(most, request.content_length or 0)
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise web.HTTPRequestEntityTooLarge(most, len(body))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout() from error
    return bytes(body)


class NotJson(web.HTTPBadRequest):
    """The body is no JSON; the reply says so in ComfyUI's shape."""


async def read_json(request: web.Request, limits: Limits) -> Any:
    """The body as JSON, whatever Content-Type says. Raises NotJson when it is none."""
    body = await read_body(request, limits)
    try:
        return json.loads(body, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        text = failure(400, "invalid_json", "The body is no JSON.").text
        raise NotJson(text=text, content_type="application/json") from error


def _finite(text: str) -> float:
    """The number; NaN and what is too large are no JSON, and would come back in replies that nobody can read."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


async def read_object(request: web.Request, limits: Limits) -> dict[str, Any]:
    """The body as a JSON object; {} when the body is empty. Raises HTTPBadRequest."""
    if not request.can_read_body:
        return {}
    data = await read_json(request, limits)
    if not isinstance(data, dict):
        raise web.HTTPBadRequest(text="The body is no JSON object.")
    return data
