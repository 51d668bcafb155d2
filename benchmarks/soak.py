"""Many short jobs in one host: memory, handles and time a job stay as they are.

    python -m benchmarks.soak [--jobs 100]

The host is `wan-desktop serve`, the engine draws small clips with the built-in model. After each
job both processes are looked at. Writes `benchmarks/results/soak.json`, prints the figures, and fails when the last
fifth of the jobs has more than 5 % more memory, or any more handles, than the first.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fresh import save
from benchmarks.real_host import RealHost
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft

if TYPE_CHECKING:
    import psutil

    from wan_desktop.domain.job import Job

DRAFT = Draft(
    prompt="a red ball moving right over a blue background",
    width=96,
    height=96,
    num_frames=5,
    num_inference_steps=4,
)
WARM = 30
"""Jobs before the first that counts: caches fill, allocators find their size."""
MOST = {"rss": 1.05, "uss": 1.05, "handles": 1.0, "seconds": 1.25}
"""The last fifth's middle over the first's; a job's seconds also depend on what else the computer does."""


def soak(folder: Path, jobs: int, warm: int = WARM) -> dict[str, list[float]]:
    """Render `warm` and then `jobs` jobs, one after the other; per job of the latter: host_rss, host_uss (MB),
    host_handles, render_…, seconds.

    Raises AssertionError when a job is not done.
    """
    host = RealHost(folder, snapshot_every_s=0)
    samples: dict[str, list[float]] = {}
    try:
        host.start()
        for number in range(warm + jobs):
            began = time.monotonic()
            _render(host, number)
            if number >= warm:
                _look(host, samples)
                samples.setdefault("seconds", []).append(time.monotonic() - began)
        assert host.stop() == 0
    finally:
        host.kill_all()
    return samples


def _render(host: RealHost, seed: int) -> None:
    ident = host.client.submit(replace(DRAFT, seed=seed)).result().id

    def ended() -> Job | None:
        job = host.jobs.get(ident)
        return job if job is not None and job.state.ended else None

    job: Job = host.wait(ended, f"job {seed}")
    assert job.state is JobState.DONE, job.error


def _look(host: RealHost, samples: dict[str, list[float]]) -> None:
    child = host.child
    assert child is not None, "the render process is gone"
    for name, process in (("host", host.process), ("render", child)):
        memory = process.memory_full_info()
        samples.setdefault(f"{name}_rss", []).append(memory.rss / 1e6)
        samples.setdefault(f"{name}_uss", []).append(memory.uss / 1e6)
        samples.setdefault(f"{name}_handles", []).append(_handles(process))


def _handles(process: psutil.Process) -> int:
    """Open files and threads: what a leak of either shows in."""
    files = process.num_handles() if sys.platform == "win32" else process.num_fds()
    return int(files + process.num_threads())


def growth(samples: dict[str, list[float]]) -> dict[str, float]:
    """Per row of samples: the middle of the last fifth over the middle of the first."""
    share = max(1, len(samples["seconds"]) // 5)
    middle = statistics.median
    return {key: middle(values[-share:]) / middle(values[:share]) for key, values in samples.items()}


def too_much(grown: dict[str, float], most: dict[str, float] = MOST) -> list[str]:
    """What grew more than it may, as sentences."""
    limits = {key: most[key.rpartition("_")[2]] for key in grown}
    return [f"{key} grew {grown[key]:.3f} times" for key in grown if grown[key] > limits[key]]


def main() -> int:
    """Soak, store, print; 1 when anything grew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=100)
    with tempfile.TemporaryDirectory(prefix="wan-desktop-soak-") as folder:
        samples = soak(Path(folder), parser.parse_args().jobs)
    grown = growth(samples)
    problems = too_much(grown)
    save(
        "soak",
        samples,
        jobs=len(samples["seconds"]),
        growth={key: round(value, 4) for key, value in grown.items()},
        problems=problems,
    )
    for key, times in grown.items():
        print(
            f"{key}: {statistics.median(samples[key]):.1f} in the middle, last fifth {times:.3f} of the first"
        )
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
