"""What a person is told about the API that other programs send jobs to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiState:
    """`address` is where the server is reached, "" while it is off.

    `token` is what clients must send, "" when they need none; `token_kept` says where it is kept: "keyring",
    "file", or "" without a token. `loras`: how many LoRAs workflows may name.
    """

    address: str = ""
    token: str = ""
    token_kept: str = ""
    loras: int = 0

    @property
    def on(self) -> bool:
        """True while the server answers."""
        return bool(self.address)
