"""A plain HTTP and WebSocket client for tests: the standard library, so that nothing is mended on the way."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import struct
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Reply:
    """A reply; `json` reads its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Talks to the server at `address`, with `token` if there is one."""

    def __init__(self, address: str, token: str = "") -> None:
        parts = urlsplit(address)
        self.host, self.port, self.token = str(parts.hostname), int(parts.port or 0), token

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """One request on a connection of its own; a dict or list is sent as JSON."""
        data = json.dumps(body).encode() if isinstance(body, dict | list) else body
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, data, sent | (headers or {}))
            reply = connection.getresponse()
            return Reply(reply.status, {k.title(): v for k, v in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.ask("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def prompt(self, graph: Any, **more: Any) -> str:
        """Queue a workflow; its prompt id."""
        reply = self.post("/prompt", {"prompt": graph, **more})
        assert reply.status == 200, reply.body
        return str(reply.json()["prompt_id"])

    def history(self, prompt_id: str, seconds: float = 30) -> dict[str, Any]:
        """The job's history, once it has one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.get(f"/history/{prompt_id}").json()
            if found:
                return dict(found[prompt_id])
            time.sleep(0.01)
        raise AssertionError(f"{prompt_id} has no history after {seconds} s")

    def until_running(self, prompt_id: str, seconds: float = 30) -> None:
        """Wait until the job runs."""
        deadline = time.monotonic() + seconds
        while prompt_id not in [entry[1] for entry in self.get("/queue").json()["queue_running"]]:
            assert time.monotonic() < deadline, f"{prompt_id} does not run after {seconds} s"
            time.sleep(0.01)

    def upload(self, data: bytes, name: str = "a.png", path: str = "/upload/image", **fields: str) -> Reply:
        """Send a picture as multipart; `field="image"` names the file's field."""
        field = fields.pop("field", "image")
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        parts.append(head.encode() + b"Content-Type: image/png\r\n\r\n" + data + b"\r\n")
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        return self.post(path, body, Content_Type=f"multipart/form-data; boundary={boundary}")

    def socket(self, client_id: str = "", query: str = "", **headers: str) -> WebSocket:
        """Open a WebSocket."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return WebSocket(self.host, self.port, f"/ws?clientId={client_id}{query}", sent | headers)


class Refused(Exception):
    """The WebSocket was not opened; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class WebSocket:
    """A WebSocket from the standard library's socket: enough to hear everything a server sends."""

    def __init__(self, host: str, port: int, path: str, headers: dict[str, str]) -> None:
        self._socket = socket.create_connection((host, port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
        if not any(name.lower() == "host" for name in headers):
            lines.append(f"Host: {host}:{port}")
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines.append(f"Sec-WebSocket-Key: {key}")
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._file = self._socket.makefile("rb")
        status = int(self._file.readline().split()[1])
        while self._file.readline().strip():
            pass
        if status != 101:
            self.close()
            raise Refused(status)

    def __enter__(self) -> WebSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: Any, opcode: int = 1) -> None:
        """Send a message: JSON, or bytes as they are."""
        payload = data if isinstance(data, bytes) else json.dumps(data).encode()
        mask = os.urandom(4)
        size = (
            bytes([0x80 | len(payload)])
            if len(payload) < 126
            else b"\xfe" + struct.pack(">H", min(len(payload), 65535))
        )
        if len(payload) > 65535:
            size = b"\xff" + struct.pack(">Q", len(payload))
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self._socket.sendall(bytes([0x80 | opcode]) + size + mask + masked)

    def flags(self, metadata: bool = True) -> None:
        """Say what is understood."""
        self.send({"type": "feature_flags", "data": {"supports_preview_metadata": metadata}})

    def receive(self) -> dict[str, Any] | bytes | None:
        """The next message: a dict, bytes, or None when the server has closed."""
        while True:
            head = self._file.read(2)
            if len(head) < 2:
                return None
            opcode, size = head[0] & 15, head[1] & 127
            if size > 125:
                size = int.from_bytes(self._file.read(2 if size == 126 else 8), "big")
            payload = self._file.read(size)
            if opcode == 8:
                return None
            if opcode == 1:
                return dict(json.loads(payload))
            if opcode == 2:
                return bytes(payload)

    def until(self, kind: str, **data: Any) -> list[Any]:
        """Everything up to and with the message of that type that holds `data`."""
        heard: list[Any] = []
        while True:
            message = self.receive()
            assert message is not None, f"closed before {kind}: {heard}"
            heard.append(message)
            if isinstance(message, dict) and message["type"] == kind:
                if all(message["data"].get(key, "-") == value for key, value in data.items()):
                    return heard

    def close(self) -> None:
        """Hang up."""
        if hasattr(self, "_file"):
            self._file.close()
        self._socket.close()
