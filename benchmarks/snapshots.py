"""What keeping costs: a render with snapshots against one without, and a snapshot of the 5 B's size.

    python -m benchmarks.snapshots [--device cuda] [--pairs 2] [--steps 120] [--full]

Prints one JSON object. `--full` (for a card) adds a transformer of the 5 B's shape with random weights, which cost
what trained ones cost: its step with and without looking for a cancel before each block, and a cancel's seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.engine_cuda_check import RESOURCES, _job, _model

if TYPE_CHECKING:
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.pipeline import Wan22Pipeline

LARGE = (1, 48, 31, 44, 80)
"""Latents of 1280x704, 121 frames."""
EVERY_S = 15.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the render process does
    from wan_desktop.engine import device as devices

    device = devices.choose(arguments.device, devices.probe())
    devices.tune(device)
    seen: dict[str, Any] = {"device": device.info(), "large": large(device)}
    if arguments.pairs:
        seen["render"] = renders(device, arguments.pairs, arguments.steps)
    if arguments.full:
        seen["full"] = full(device)
    print(json.dumps(seen, indent=1))


def large(device: Device) -> dict[str, Any]:
    """Seconds and bytes of one snapshot of the 5 B's latents, after enough steps that the history is full."""
    import torch

    from wan_desktop.engine import keeping, samplers
    from wan_desktop.engine.pipeline import Step
    from wan_desktop.engine.snapshots import _snapshot

    scheduler = samplers.make("unipc", 50, 5.0, device.name)
    latents = torch.randn(LARGE, device=device.name)
    for t in scheduler.timesteps[:3]:
        latents = scheduler.step(torch.randn_like(latents), t, latents, return_dict=False)[0]
    seconds: dict[str, list[float]] = {"copy_s": [], "write_s": [], "read_s": []}
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        file = Path(folder, "snapshot")
        made = {
            "format": keeping.FORMAT,
            "request": {},
            "model": "",
            "torch": "",
            "diffusers": "",
            "plan": "",
        }
        for _ in range(5):
            began = time.perf_counter()
            snapshot = _snapshot(Step(2, 50, latents, latents, scheduler))
            copied = time.perf_counter()
            keeping.save_snapshot(file, snapshot, made)
            written = time.perf_counter()
            keeping.load_snapshot(file, made)
            seconds["copy_s"].append(copied - began)
            seconds["write_s"].append(written - copied)
            seconds["read_s"].append(time.perf_counter() - written)
        size = file.stat().st_size
    middle = {key: round(statistics.median(values), 3) for key, values in seconds.items()}
    worst = {f"worst_{key}": round(max(values), 3) for key, values in seconds.items()}
    return {
        "megabytes": round(size / 1e6, 1),
        **middle,
        **worst,
        "share": round(middle["copy_s"] / EVERY_S, 5),
    }


def renders(device: Device, pairs: int, steps: int) -> dict[str, Any]:
    """Drawing with a snapshot every 15 s and without any, in turns: seconds, and the processor's seconds.

    The second kind (writing counted in) hardly notices what else the computer does.
    """
    from wan_desktop.domain.events import Kept
    from wan_desktop.domain.job import WorkFiles
    from wan_desktop.engine.renderer import KEEP_NOTHING, Renderer
    from wan_desktop.engine.stopwatch import Stopwatch

    model, job = _model(RESOURCES / "models" / "demo"), _job(num_inference_steps=steps)
    keys = ("with_s", "without_s", "cpu_with_s", "cpu_without_s")
    seconds: dict[str, list[float]] = {key: [] for key in keys}
    kept = 0
    with tempfile.TemporaryDirectory() as folder:
        renderer = Renderer(device, Path(folder), RESOURCES)
        renderer.warm_up(model)
        for number in range(pairs):
            mine = f"{folder}/{number}"
            files = WorkFiles("", f"{mine}/snapshot", f"{mine}/latents", EVERY_S)
            for key, where in (("with_s", files), ("without_s", KEEP_NOTHING)):
                watch, cpu = Stopwatch(device), time.process_time()
                for event in renderer.render(job, model, None, lambda frames: None, watch, files=where):
                    kept += isinstance(event, Kept)
                seconds[key].append(watch.seconds["denoising"])
                seconds[f"cpu_{key}"].append(round(time.process_time() - cpu, 3))
    pairs_of_cpu = zip(seconds["cpu_with_s"], seconds["cpu_without_s"], strict=True)
    return {**seconds, "kept": kept, "cpu_more": [round(a / b - 1, 4) for a, b in pairs_of_cpu]}


