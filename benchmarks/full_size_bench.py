"""What the full-size benchmark measures with: seconds, memory, differences, and a record that is always on disk."""

from __future__ import annotations

import gc
import json
import math
import statistics
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from benchmarks import stock_full_size as stock

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

FULL, TINY = stock.Size(1280, 704, 121), stock.Size(96, 64, 9)
_BEGAN = time.monotonic()


class Bench:
    """One run: what is measured, on what, and what was found (`found`, ready for JSON)."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.device, self.tiny, self.rounds = args.device, args.tiny, 2 if args.tiny else args.rounds
        self.dtype = torch.float32 if args.device == "cpu" else torch.bfloat16
        self.size = TINY if args.tiny else stock.Size(args.width, args.height, args.frames)
        self.found: dict[str, Any] = {}
        self.latents = torch.randn(self.size.latents, device=self.device)
        self._file = args.json

    def say(self, name: str, **values: Any) -> None:
        """Keep the values and print them at once; what is there so far is in the file, whatever comes after."""
        rounded = {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in values.items()}
        self.found.setdefault(name, {}).update(rounded)
        told = "  ".join(f"{key} {value}" for key, value in rounded.items())
        print(f"[{time.monotonic() - _BEGAN:5.0f} s] {name}: {told}", flush=True)
        if self._file:
            Path(self._file).write_text(json.dumps(self.found, indent=1) + "\n", encoding="utf-8")

    def seconds(self, call: Callable[[], object]) -> float:
        """How long one call takes, the card's work included."""
        self._wait()
        began = time.perf_counter()
        call()
        self._wait()
        return time.perf_counter() - began

    def peak_gib(self, call: Callable[[], object]) -> float:
        """The most memory that PyTorch holds on the card during one call, in GiB; 0 without a card."""
        if self.device == "cpu":
            return 0.0
        free()
        torch.cuda.reset_peak_memory_stats()
        call()
        return float(torch.cuda.max_memory_allocated() / 2**30)

    def alternately(self, calls: dict[str, Callable[[], object]]) -> dict[str, float]:
        """Median seconds of each call, one round of all after the other; the first round does not count."""
        times: dict[str, list[float]] = {name: [] for name in calls}
        for name, call in calls.items():
            self.say("first calls", **{name: self.seconds(call)})
        for _ in range(self.rounds):
            for name, call in calls.items():
                times[name].append(self.seconds(call))
        self.say("rounds", **{name: [round(s, 4) for s in taken] for name, taken in times.items()})
        return {name: statistics.median(taken) for name, taken in times.items()}

    def attempt(self, name: str, part: Callable[[], None]) -> None:
        """Do a part of the measurement; one that fails is told, and the others go on."""
        try:
            part()
        except (RuntimeError, ImportError, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            traceback.print_exc()
            self.say("failed", **{name: f"{type(error).__name__}: {error}"[:500]})
            free()

    def kernels(self, name: str, call: Callable[[], object]) -> None:
        """Where `call` spends most of its time, in milliseconds a kernel."""
        from torch.profiler import ProfilerActivity
        from torch.profiler import profile as profiler

        on_card = self.device != "cpu"
        with profiler(
            activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_card else [])]
        ) as seen:
            self.seconds(call)
        key = "self_device_time_total" if on_card else "self_cpu_time_total"
        rows = sorted(seen.key_averages(), key=lambda row: -getattr(row, key))
        rows = [row for row in rows if not on_card or str(row.device_type).endswith("CUDA")][:16]
        for row in rows:
            print(f"    {getattr(row, key) / 1e3:9.2f} ms  {row.count:5d} x  {row.key[:90]}", flush=True)
        self.say(name, **{row.key[:60]: round(getattr(row, key) / 1e3, 2) for row in rows})

    def fallback(self, name: str, call: Callable[[], Any], without: Callable[[], None]) -> Any:
        """What `call` gives; when it fails that is told, and it is called again after `without`."""
        try:
            return call()
        except (RuntimeError, ImportError, OSError, ValueError, TypeError, AttributeError) as error:
            traceback.print_exc()
            self.say("failed", **{name: f"{type(error).__name__}: {error}"[:500]})
        without()
        return call()

    def _wait(self) -> None:
        if self.device != "cpu":
            torch.cuda.synchronize()


def apart(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The difference's root mean square over that of `theirs`."""
    return float((ours.float() - theirs.float()).norm() / theirs.float().norm())


def psnr(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """dB between two sets of frames of 0…255; 99 when they are the same."""
    error = float((ours.float() - theirs.float()).square().mean())
    return 99.0 if error == 0 else 10 * math.log10(255**2 / error)


def free() -> None:
    """Give back what nothing holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
