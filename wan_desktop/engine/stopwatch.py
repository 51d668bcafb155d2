"""Seconds per stage and peak memory of one render, for its recipe."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.domain.job import Stage
    from wan_desktop.engine.device import Device


class Stopwatch:
    """Measures one render on `device`. `levers` are the names of what made it quicker, if anything did."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.seconds: dict[str, float] = {}
        self.levers: tuple[str, ...] = ()
        if device.is_cuda:
            import torch

            torch.cuda.reset_peak_memory_stats(device.name)

    @contextlib.contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Count what happens inside towards `stage`."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - begin
            self.seconds[stage.value] = round(self.seconds.get(stage.value, 0.0) + spent, 3)

    def peak_memory(self) -> int:
        """Bytes: the most that torch held on the card, or, on the CPU, that the process ever used."""
        if self._device.is_cuda:
            import torch

            return int(torch.cuda.max_memory_allocated(self._device.name))
        import psutil

        memory = psutil.Process().memory_info()
        peak = getattr(memory, "peak_wset", 0)
        if not peak:
            import resource
            import sys

            unit = 1 if sys.platform == "darwin" else 1024
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        return int(peak)


def made_by(
    device: Device, fingerprint: str, watch: Stopwatch, plan: str, resumed_step: int = 0
) -> dict[str, Any]:
    """What produced a clip: versions, device, dtype, the model, memory plan and levers, peak memory in bytes.

    `seconds` per stage are those of this process alone: the steps up to `resumed_step` are another's.
    """
    from importlib.metadata import version

    from wan_desktop import __version__

    more: dict[str, Any] = {"resumed_step": resumed_step} if resumed_step else {}
    if watch.levers:
        more["levers"] = list(watch.levers)
    return {
        "app": __version__,
        "torch": device.torch,
        "diffusers": version("diffusers"),
        "device": device.name,
        "device_name": device.label,
        "dtype": device.dtype,
        "model_fingerprint": fingerprint,
        "plan": plan,
        "seconds": dict(watch.seconds),
        "peak_memory": watch.peak_memory(),
        **more,
    }
