"""The API server: its own thread with its own event loop, beside a host that it neither owns nor closes."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from aiohttp import web

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, HostProblem
from wan_desktop.server.desk import Desk
from wan_desktop.server.guard import Guard
from wan_desktop.server.routes import add_routes
from wan_desktop.server.settings import ApiSettings, as_address
from wan_desktop.server.tokens import stored_token
from wan_desktop.server.uploads import Uploads

if TYPE_CHECKING:
    from pathlib import Path

    from wan_desktop.jobs.host import Host

log = logging.getLogger(__name__)

FOLDER = "api"
_STOP_SECONDS = 10.0


class ApiServer:
    """Serves `host` as `settings` say. `data` and `config` are the program's folders.

    `token` is the one that clients need, "" when they need none; `token_kept` says where it is kept: "keyring",
    "file", or "" when it was given. After `start`, `address` is where the server is reached.
    """

    def __init__(self, host: Host, settings: ApiSettings, *, data: Path, config: Path) -> None:
        self.settings = settings
        self.token, self.token_kept, self.address = settings.token, "", ""
        self._host, self._config = host, config
        self._uploads = Uploads(data / FOLDER, settings.limits)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve from now on. Raises HostProblem when the address cannot be had, DiskProblem."""
        if not self.token and not self.settings.loopback:
            self.token, self.token_kept = stored_token(self._config)
        started: Future[str] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="api", daemon=True)
        self._thread.start()
        try:
            self.address = started.result()
        except (OSError, OverflowError) as error:  # the latter: no such port
            raise _no_address(error, self.settings) from error

    def stop(self) -> None:
        """Close every connection and end; safe to call again. The host goes on."""
        if self._thread is None:
            return
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_SECONDS)
        self._thread, self.address = None, ""

    def _run(self, started: Future[str]) -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:
            if started.done():
                log.exception("the API server ended")
            else:
                started.set_exception(error)

    async def _serve(self, started: Future[str]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        desk = Desk(self._host, self.settings, self._uploads)
        guard = Guard(self.settings, self.token)
        limit = self.settings.limits.upload_bytes
        app = web.Application(middlewares=[guard.middleware], client_max_size=limit)
        app.on_response_prepare.append(guard.dress)
        add_routes(app, desk)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        try:
            await desk.open()
            await runner.setup()
            site = web.TCPSite(runner, self.settings.host, self.settings.port)
            await site.start()
            started.set_result(_url(self.settings.host, runner.addresses[0][1]))
            await self._stop.wait()
        finally:
            await desk.close()
            await runner.cleanup()


def _no_address(error: OSError | OverflowError, settings: ApiSettings) -> HostProblem:
    action = QT_TRANSLATE_NOOP("errors", "Choose another port")
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return HostProblem(
            QT_TRANSLATE_NOOP(
                "errors",
                "Another program, perhaps ComfyUI itself, has port {port}: choose another port, or close it.",
            ),
            field="port",
            action=action,
            port=settings.port,
        )
    return HostProblem(
        QT_TRANSLATE_NOOP(
            "errors", "The API cannot listen on {address}:{port} ({why}): choose another port."
        ),
        field="port",
        action=action,
        address=settings.host,
        port=settings.port,
        why=os.strerror(number) if number else str(error),
    )


def _url(host: str, port: int) -> str:
    address = as_address(host)
    return (
        f"http://[{address}]:{port}"
        if address is not None and address.version == 6
        else f"http://{host}:{port}"
    )
