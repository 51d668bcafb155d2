"""Every number in one command: measures, stores the samples, and writes the table of README.md beside this file."""

from __future__ import annotations

import argparse
import json
import re
import statistics
from pathlib import Path
from typing import NamedTuple

from benchmarks import startup, window_stall
from benchmarks.fresh import RESULTS, save

README = Path(__file__).parent / "README.md"


class Number(NamedTuple):
    """One row: where its samples are, what it says, the most it may be. Seconds."""

    file: str
    key: str
    words: str
    most: float
    worst: bool = False


NUMBERS = (
    Number("startup", "version_s", "`wan-desktop --version`", 0.3),
    Number("startup", "visible_s", "window painted after the process starts", 1.0),
    Number("startup", "ready_s", "render process ready after the window's process starts", 6.0),
    Number("startup", "render_fresh_s", "clip by `render`, nothing running", 20.0),
    Number("window", "warm_clip_s", "clip in a running window, from click to library", 9.0),
    Number(
        "window", "longest_stall_s", "longest stall of the window, model loading included (worst)", 0.1, True
    ),
    Number("startup", "launch_s", "what `launch.py` adds to a later start", 0.3),
)
"""`worst`: the worst sample counts; otherwise the median."""


def table() -> str:
    """The stored results as a Markdown table."""
    rows = ["| number | at most | seen | samples |", "|---|---|---|---|"]
    for number in NUMBERS:
        samples = _stored(number.file)["samples"].get(number.key, [])
        if samples:
            seen = max(samples) if number.worst else statistics.median(samples)
            spread = f"{min(samples):.3f}–{max(samples):.3f}, {len(samples)} of them"
            mark = "" if seen <= number.most else " **too much**"
            rows.append(f"| {number.words} | {number.most:g} s | {seen:.3f} s{mark} | {spread} |")
    machine = _stored("startup")["machine"]
    told = ", ".join(f"{key} {value}" for key, value in machine.items())
    return "\n".join([*rows, "", f"Taken on: {told}."])


def _stored(name: str) -> dict[str, dict[str, list[float]]]:
    stored: dict[str, dict[str, list[float]]] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return stored


def main() -> None:
    """Measure (or with --table only print what is stored) and put the table where it is read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="measure nothing, show what is stored")
    if not parser.parse_args().table:
        save("startup", startup.measure())
        save("window", window_stall.measure())
    text = README.read_text("utf-8")
    marked = r"(?<=<!-- numbers -->\n).*?(?=<!-- end -->)"
    README.write_text(re.sub(marked, lambda _: f"\n{table()}\n\n", text, flags=re.DOTALL), "utf-8")
    print(table())


if __name__ == "__main__":
    main()
