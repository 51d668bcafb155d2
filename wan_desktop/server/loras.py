"""The LoRAs that workflows may name."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

MOST = 2000
"""Files; more are not looked at."""


def lora_files(folder: str) -> dict[str, str]:
    """The LoRA files below `folder` by their names in it; none for "" or one that is not there. Reads the disk."""
    home = Path(folder)
    found = islice(home.rglob("*.safetensors"), MOST) if folder else ()
    return {path.relative_to(home).as_posix(): str(path) for path in sorted(found) if path.is_file()}