def full(device: Device) -> dict[str, Any]:
    """A step of the 5 B's transformer at 1280x704, 121 frames: with and without looking, and a cancel's seconds."""
    import contextlib

    import torch

    from wan_desktop.domain.weight_names import TRANSFORMER
    from wan_desktop.engine import loaded
    from wan_desktop.engine.control import Control

    pipeline, latents = _full_pipeline(device), torch.randn(LARGE)
    seen: dict[str, Any] = {}
    for name in ("warm", "not_looking_s", "looking_s"):
        with pipeline.checked(Control().check) if name == "looking_s" else contextlib.nullcontext():
            seen[name] = _step_seconds(pipeline, latents, 4)
    seen["cancel_s"] = [round(_cancel(pipeline, latents, after), 3) for after in (0.1, 0.6, 1.1)]
    seen["peak_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
    pipeline.transformer.to("cpu")
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    pipeline.work_devices[TRANSFORMER] = torch.device(device.name)
    loaded.stream(pipeline.transformer, TRANSFORMER, torch.device(device.name))
    seen["streamed_s"] = _step_seconds(pipeline, latents, 3)
    seen["streamed_cancel_s"] = round(_cancel(pipeline, latents, 0.6), 3)
    seen["streamed_peak_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
    return seen


def _step_seconds(pipeline: Wan22Pipeline, latents: Any, steps: int) -> list[float]:
    import torch

    times, began = [], time.perf_counter()
    for _ in _steps(pipeline, latents, steps):
        torch.cuda.synchronize()
        times.append(round(time.perf_counter() - began, 3))
        began = time.perf_counter()
    return times


def _cancel(pipeline: Wan22Pipeline, latents: Any, after: float) -> float:
    """Seconds from the word, said `after` seconds into the first step, to the end of the work on the card."""
    import torch

    from wan_desktop.domain.errors import Cancelled
    from wan_desktop.engine.control import Control
    from wan_desktop.jobs.cancel import CancelToken

    token, said = CancelToken(), []

    def say() -> None:
        said.append(time.perf_counter())
        token.cancel()

    timer = threading.Timer(after, say)
    timer.start()
    try:
        with pipeline.checked(Control(token).check):
            for _ in _steps(pipeline, latents, 50):
                pass
    except Cancelled:
        torch.cuda.synchronize()
    return time.perf_counter() - said[0]


def _steps(pipeline: Wan22Pipeline, latents: Any, steps: int) -> Any:
    import torch

    embeds = torch.zeros(1, 100, 4096)
    return pipeline.steps(
        embeds, embeds, latents, num_inference_steps=steps, guidance_scale=5.0, flow_shift=5.0
    )


def _full_pipeline(device: Device) -> Wan22Pipeline:
    import torch
    from diffusers.models.transformers.transformer_wan import WanTransformer3DModel

    from benchmarks.stock_full_size import TRANSFORMER
    from wan_desktop.engine.pipeline import Wan22Pipeline

    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, device.dtype))
    with torch.device(device.name):
        transformer = WanTransformer3DModel(**TRANSFORMER).eval().requires_grad_(False)
    torch.set_default_dtype(before)
    transformer.rope = transformer.rope.float()
    return Wan22Pipeline(None, None, transformer, None)


if __name__ == "__main__":
    main()
