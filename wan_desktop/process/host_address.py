"""Where the host listens: an address and a key that only this user can read, in the data folder."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from wan_desktop.media.files import disk_errors

PROTOCOL = 2
"""Version of the language that host and clients speak; it changes when an old client would misunderstand."""

WINDOW, HEADLESS = "window", "headless"
"""The kinds of host."""

_ADDRESS, _KEY = "host.json", "host.key"
_MOST_PATH = 100
"""The longest path that fits every system's socket address (104 bytes on macOS, 108 on Linux)."""


@dataclass(frozen=True, slots=True)
class HostAddress:
    """A host that can be spoken to: its kind, process id, version, and the address of its socket."""

    address: str
    kind: str
    pid: int
    version: str
    protocol: int = PROTOCOL


def read(data_dir: Path) -> tuple[HostAddress, bytes] | None:
    """The host of the library, with the key; None while there is none (it may have died without a word)."""
    try:
        told = json.loads((data_dir / _ADDRESS).read_text("utf-8"))
        return HostAddress(**told), (data_dir / _KEY).read_bytes()
    except (OSError, ValueError, TypeError):
        return None


def publish(data_dir: Path, host: HostAddress, key: bytes) -> None:
    """Say where the host is. Raises DiskProblem."""
    with disk_errors(data_dir):
        _write_private(data_dir / _KEY, key)
        _write_private(data_dir / _ADDRESS, json.dumps(asdict(host)).encode("utf-8"))


def withdraw(data_dir: Path) -> None:
    """Forget the host that was here, with the socket a crashed one left behind. Call it with the library locked."""
    known = read(data_dir)
    for name in (_ADDRESS, _KEY):
        with contextlib.suppress(OSError):
            (data_dir / name).unlink()
    if known is not None and sys.platform != "win32":
        _remove_socket(Path(known[0].address))


def new_address() -> str:
    """A fresh address for a local socket, short enough for every system. Raises OSError."""
    if sys.platform == "win32":
        return rf"\\.\pipe\wan-desktop-{secrets.token_hex(8)}"
    for folder in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        if folder and os.access(folder, os.W_OK) and len(os.fsencode(folder)) < _MOST_PATH - 20:
            return str(Path(tempfile.mkdtemp(prefix="wan-", dir=folder), "host"))
    return str(Path(tempfile.mkdtemp(prefix="wan-", dir="/tmp"), "host"))


def new_key() -> bytes:
    """A fresh key, 32 random bytes."""
    return secrets.token_bytes(32)


def _remove_socket(path: Path) -> None:
    """Remove a socket and the folder made for it; nothing else, whatever the file says."""
    if path.name == "host" and path.parent.name.startswith("wan-"):
        with contextlib.suppress(OSError):
            if path.is_socket():
                path.unlink()
            path.parent.rmdir()


def _write_private(target: Path, data: bytes) -> None:
    part = target.with_name(f".{target.name}.part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    os.replace(part, target)
