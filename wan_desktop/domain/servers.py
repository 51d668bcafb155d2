"""What is known of the servers that render for this computer: their entries, and what they said when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.sentence import Sentence


@dataclass(frozen=True, slots=True)
class ServerReport:
    """What a server said when it was asked: `problem` is why it cannot render, None when it can.

    `what` it is ("ComfyUI 0.3.75"), its `device`, and `files`, the model's names there (transformer, text encoder,
    VAE). `certificate` is the sha256 (hex) of the TLS certificate that could not be verified, if that is the problem.
    `notes` say what it renders otherwise than this computer.
    """

    what: str = ""
    device: str = ""
    files: tuple[str, ...] = ()
    problem: WanError | None = None
    certificate: str = ""
    notes: tuple[Sentence, ...] = ()

    @property
    def ready(self) -> bool:
        """True when it can render."""
        return self.problem is None


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """A server on the list. The token itself is not told: `token_kept` is "keyring", "file", or "" without one.

    `encrypted` is False when what is sent can be read on the way. `certificate` is the sha256 (hex) of the one
    certificate that is trusted, "" for those that the system trusts. `changed`: when, in seconds since 1970.
    """

    name: str
    url: str
    token_kept: str = ""
    encrypted: bool = True
    certificate: str = ""
    changed: float = 0.0
