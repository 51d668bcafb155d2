"""Renders that are not exact: their names, and how far from the exact clip they were measured to be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EXACT = "exact"
PRECISIONS = (EXACT, "fp8")
"""exact: as the device computes best (float32 on a processor, bfloat16 on a card). fp8: the transformer's products
in eight-bit floats, with a scale for each row: less memory, and quicker on cards that have them."""
SPEEDS = (EXACT, "fast")
"""exact: every step is computed. fast: some steps are guessed from those before, by a fixed table."""

BOTH = f"{SPEEDS[1]}+{PRECISIONS[1]}"
"""Both at once, as `name_of` calls it."""

FILE = "deviation.json"
"""In the resources; `benchmarks/deviation.py` writes it."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """PSNR in dB of clips against the exact ones: the median over `prompts` prompts, and the lowest."""

    median_psnr: float
    worst_psnr: float
    prompts: int


def read_deviations(resources: Path) -> dict[str, Deviation]:
    """What was measured, by name: "fp8", "fast", "fast+fp8", … Empty when the file cannot be read."""
    try:
        told = json.loads((resources / FILE).read_text(encoding="utf-8"))
        return {
            name: Deviation(float(row["median_psnr"]), float(row["worst_psnr"]), int(told["prompts"]))
            for name, row in told["rows"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def name_of(precision: str, speed: str) -> str:
    """The name of a combination in `read_deviations`: "exact", "fp8", "fast" or "fast+fp8"."""
    return "+".join(name for name in (speed, precision) if name != EXACT) or EXACT
