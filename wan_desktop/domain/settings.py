"""What the user can set."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

APPEARANCES = ("system", "light", "dark")
LANGUAGES = ("system", "en", "zh_CN")
AT_START = ("ask", "continue", "wait")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default. Empty `library_dir`: the standard folder; empty `model`: the best present.

    `model_dirs` are folders that hold a model each. `device`: "auto", "cpu", "cuda" or "cuda:N".
    `notify_after_s`: a job longer than this many seconds tells the system when it is done. `snapshot_every_s`:
    seconds between two snapshots of a render. `at_start`: what happens to an interrupted job and a waiting queue
    when the window opens: "ask", "continue" or "wait". `keep_gb`: how much disk snapshots and latents may take
    before the oldest of ended jobs go, in 10**9 bytes. `keep_awake`: the computer does not sleep while rendering.
    `api_on`: other programs on this computer may send jobs, on `api_port`; with `api_token` they must send the token,
    with `api_demo` the built-in demo model may answer them too, and their workflows may name the LoRAs of the folder
    `api_loras` ("": none).
    """

    library_dir: str = ""
    model: str = ""
    model_dirs: tuple[str, ...] = ()
    device: str = "auto"
    appearance: str = "system"
    language: str = "system"
    notify_after_s: int = 30
    snapshot_every_s: int = 15
    at_start: str = "ask"
    keep_gb: int = 10
    keep_awake: bool = True
    api_on: bool = False
    api_port: int = 8188
    api_token: bool = False
    api_demo: bool = False
    api_loras: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Settings:
        """The settings that `to_json` wrote; unknown keys and values of the wrong kind fall back to defaults."""
        default = cls()
        values: dict[str, Any] = {}
        for f in fields(cls):
            value = data.get(f.name, getattr(default, f.name))
            if f.name == "model_dirs":
                value = tuple(str(v) for v in value) if isinstance(value, list | tuple) else ()
            if type(value) is type(getattr(default, f.name)):
                values[f.name] = value
        return cls(**values)
