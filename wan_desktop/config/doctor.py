"""What this computer has and what is missing, for `wan-desktop doctor`. Imports neither torch nor Qt."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from wan_desktop import __version__
from wan_desktop.config import graphics, system_libraries
from wan_desktop.config.paths import resources_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wan_desktop.config.paths import Paths

OK, ATTENTION, MISSING = "ok", "attention", "missing"

PACKAGES = (
    "PySide6-Essentials",
    "PySide6-Addons",
    "accelerate",
    "aiohttp",
    "av",
    "diffusers",
    "filelock",
    "ftfy",
    "gguf",
    "numpy",
    "keyring",
    "nvidia-ml-py",
    "opencv-python-headless",
    "pillow",
    "platformdirs",
    "psutil",
    "pyyaml",
    "safetensors",
    "sentencepiece",
    "tokenizers",
    "torch",
    "transformers",
    "wakepy",
)
"""What the program needs; a test holds this to pyproject.toml."""

_LITTLE_SPACE = 2 * 2**30
"""Bytes; below this a folder's disk gets a warning."""


class Check(NamedTuple):
    """One thing that was looked at: "ok", "attention" (works, could be better) or "missing" (does not work)."""

    name: str
    state: str
    sentence: str


def examine(paths: Paths, library: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Everything, as plain data ready for JSON; changes nothing and makes no folder.

    `checks` lists {"name", "state", "sentence"}; `ok` is False when something is missing.
    """
    folders = {
        "data": paths.data,
        "config": paths.config,
        "cache": paths.cache,
        "logs": paths.logs,
        "library": library,
    }
    seen, torch = graphics.look(), graphics.torch_build()
    checks = [*_check_packages(), *_check_graphics(seen, torch), _check_levers(paths.cache), _check_model()]
    checks += [_check_folder(name, folder) for name, folder in folders.items()]
    checks += _check_window(environ)
    return {
        "app": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "memory": _memory(),
        "packages": {name: _version(name) for name in PACKAGES},
        "torch": torch.to_json() if torch else None,
        "graphics": seen.to_json(),
        "folders": {name: {"path": str(folder), "free": _free(folder)} for name, folder in folders.items()},
        "display": _display(environ),
        "checks": [check._asdict() for check in checks],
        "ok": all(check.state != MISSING for check in checks),
    }


def as_text(report: dict[str, Any]) -> str:
    """The report for people: the facts, then the checks, those that need something last."""
    torch = report["torch"] or {"version": "not installed", "cuda": ""}
    built = f"CUDA {torch['cuda']}" if torch["cuda"] else "no CUDA"
    lines = [
        f"Wan Desktop {report['app']}, Python {report['python']}, {report['platform']}",
        f"PyTorch {torch['version']} ({built}), memory {report['memory']['total'] / 2**30:.0f} GB",
        *(
            f"{card['name']}: {card['vram_total'] / 2**30:.0f} GB, {card['vram_free'] / 2**30:.0f} GB free, "
            f"driver {report['graphics']['driver']}"
            for card in report["graphics"]["cards"]
        ),
        "",
        *(f"{name:8} {folder['path']}" for name, folder in report["folders"].items()),
        "",
    ]
    order = (OK, ATTENTION, MISSING)
    for check in sorted(report["checks"], key=lambda check: order.index(check["state"])):
        lines.append(f"{check['state']:10} {check['name']}: {check['sentence']}")
    return "\n".join(lines)


def _check_packages() -> Iterator[Check]:
    absent = [name for name in PACKAGES if _version(name) is None]
    if absent:
        yield Check(
            "packages",
            MISSING,
            f"Not installed: {', '.join(absent)}. Run python3 launch.py, which installs them.",
        )
    pins = _pins()
    others = [
        f"{name} {version} instead of {pins[name]}"
        for name in PACKAGES
        if (version := _version(name)) and name in pins and version.partition("+")[0] != pins[name]
    ]
    if others:
        yield Check(
            "versions",
            ATTENTION,
            f"Not what was tested: {', '.join(others)}. Run python3 launch.py to mend this.",
        )
    if not absent and not others:
        yield Check("packages", OK, f"All {len(PACKAGES)} are installed.")


def _pins() -> dict[str, str]:
    """The exact versions that the installed program asks for; nothing when it runs from its folder uninstalled."""
    try:
        asked = importlib.metadata.requires("wan-desktop") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    found = (re.fullmatch(r"([\w.-]+)==([\w.]+)", each.strip()) for each in asked)
    return {match[1]: match[2] for match in found if match}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _check_graphics(seen: graphics.Graphics, torch: graphics.TorchBuild | None) -> Iterator[Check]:
    if torch is not None:
        yield Check("graphics card", *graphics.judge(seen, torch))


_LEVERS = {
    "cudnn": "cuDNN's attention",
    "gelu_in_product": "GELU within matrix products",
    "channels_last": "a decoder with channels last",
    "pictures": "its convolutions over pictures",
    "activation": "its activations in one kernel",
    "eight_bits": "products of eight-bit numbers",
    "rounding": "rounding to eight bits in one kernel",
    "pieces": "norms, gates and rotations in own kernels",
    "compiler": "PyTorch's compiler",
}
"""The names in `engine/levers.py`, in words."""


def _check_levers(cache: Path) -> Check:
    """What makes rendering quicker here, as the last render found it: to ask would take loading PyTorch."""
    try:
        found = json.loads((cache / "levers.json").read_text(encoding="utf-8"))
        card, levers = str(found["card"]), dict(found["levers"])
    except (OSError, ValueError, KeyError, TypeError):
        return Check("speed", OK, "What makes rendering quicker here is found out by the first render.")
    on = [words for name, words in _LEVERS.items() if levers.get(name)]
    off = [words for name, words in _LEVERS.items() if not levers.get(name)]
    told = [f"{word}: {', '.join(names)}" for word, names in (("on", on), ("off", off)) if names]
    return Check("speed", OK, f"{card}, {'; '.join(told)}.")


def _check_model() -> Check:
    demo = resources_dir() / "models" / "demo"
    if (demo / "model_index.json").is_file():
        return Check("demo model", OK, "It is here.")
    return Check("demo model", MISSING, f"{demo} is not there: install Wan Desktop again.")


def _check_folder(name: str, folder: Path) -> Check:
    name, place, free = f"{name} folder", _nearest(folder), _free(folder)
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
        return Check(name, MISSING, f"{place} cannot be written to: allow writing, or choose another folder.")
    if free < _LITTLE_SPACE:
        return Check(
            name, ATTENTION, f"Only {free / 2**30:.1f} GB are free where {folder} lies: free some space."
        )
    return Check(name, OK, f"{free / 2**30:.0f} GB free.")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest of its parents that is there."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def _free(folder: Path) -> int:
    """Free bytes where the folder lies or would lie; 0 when the disk does not say."""
    try:
        return shutil.disk_usage(_nearest(folder)).free
    except OSError:
        return 0


def _memory() -> dict[str, int]:
    """The computer's memory in bytes."""
    import psutil

    memory = psutil.virtual_memory()
    return {"total": memory.total, "available": memory.available}


def _display(environ: Mapping[str, str]) -> str:
    """What a window would be shown on: "windows", "macos", "x11", "wayland", Qt's own choice, or "" for nothing."""
    if not sys.platform.startswith("linux"):
        return {"win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    if environ.get("QT_QPA_PLATFORM"):
        return environ["QT_QPA_PLATFORM"]
    return "x11" if environ.get("DISPLAY") else "wayland" if environ.get("WAYLAND_DISPLAY") else ""


def _check_window(environ: Mapping[str, str]) -> Iterator[Check]:
    if not _display(environ):
        yield Check(
            "window",
            ATTENTION,
            "There is no display, so no window can open here; wan-desktop render needs none.",
        )
        return
    absent = system_libraries.missing(system_libraries.needed(environ))
    if not absent:
        yield Check("window", OK, f"It can open ({_display(environ)}).")
        return
    command = system_libraries.install_command(absent)
    way_out = f"run {command}" if command else "install them with this system's package manager"
    names = ", ".join(library.soname for library in absent)
    yield Check("window", MISSING, f"The window needs libraries that are not here ({names}): {way_out}.")
