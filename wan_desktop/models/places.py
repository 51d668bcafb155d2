"""Where people already have models: ComfyUI's folders, and the caches of Hugging Face and ModelScope."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.models.shelf import COMFY_KINDS
from wan_desktop.models.tables import read_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMFY_NAMES = ("ComfyUI", "comfyui", "ComfyUI_windows_portable/ComfyUI", "Documents/ComfyUI", "ai/ComfyUI")
EXTRA = "extra_model_paths.yaml"


def standard_places(own: Path, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Every folder worth looking into that exists: `own` (this program's), then the others, each once."""
    home = _home(environ)
    places = [own]
    for root in _comfy_roots(home, environ):
        places += comfy_folders(root)
    places += _hugging_face(home, environ)
    places += _model_scope(home, environ)
    seen: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            seen.setdefault(place.resolve() if place != own else place)
    return [p for p in seen if not any(other in p.parents for other in seen)]


def comfy_folders(root: Path) -> list[Path]:
    """The model folders of the ComfyUI in `root`: its own, and those that extra_model_paths.yaml names."""
    kinds = [root / "models" / kind for kind in COMFY_KINDS]
    return [*kinds, *_extra_paths(root / EXTRA)]


def _extra_paths(file: Path) -> Iterator[Path]:
    """The folders in a ComfyUI extra_model_paths.yaml: base_path, and for each kind one or several lines."""
    for section in _yaml(file).values():
        if not isinstance(section, dict):
            continue
        base = Path(os.path.expandvars(str(section.get("base_path") or ""))).expanduser()
        if not base.is_absolute():
            base = file.parent / base
        for kind in COMFY_KINDS:
            for line in str(section.get(kind) or "").splitlines():
                if line.strip():
                    yield base / Path(os.path.expandvars(line.strip())).expanduser()


def _yaml(file: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())


def _comfy_roots(home: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    for name in ("COMFYUI_PATH", "COMFYUI_HOME", "COMFYUI_DIR"):
        if environ.get(name):
            yield Path(environ[name]).expanduser()
    for name in _COMFY_NAMES:
        yield home / name
    for place in (
        Path(environ.get("APPDATA") or home / "AppData" / "Roaming"),
        home / "Library" / "Application Support",
        Path(environ.get("XDG_CONFIG_HOME") or home / ".config"),
    ):
        base = read_words(place / "ComfyUI" / "config.json").get("basePath")  # ComfyUI's desktop program
        if isinstance(base, str):
            yield Path(base)


def _cache(home: Path, environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache")


def _hugging_face(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """The snapshots in the Hugging Face cache: models--WHO--WHAT/snapshots/REVISION (huggingface_hub's layout)."""
    hub = environ.get("HF_HUB_CACHE") or environ.get("HUGGINGFACE_HUB_CACHE")
    if not hub:
        root = Path(environ.get("HF_HOME") or _cache(home, environ) / "huggingface")
        hub = str(root / "hub")
    return sorted(Path(hub).expanduser().glob("models--*/snapshots/*"))


def _model_scope(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """The folders in the ModelScope cache: WHO/WHAT, in newer versions below `models`."""
    root = Path(environ.get("MODELSCOPE_CACHE") or _cache(home, environ) / "modelscope" / "hub").expanduser()
    return [place for place in (root / "models", root / "hub", root) if place.is_dir()][:1]
