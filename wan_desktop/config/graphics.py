"""The graphics cards and PyTorch's build, looked at without importing torch."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

CUDA_INDEX = "https://download.pytorch.org/whl/"


@dataclass(frozen=True, slots=True)
class Card:
    """An NVIDIA card; memory in bytes, `capability` as NVIDIA counts them (7.5: Turing)."""

    name: str
    vram_total: int
    vram_free: int
    capability: float


@dataclass(frozen=True, slots=True)
class Graphics:
    """What the NVIDIA driver tells: its version ("" without one), the newest CUDA it knows, its cards."""

    driver: str = ""
    driver_cuda: str = ""
    cards: tuple[Card, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self) | {"cards": [asdict(card) for card in self.cards]}


@dataclass(frozen=True, slots=True)
class TorchBuild:
    """The installed PyTorch: its version, and the CUDA it was built for ("" for none)."""

    version: str
    cuda: str

    def to_json(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def look() -> Graphics:
    """Ask the driver; no driver or no card is an answer, not an error."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return Graphics()
    try:
        number = pynvml.nvmlSystemGetCudaDriverVersion_v2()
        return Graphics(
            driver=_text(pynvml.nvmlSystemGetDriverVersion()),
            driver_cuda=f"{number // 1000}.{number % 1000 // 10}",
            cards=tuple(_card(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())),
        )
    except pynvml.NVMLError:  # a card that has fallen off the bus, say
        return Graphics(driver=_text(pynvml.nvmlSystemGetDriverVersion()))
    finally:
        pynvml.nvmlShutdown()


def _card(pynvml: Any, index: int) -> Card:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    return Card(_text(pynvml.nvmlDeviceGetName(handle)), memory.total, memory.free, major + minor / 10)


def _text(told: str | bytes) -> str:
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else told


def torch_build() -> TorchBuild | None:
    """The installed PyTorch, from its files alone; None when there is none."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    try:
        text = Path(spec.origin).with_name("version.py").read_text("utf-8")
    except OSError:
        return None
    version = re.search(r"^__version__ = '([^']+)'", text, re.MULTILINE)
    cuda = re.search(r"^cuda\b[^=\n]*= '([^']+)'", text, re.MULTILINE)
    return TorchBuild(version[1] if version else _installed_version(), cuda[1] if cuda else "")


def _installed_version() -> str:
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return ""


def judge(graphics: Graphics, torch: TorchBuild) -> tuple[str, str]:
    """("ok" or "attention", a sentence): whether clips can render on the graphics card, and if not, the way out."""
    if not graphics.driver:
        return "attention", (
            "No NVIDIA driver was found, so clips render on the processor: enough for the demo model only."
        )
    if not graphics.cards:
        return "attention", (
            f"The NVIDIA driver ({graphics.driver}) finds no card: check that it is plugged in, and restart."
        )
    if not torch.cuda:
        return "attention", (
            f"An NVIDIA driver is here, but this PyTorch ({torch.version}) knows the processor only. "
            + cuda_build_command(torch, graphics.cards)
        )
    if _major(graphics.driver_cuda) < _major(torch.cuda):
        return "attention", (
            f"The NVIDIA driver ({graphics.driver}, CUDA {graphics.driver_cuda}) is too old for this PyTorch "
            f"(CUDA {torch.cuda}): update the driver."
        )
    names = ", ".join(f"{card.name} ({card.vram_total / 2**30:.0f} GB)" for card in graphics.cards)
    return "ok", f"Clips render on {names}."


def cuda_build_command(torch: TorchBuild, cards: Sequence[Card]) -> str:
    """How to get the PyTorch that uses the cards: cu130, or cu126 for those before Turing (below 7.5).

    Source: the CUDA support matrix in PyTorch's RELEASE.md.
    """
    build = "cu130" if max(card.capability for card in cards) >= 7.5 else "cu126"
    version = torch.version.partition("+")[0]
    by_hand = f"python -m pip install torch=={version}+{build} --index-url {CUDA_INDEX}{build}"
    if sys.platform == "win32":
        return f"Start with `python launch.py`, which installs the right one, or run: {by_hand}"
    return f"To use the card, run: {by_hand}"


def _major(version: str) -> int:
    return int(version.partition(".")[0] or 0)
