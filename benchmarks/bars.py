"""Numbers beside what they may be at most: printed, stored, and as the exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.fresh import RESULTS, machine

if TYPE_CHECKING:
    from collections.abc import Mapping


def told(numbers: Mapping[str, Any], bars: Mapping[str, float]) -> tuple[str, list[str]]:
    """A line for each number, with its bar and whether it holds; and the names of those that do not."""
    missed = [name for name, most in bars.items() if not numbers[name] <= most]
    lines = []
    for name, value in numbers.items():
        shown = f"{value:.4g}" if isinstance(value, float) else f"{value}"
        bar = f"  at most {bars[name]:g}: {'MISSED' if name in missed else 'holds'}" if name in bars else ""
        lines.append(f"{name:<36} {shown}{bar}")
    return "\n".join(lines), missed


def finish(file: str, numbers: Mapping[str, Any], bars: Mapping[str, float]) -> int:
    """Print them, write `benchmarks/results/{file}.json`, and give the exit code: 0 when every bar holds."""
    report = {"numbers": dict(numbers), "limits": dict(bars), "machine": machine()}
    (RESULTS / f"{file}.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    lines, missed = told(numbers, bars)
    print(lines, f"load of this computer                {report['machine']['load']}", sep="\n")
    print(f"missed: {', '.join(missed)}" if missed else "every bar holds")
    return 1 if missed else 0
