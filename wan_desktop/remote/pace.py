"""How patient we are with a server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between looks at the queue without and with a WebSocket, between tries, until we give up trying before
    and after the job was sent, and until a cancel must have reached the server."""

    poll_s: float = 2.0
    quiet_poll_s: float = 15.0
    retry_s: float = 3.0
    first_s: float = 60.0
    give_up_s: float = 600.0
    cancel_s: float = 15.0
