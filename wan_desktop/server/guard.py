"""Who may come in: the checks that stand before every route, and what every reply says.

In this order: the Host header (DNS rebinding), Sec-Fetch-Site and Origin (pages of other sites), how often (floods),
the token. What a route raises leaves without traceback or path.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from wan_desktop.domain.errors import DiskProblem, WanError
from wan_desktop.server.replies import empty, failure, safe_sentence
from wan_desktop.server.settings import as_address, is_loopback

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from wan_desktop.server.settings import ApiSettings

log = logging.getLogger(__name__)

_TOKEN_IN_QUERY = ("/ws", "/api/ws")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; sandbox",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "Wan Desktop",
}


class Buckets:
    """How often each address may do something: `rate` a second, `burst` at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, address: str) -> bool:
        """True when the address may do it once more."""
        level, now = self._level(address), time.monotonic()
        if len(self._levels) > 10_000:
            self._levels.clear()
        self._levels[address] = (max(level - 1.0, 0.0), now)
        return level >= 1.0

    def empty(self, address: str) -> bool:
        """True when `take` would say no."""
        return self._level(address) < 1.0

    def _level(self, address: str) -> float:
        level, since = self._levels.get(address, (float(self._burst), 0.0))
        return min(self._burst, level + (time.monotonic() - since) * self._rate)


class Guard:
    """The checks for one server. `token` is "" when none is needed."""

    def __init__(self, settings: ApiSettings, token: str) -> None:
        self._settings, self._token = settings, token
        limits = settings.limits
        self._names = {name.lower() for name in settings.names}
        self._origins = {origin.rstrip("/").lower() for origin in settings.origins}
        self._requests = Buckets(limits.requests_per_second, limits.burst)
        self._wrong = Buckets(limits.wrong_tokens_per_minute / 60, limits.wrong_tokens_per_minute)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check the request, let the route answer."""
        return self._refusal(request) or await self._answer(request, handler)

    async def dress(self, request: web.Request, response: web.StreamResponse) -> None:
        """Say in the answer's headers what every answer says; called before they leave, also of one in pieces."""
        response.headers.update(_HEADERS)
        origin = request.headers.get("Origin", "")
        if origin.rstrip("/").lower() in self._origins:
            response.headers.update(
                {
                    "Access-Control-Allow-Origin": origin,
                    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
                    "Access-Control-Allow-Headers": "Content-Type, Authorization",
                    "Cross-Origin-Resource-Policy": "cross-origin",
                    "Vary": "Origin",
                }
            )

    def _refusal(self, request: web.Request) -> web.Response | None:
        if not self._host_is_ours(request) or self._is_foreign_page(request):
            return empty(403)
        address = request.remote or ""
        if not self._requests.take(address):
            return failure(429, "too_many_requests", "Too many requests: send fewer a second.")
        if request.method == "OPTIONS":
            return empty(200)
        return self._token_refusal(request, address)

    # ---- hosts and pages

    def _host_is_ours(self, request: web.Request) -> bool:
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1:
            return False
        name = _host_name(hosts[0])
        if name in self._names or is_loopback(name):
            return True
        # nobody's DNS can make a page's own name an address: addresses are safe where others may come
        return not self._settings.loopback and (
            as_address(name) is not None or name == self._settings.host.lower()
        )

    def _is_foreign_page(self, request: web.Request) -> bool:
        origin = request.headers.get("Origin")
        if origin is not None and origin.rstrip("/").lower() in self._origins:
            return False
        top_page = request.method == "GET" and request.path == "/"
        if request.headers.get("Sec-Fetch-Site", "") in ("cross-site", "same-site") and not top_page:
            return True
        return origin is not None and not _same_origin(origin, request.headers.get("Host", ""))

    # ---- the token

    def _token_refusal(self, request: web.Request, address: str) -> web.Response | None:
        if not self._token:
            return None
        if self._wrong.empty(address):
            return failure(429, "too_many_requests", "Too many wrong tokens: wait a minute.")
        if any(self._is_right(given) for given in _given_tokens(request)):
            return None
        self._wrong.take(address)
        refused = failure(401, "unauthorized", "A token is needed.", "Send Authorization: Bearer TOKEN.")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="Wan Desktop"'
        return refused

    def _is_right(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())

    # ---- answers

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return web.Response(status=404, content_type="application/octet-stream")
        except web.HTTPException as error:
            return web.Response(
                status=error.status, text=error.text, headers=_kept(error), content_type=error.content_type
            )
        except web.RequestPayloadError:
            return failure(400, "invalid_body", "The body is not what its headers say.")
        except DiskProblem as error:
            return failure(507, error.code, safe_sentence(error))
        except WanError as error:
            return failure(503, error.code, safe_sentence(error))
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the API failed at %s %s", request.method, request.path)
            return web.Response(status=500, text="500 Internal Server Error")


def _kept(error: web.HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.headers.items() if name == "Allow"}


def _given_tokens(request: web.Request) -> list[str]:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    given = [token.strip()] if kind.lower() == "bearer" else []
    if request.path in _TOKEN_IN_QUERY and request.query.get("token"):
        given.append(request.query["token"])
    return given


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _same_origin(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
