"""A small ComfyUI on loopback that a test bends: its queue is data, its replies can be broken, it can be restarted.

It knows nothing of rendering: `finish` puts a file into the history. Replies are shaped as the recordings in
`tests/server/recordings/`.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from wan_desktop.graph import names

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from concurrent.futures import Future

    Broken = Callable[[web.Request], web.StreamResponse | None]

NODES = {
    "UNETLoader": {"unet_name": [[names.UNET], {}]},
    "CLIPLoader": {"clip_name": [[names.TEXT], {}]},
    "VAELoader": {"vae_name": ["COMBO", {"options": [names.VAE]}]},
    "LoraLoaderModelOnly": {"lora_name": [["style/cat.safetensors"], {}]},
    **{
        name: {}
        for name in (
            "ModelSamplingSD3 CLIPTextEncode Wan22ImageToVideoLatent KSampler VAEDecode CreateVideo SaveVideo "
            "LoadImage"
        ).split()
    },
}


class ComfyStub:
    """Use it as a context manager; `address` is where it is. `posts` are the bodies of POST /prompt.

    With `tls` it speaks https. The next `cuts` downloads break off in the middle. `version` is ComfyUI's; before
    0.3.64 an interrupt stops whatever runs, whatever it names.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls, self.version = tls, "0.3.75"
        self.nodes: dict[str, dict[str, Any]] = dict(NODES)
        self.running: list[list[Any]] = []
        self.pending: list[list[Any]] = []
        self.history: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.posts: list[dict[str, Any]] = []
        self.interrupts: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.broken: Broken | None = None
        self.own_ids = False
        self.no_socket = False
        self.cuts = 0
        self.came = threading.Condition()
        self._sockets: set[web.WebSocketResponse] = set()
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    # ---- running

    def __enter__(self) -> ComfyStub:
        self._thread.start()
        self._do(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._port}"

    def stop(self) -> None:
        """Close every connection and stop listening."""
        self._do(self._end())

    def start_again(self, *, forget: bool = True) -> None:
        """Listen at the old address; as ComfyUI does, with an empty queue and history."""
        if forget:
            self.running, self.pending, self.history = [], [], {}
        self._do(self._start())

    def drop_sockets(self) -> None:
        """Close the WebSockets alone."""
        self._do(self._close_sockets())

    def _do(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(20)

    async def _start(self) -> None:
        app = web.Application(middlewares=[self._middleware], client_max_size=1 << 26)
        app.router.add_get("/system_stats", self._stats)
        app.router.add_get("/object_info/{node}", self._info)
        app.router.add_post("/upload/image", self._upload)
        app.router.add_post("/prompt", self._prompt)
        app.router.add_get("/queue", self._queue)
        app.router.add_post("/queue", self._delete)
        app.router.add_post("/interrupt", self._interrupt)
        app.router.add_get("/history", self._all)
        app.router.add_get("/history/{id}", self._one)
        app.router.add_get("/view", self._view)
        app.router.add_get("/ws", self._ws)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True, ssl_context=self.tls)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _end(self) -> None:
        await self._close_sockets()
        await self._runner.cleanup()

    async def _close_sockets(self) -> None:
        for socket in list(self._sockets):
            await socket.close()

    # ---- what a test does

    def until(self, true: Callable[[], Any], seconds: float = 20) -> Any:
        """Wait until `true()`; it is asked after every request."""
        with self.came:
            assert self.came.wait_for(true, seconds), self.asked
        return true()

    def runs(self) -> str:
        """Let the first waiting prompt run; its id."""
        self.running.append(self.pending.pop(0))
        return str(self.running[-1][1])

    def finish(self, data: bytes, *, key: str = "images", name: str = "ComfyUI_00001_.mp4") -> None:
        """The running prompt is done and made that file."""
        entry = self.running.pop(0)
        self.files[name] = data
        item = {"filename": name, "subfolder": "video", "type": "output"}
        status = {"status_str": "success", "completed": True, "messages": []}
        self.history[entry[1]] = {"prompt": entry, "outputs": {"58": {key: [item]}}, "status": status}

    def fail(self, kind: str, message: dict[str, Any]) -> None:
        """The running prompt ended with that message."""
        entry = self.running.pop(0)
        status = {"status_str": "error", "completed": False, "messages": [[kind, message]]}
        self.history[entry[1]] = {"prompt": entry, "outputs": {}, "status": status}

    def say(self, message: dict[str, Any] | bytes) -> None:
        """Send a message to every socket."""

        async def send() -> None:
            for socket in list(self._sockets):
                await (
                    socket.send_bytes(message) if isinstance(message, bytes) else socket.send_json(message)
                )

        self._do(send())

    @property
    def sockets(self) -> int:
        return len(self._sockets)

    # ---- routes

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            reply = self.broken(request) if self.broken is not None else None
            return reply if reply is not None else await handler(request)
        finally:
            with self.came:
                self.asked.append((request.method, request.path))
                self.came.notify_all()

    async def _stats(self, _: web.Request) -> web.Response:
        system = {"comfyui_version": self.version, "pytorch_version": "2.9"}
        return web.json_response({"system": system, "devices": [{"name": "cuda:0 RTX", "type": "cuda"}]})

    async def _info(self, request: web.Request) -> web.Response:
        name = request.match_info["node"]
        known = {name: {"input": {"required": self.nodes[name]}}} if name in self.nodes else {}
        return web.json_response(known)

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form["image"]
        self.files[file.filename] = file.file.read()
        return web.json_response({"name": file.filename, "subfolder": "", "type": "input"})

    async def _prompt(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.posts.append(body)
        ident = f"own-{len(self.posts)}" if self.own_ids else body["prompt_id"]
        extra = {"client_id": body["client_id"]}
        self.pending.append([len(self.posts), ident, body["prompt"], extra, ["58"]])
        return web.json_response({"prompt_id": ident, "number": len(self.posts), "node_errors": {}})

    async def _queue(self, _: web.Request) -> web.Response:
        return web.json_response({"queue_running": self.running, "queue_pending": self.pending})

    async def _delete(self, request: web.Request) -> web.Response:
        gone = (await request.json())["delete"]
        self.pending = [entry for entry in self.pending if entry[1] not in gone]
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.interrupts.append(body)
        old = self.version < "0.3.64"
        if self.running and (old or self.running[0][1] == body.get("prompt_id")):
            self.fail("execution_interrupted", {})
        return web.Response()

    async def _all(self, _: web.Request) -> web.Response:
        return web.json_response(self.history)

    async def _one(self, request: web.Request) -> web.Response:
        ident = request.match_info["id"]
        return web.json_response({ident: self.history[ident]} if ident in self.history else {})

    async def _view(self, request: web.Request) -> web.Response:
        data = self.files.get(request.query["filename"])
        if data is not None and self.cuts > 0:
            self.cuts -= 1
            return await self._cut(request, data)
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def _cut(self, request: web.Request, data: bytes) -> web.StreamResponse:
        """Half of the file, then the connection is lost."""
        reply = web.StreamResponse(headers={"Content-Length": str(len(data))})
        await reply.prepare(request)
        await reply.write(data[: len(data) // 2])
        assert request.transport is not None
        request.transport.close()
        return reply

    async def _ws(self, request: web.Request) -> web.StreamResponse:
        if self.no_socket:
            return web.Response(status=400)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        with self.came:
            self.came.notify_all()
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._sockets.discard(socket)
        return socket
