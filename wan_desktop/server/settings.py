"""What the API server is told: where it listens, who may come, how much is taken."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

PORT = 8188
"""The port that ComfyUI's clients try first."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken before the server says no (413 or 429)."""

    prompt_bytes: int = 1_048_576
    graph_bytes: int = 262_144
    extra_bytes: int = 65_536
    upload_bytes: int = 104_857_600
    upload_pixels: int = 64_000_000
    uploads: int = 10_000
    uploads_bytes: int = 2_000_000_000
    waiting_jobs: int = 1000
    waiting_bytes: int = 64_000_000
    sockets: int = 100
    requests_per_second: float = 200.0
    burst: int = 600
    wrong_tokens_per_minute: int = 20
    body_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How the API is served. On any address but this computer's own a `token` is needed: "" lets one be made.

    `names` are further host names under which the server is reached, `origins` web pages ("https://example.org")
    that may call it from a browser. `allow_demo`: the built-in demo model may answer. `loras`: a
    folder whose LoRAs workflows may name.
    """

    host: str = LOOPBACK
    port: int = PORT
    token: str = ""
    allow_demo: bool = False
    loras: str = ""
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def loopback(self) -> bool:
        """True when only this computer can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """True for localhost, 127.0.0.0/8 and ::1."""
    if host.lower() == "localhost":
        return True
    address = as_address(host)
    return address is not None and address.is_loopback


def as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that `host` spells, or None when it is a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
