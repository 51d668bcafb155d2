"""Fresh processes with folders of their own: what a user's first click of the day costs."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PROMPT = "a red ball moving right over a blue background"
"""The clip that every number is about: the built-in model's defaults, 256x160, 25 frames, 20 steps."""


@contextlib.contextmanager
def own_folders() -> Iterator[dict[str, str]]:
    """An environment in which the program has empty folders of its own and a window that is not shown."""
    with tempfile.TemporaryDirectory(prefix="wan-desktop-benchmark-") as folder:
        mine = {
            f"WAN_DESKTOP_{kind}": str(Path(folder, kind)) for kind in ("DATA", "CONFIG", "CACHE", "LOGS")
        }
        screen = os.environ.get("QT_QPA_PLATFORM", "offscreen")
        yield {**os.environ, "QT_QPA_PLATFORM": screen, "PYTHONPATH": str(ROOT), **mine}


def seconds_of(command: list[str], environ: dict[str, str]) -> float:
    """How long a fresh process takes from its start to its end. Raises CalledProcessError when it fails."""
    began = time.monotonic()
    subprocess.run(command, env=environ, cwd=ROOT, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.monotonic() - began


def program(*arguments: str, module: str = "wan_desktop") -> list[str]:
    """The command line of the program with these arguments."""
    return [sys.executable, "-P", "-m", module, *arguments]


def cores_of_others() -> Callable[[], float]:
    """Begins to count; called later: how many cores other programs than this one and its children took meanwhile."""
    import psutil

    def spent() -> tuple[float, float, float]:
        times, me = psutil.cpu_times(), psutil.Process()
        busy = sum(times) - times.idle - getattr(times, "iowait", 0.0)
        family = [me, *me.children(recursive=True)]
        return time.monotonic(), busy, sum(sum(each.cpu_times()[:2]) for each in family)

    before = spent()

    def share() -> float:
        elapsed, busy, ours = (now - then for now, then in zip(spent(), before, strict=True))
        return max(round((busy - ours) / elapsed, 2), 0.0)

    return share


def machine() -> dict[str, Any]:
    """What the numbers were taken on."""
    import psutil
    import torch

    from wan_desktop import __version__

    return {
        "wan_desktop": __version__,
        "date": time.strftime("%Y-%m-%d"),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=True),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load": round(psutil.getloadavg()[0], 2),
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def save(name: str, samples: dict[str, list[float]], **more: Any) -> Path:
    """Write `benchmarks/results/{name}.json`: the machine, and every sample of every number."""
    RESULTS.mkdir(exist_ok=True)
    rounded = {key: [round(value, 4) for value in values] for key, values in samples.items()}
    file = RESULTS / f"{name}.json"
    file.write_text(json.dumps({"machine": machine(), **more, "samples": rounded}, indent=1) + "\n", "utf-8")
    return file
