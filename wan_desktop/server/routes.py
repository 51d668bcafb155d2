"""Every route in one table, and the WebSocket. Each is also served under /api."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from aiohttp import web

from wan_desktop.server.files import FileRoutes
from wan_desktop.server.info import InfoRoutes, features
from wan_desktop.server.job_routes import JobRoutes
from wan_desktop.server.prompts import Prompts
from wan_desktop.server.queue_routes import QueueRoutes
from wan_desktop.server.records import MAX_CLIENT_ID
from wan_desktop.server.replies import failure
from wan_desktop.server.sockets import MAX_MESSAGE, Socket, as_text

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from wan_desktop.server.desk import Desk

_HEARTBEAT_SECONDS = 30.0


def table(desk: Desk) -> list[tuple[str, str, Handler]]:
    """(method, path, handler) of every route that ComfyUI has with and without /api."""
    prompts, queue, files, info = Prompts(desk), QueueRoutes(desk), FileRoutes(desk), InfoRoutes(desk)
    return [
        ("GET", "/prompt", prompts.status),
        ("POST", "/prompt", prompts.post),
        ("GET", "/queue", queue.queue),
        ("POST", "/queue", queue.change_queue),
        ("POST", "/interrupt", queue.interrupt),
        ("GET", "/history", queue.history),
        ("POST", "/history", queue.change_history),
        ("GET", "/history/{prompt_id}", queue.history_of),
        ("POST", "/upload/image", files.upload_image),
        ("POST", "/upload/mask", files.upload_mask),
        ("GET", "/view", files.view),
        ("GET", "/system_stats", info.system_stats),
        ("GET", "/features", info.features),
        ("GET", "/object_info", info.object_info),
        ("GET", "/object_info/{node}", info.object_info_of),
        ("GET", "/models", info.models),
        ("GET", "/models/{folder}", info.models_in),
        ("GET", "/embeddings", info.embeddings),
        ("POST", "/free", info.free),
        ("GET", "/ws", WebSocketRoute(desk).serve),
    ]


def only_under_api(desk: Desk) -> list[tuple[str, str, Handler]]:
    """The newer routes, which ComfyUI has under /api alone."""
    jobs = JobRoutes(desk)
    return [
        ("GET", "/jobs", jobs.jobs),
        ("GET", "/jobs/{prompt_id}", jobs.job),
        ("POST", "/jobs/{prompt_id}/cancel", jobs.cancel_job),
    ]


def add_routes(app: web.Application, desk: Desk) -> None:
    """Serve everything."""
    app.router.add_get("/", InfoRoutes(desk).front_page)
    routes = table(desk)
    for prefix, listed in (("", routes), ("/api", routes), ("/api", only_under_api(desk))):
        for method, path, handler in listed:
            if method == "GET":
                app.router.add_get(prefix + path, handler, allow_head=path != "/ws")
            else:
                app.router.add_route(method, prefix + path, handler)


class WebSocketRoute:
    """GET /ws?clientId=X."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Say how much is left and, after a reconnect, which node runs; then tell what happens until it closes."""
        desk = self._desk
        sid = request.query.get("clientId", "")[:MAX_CLIENT_ID] or secrets.token_hex(16)
        if desk.sockets.full and sid not in desk.sockets:
            return failure(429, "too_many_sockets", "Too many WebSockets are open: close some.")
        ws = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=MAX_MESSAGE)
        await ws.prepare(request)
        socket = Socket(sid, ws)
        desk.sockets.add(socket)
        socket.send(as_text("status", {"status": desk.status(), "sid": sid}))
        node = desk.teller.running_node(sid)
        if node is not None:
            socket.send(as_text("executing", {"node": node}))
        try:
            await socket.serve(features(desk.settings.limits))
        finally:
            desk.sockets.remove(socket)
        return ws
