"""Start-up: `--version`, the window on the screen, the render process ready, and a clip by `render` from nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.fresh import PROMPT, ROOT, own_folders, program, save, seconds_of


def window(renders: int) -> dict[str, Any]:
    """What a probe saw in a fresh window process that renders so many clips."""
    with own_folders() as environ:
        return window_in(environ, renders)


def window_in(environ: dict[str, str], renders: int = 0, search: str = "") -> dict[str, Any]:
    """The same in folders that may hold something already, and with a search in the library at the end."""
    file = Path(environ["WAN_DESKTOP_DATA"] + ".json")
    words = ["benchmarks.window_probe", str(time.monotonic()), str(renders), str(file), search]
    subprocess.run([sys.executable, "-m", *words], env=environ, cwd=ROOT, check=True, timeout=600)
    seen: dict[str, Any] = json.loads(file.read_text("utf-8"))
    if seen["failed"] or seen["exit_code"]:
        raise RuntimeError(f"the window did not do its work: {seen}")
    return seen


def measure(times: int = 5) -> dict[str, list[float]]:
    """Samples of every start-up number, in seconds; one unmeasured round first fills the page cache."""
    samples: dict[str, list[float]] = {"version_s": [], "visible_s": [], "ready_s": [], "render_fresh_s": []}
    for round_ in range(times + 1):
        with own_folders() as environ:
            found = {"version_s": seconds_of(program("--version"), environ)}
            if round_ <= 3:  # a whole clip each: three samples are enough
                found["render_fresh_s"] = seconds_of(
                    program("render", PROMPT, "--seed", str(round_)), environ
                )
        seen = window(renders=0)
        found |= {"visible_s": seen["visible_s"], "ready_s": seen["ready_s"]}
        if round_:
            for key, value in found.items():
                samples[key].append(value)
    if overhead := launch_overhead(times):
        samples["launch_s"] = overhead
    return samples


def launch_overhead(times: int) -> list[float]:
    """What launch.py adds to a start that has nothing to install; empty where launch.py made no environment here."""
    if not (ROOT / ".venv/installed.json").exists():
        return []
    base = getattr(sys, "_base_executable", sys.executable)
    with own_folders() as environ:
        pairs = [
            (seconds_of([base, "launch.py", "--version"], environ), seconds_of(program("--version"), environ))
            for _ in range(times + 1)
        ]
    return [launched - direct for launched, direct in pairs[1:]]


if __name__ == "__main__":
    print(save("startup", measure()))
