"""The engine on a CUDA card: right pictures, flat memory, errors that are told apart. Prints one JSON object.

    python -m benchmarks.engine_cuda_check [--device cuda] [--model resources/models/demo] [--full-vae]

Renders text and image to video in the card's precision with model offload and in float32 on the processor, and
compares. `--device cpu` runs the same without a card, to try the script itself.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from wan_desktop.domain.job import Job
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.renderer import Renderer

RESOURCES = Path(__file__).resolve().parents[1] / "resources"


def main() -> None:
    """Run every check and print what was seen; ends with code 1 when one failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--model", type=Path, default=RESOURCES / "models" / "demo")
    parser.add_argument(
        "--full-vae", action="store_true", help="decode 1280x704 with a VAE of the 5 B's width"
    )
    arguments = parser.parse_args()
    from wan_desktop.engine import device as devices

    device = devices.choose(arguments.device, devices.probe())
    devices.tune(device)
    seen: dict[str, Any] = {"device": device.info(), "failed": []}
    with tempfile.TemporaryDirectory() as cache:
        model = _model(arguments.model)
        for name, check in _checks(device, model, Path(cache), full_vae=arguments.full_vae):
            began = time.monotonic()
            seen[name], passed = check()
            seen[name]["seconds"] = round(time.monotonic() - began, 1)
            if not passed:
                seen["failed"].append(name)
    print(json.dumps(seen, indent=1))
    sys.exit(1 if seen["failed"] else 0)


def _checks(device: Device, model: ModelSpec, cache: Path, *, full_vae: bool) -> Iterator[tuple[str, Any]]:
    from wan_desktop.engine.renderer import Renderer

    renderer = Renderer(device, cache, RESOURCES)
    yield "text_to_video", lambda: _pictures(renderer, device, model, cache, image=False)
    yield "image_to_video", lambda: _pictures(renderer, device, model, cache, image=True)
    yield "decode_memory", lambda: _flat(renderer.load(model).pipeline, device, 256, 160)
    if full_vae:
        yield (
            "decode_memory_full",
            lambda: _flat(_full_vae_pipeline(renderer.load(model).pipeline, device), device, 1280, 704),
        )
    if device.is_cuda:
        yield "plans", lambda: _plans(renderer, device, model)
        yield "offload", lambda: _offload(renderer, device)
        yield "out_of_memory", lambda: _out_of_memory(renderer, device, model)
        yield "poison", _poison
    yield "process", lambda: _process(device, model, cache)


def _pictures(
    renderer: Renderer, device: Device, model: ModelSpec, cache: Path, *, image: bool
) -> tuple[dict[str, Any], bool]:
    """The card's frames against the processor's in float32, and against themselves."""
    from wan_desktop.engine import device as devices
    from wan_desktop.engine.renderer import Renderer

    job = _job(image=image)
    picture = _picture(job) if image else None
    frames, seconds, peak = _render(renderer, device, job, model, picture)
    again, again_seconds, _ = _render(renderer, device, job, model, picture)
    cpu = devices.choose("cpu", devices.probe())
    exact, cpu_seconds, _ = _render(Renderer(cpu, cache, RESOURCES), cpu, job, model, picture)
    seen = {
        "psnr_against_float32_cpu": _psnr(frames, exact),
        "psnr_first_frame": _psnr(frames[:1], exact[:1]),
        "psnr_of_two_runs": _psnr(frames, again),
        "peak_mib": peak,
        "stages": seconds,
        "stages_again": again_seconds,
        "stages_cpu": cpu_seconds,
    }
    return seen, seen["psnr_against_float32_cpu"] >= 25 and seen["psnr_of_two_runs"] >= 45


def _flat(pipeline: Any, device: Device, width: int, height: int) -> tuple[dict[str, Any], bool]:
    """Peak memory of decoding 25, 49 and 97 frames: all the same but for the latents themselves."""
    import torch

    from wan_desktop.engine import homes

    homes.bring(pipeline.vae, device.name)
    pipeline.work_devices["vae"] = torch.device(device.name)
    peaks = {}
    for num_frames in (25, 49, 97) if width < 1000 else (25, 49):
        generator = torch.Generator("cpu").manual_seed(0)
        latents = pipeline.prepare_latents(height, width, num_frames, generator)
        if device.is_cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device.name)
        frames = sum(len(group) for group in pipeline.decode(latents))
        if frames != num_frames:
            return {"frames": frames, "wanted": num_frames}, False
        peaks[num_frames] = torch.cuda.max_memory_allocated(device.name) // 2**20 if device.is_cuda else 0
    homes.leave(pipeline.vae)
    return {"peak_mib": peaks}, max(peaks.values()) - min(peaks.values()) <= 8


def _full_vae_pipeline(small: Any, device: Device) -> Any:
    import torch
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

    from benchmarks.stock_full_size import VAE
    from wan_desktop.engine.pipeline import Wan22Pipeline

    torch.manual_seed(0)
    with torch.device(device.name):
        vae = AutoencoderKLWan(**VAE).eval().requires_grad_(False)
    return Wan22Pipeline(None, None, small.transformer, vae)


def _plans(renderer: Renderer, device: Device, model: ModelSpec) -> tuple[dict[str, Any], bool]:
    """Every memory plan gives the frames of the first."""
    import dataclasses

    from wan_desktop.engine import plans

    first, seen = None, {}
    for number, plan in enumerate(plans.available(device)):
        job = dataclasses.replace(_job(image=True), plan=number)
        frames, seconds, peak = _render(renderer, device, job, model, _picture(job))
        first = frames if first is None else first
        seen[plan.name] = {"psnr": _psnr(frames, first), "peak_mib": peak, "stages": seconds}
    return seen, all(plan["psnr"] >= 45 for plan in seen.values())


def _offload(renderer: Renderer, device: Device) -> tuple[dict[str, Any], bool]:
    """Between jobs the card holds nothing of ours."""
    import torch

    renderer.rest()
    left = torch.cuda.memory_allocated(device.name) / 2**20
    return {"left_mib": round(left, 1)}, left <= 32


def _out_of_memory(renderer: Renderer, device: Device, model: ModelSpec) -> tuple[dict[str, Any], bool]:
    """A card with too little memory gives OutOfMemory, and the same process renders again afterwards."""
    import torch

    from wan_desktop.domain.errors import OutOfMemory
    from wan_desktop.engine import failures

    torch.cuda.set_per_process_memory_fraction(300 * 2**20 / device.vram_total, device.name)
    try:
        _render(renderer, device, _job(width=1280, height=704), model, None)
        known, poisoned = None, False
    except RuntimeError as error:
        known, poisoned = failures.translate(error), failures.poisons(error)
    renderer.rest()
    torch.cuda.set_per_process_memory_fraction(1.0, device.name)
    frames, _, _ = _render(renderer, device, _job(), model, None)
    seen = {"error": repr(known), "poisoned": poisoned, "frames_afterwards": len(frames)}
    return seen, isinstance(known, OutOfMemory) and not poisoned


def _poison() -> tuple[dict[str, Any], bool]:
    """An error inside a kernel is told from one that the process survives."""
    code = (
        "import torch\n"
        "from wan_desktop.engine import failures\n"
        "try:\n"
        "    torch.zeros(4, device='cuda')[torch.tensor([9], device='cuda')].cpu()\n"
        "except Exception as error:\n"
        "    print('poisoned', failures.poisons(error), type(error).__name__, failures.translate(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    return {"said": done.stdout.strip()}, done.stdout.startswith("poisoned True")


def _process(device: Device, model: ModelSpec, cache: Path) -> tuple[dict[str, Any], bool]:
    """The real render process: ready, a clip in a file (where PyAV is installed), a cancel."""
    from wan_desktop import child
    from wan_desktop.domain.job import WorkFiles

    context = multiprocessing.get_context("spawn")
    conn, theirs = context.Pipe()
    settings = {
        "device": device.name,
        "model": model,
        "cache_dir": cache,
        "resources_dir": RESOURCES,
        "log_dir": cache,
    }
    process = context.Process(target=child.main, args=(theirs, settings), daemon=True)
    began = time.monotonic()
    process.start()
    theirs.close()
    seen: dict[str, Any] = {}
    _until(conn, lambda m: m[0] == "event" and m[1].state == "ready")
    seen["ready_s"] = round(time.monotonic() - began, 2)
    part = cache / "clip.part"
    files = WorkFiles(str(part), f"{part}.snapshot", f"{part}.latents")
    conn.send(("render", _job(), model, None, files))
    answer = _until(conn, _ends)
    seen["answer"] = answer[1].made_by if answer[0] == "event" else repr(answer)
    seen["bytes"] = part.stat().st_size if part.exists() else 0
    nothing = WorkFiles(str(part), "", "")
    conn.send(("render", _job(width=1280, height=704, num_inference_steps=200), model, None, nothing))
    _until(conn, lambda m: m[0] == "event" and getattr(m[1], "done", 0) >= 2)
    began = time.monotonic()
    conn.send(("cancel", "check"))
    cancelled = _until(conn, _ends)
    seen["cancel_s"] = round(time.monotonic() - began, 3)
    conn.send(("stop",))
    process.join(30)
    seen["exit_code"] = process.exitcode
    written = answer[0] == "event" or importlib.util.find_spec("av") is None
    return seen, written and cancelled[0] == "cancelled" and process.exitcode == 0


def _until(conn: Any, wanted: Any) -> tuple[Any, ...]:
    while True:
        if not conn.poll(300):
            raise TimeoutError("the render process says nothing")
        message: tuple[Any, ...] = conn.recv()
        if wanted(message):
            return message


def _ends(message: tuple[Any, ...]) -> bool:
    return message[0] not in ("event", "alive") or type(message[1]).__name__ == "Rendered"


def _render(
    renderer: Renderer, device: Device, job: Job, model: ModelSpec, picture: np.ndarray | None
) -> tuple[np.ndarray, dict[str, float], int]:
    """Frames, seconds per stage, peak MiB."""
    import numpy as np

    from wan_desktop.engine.stopwatch import Stopwatch

    groups: list[np.ndarray] = []
    watch = Stopwatch(device)
    for _ in renderer.render(job, model, picture, groups.append, watch):
        pass
    return np.concatenate(groups), watch.seconds, watch.peak_memory() // 2**20


def _psnr(one: np.ndarray, two: np.ndarray) -> float:
    """Decibels between two clips of uint8 pixels; 99 when they are equal."""
    import math

    import numpy as np

    error = float(np.mean((one.astype(np.float64) - two) ** 2))
    return 99.0 if error == 0 else round(10 * math.log10(255**2 / error), 2)


def _picture(job: Job) -> np.ndarray:
    """A red disc over a blue gradient, uint8 [height, width, 3]."""
    import numpy as np

    width, height = job.request.width, job.request.height
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([0 * x, y // 2, 120 + x // 3], axis=-1).clip(0, 255).astype(np.uint8)
    picture[(x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 5) ** 2] = (210, 30, 30)
    return picture


def _job(*, image: bool = False, **changes: Any) -> Job:
    from wan_desktop.domain.job import Job, JobState
    from wan_desktop.domain.request import RenderRequest

    values: dict[str, Any] = {
        "prompt": "a red ball moving right over a blue background",
        "negative_prompt": "",
        "image": "picture" if image else None,
        "width": 256,
        "height": 160,
        "num_frames": 25,
        "fps": 24,
        "num_inference_steps": 20,
        "guidance_scale": 5.0,
        "flow_shift": 5.0,
        "sampler": "unipc",
        "seed": 1,
        "model": "demo",
    }
    return Job("check", RenderRequest(**values | changes), JobState.RUNNING, order=0.0, created_at=0.0)


def _model(folder: Path) -> ModelSpec:
    from wan_desktop.domain.model import Limits, ModelSpec

    return ModelSpec(
        id="demo",
        label="",
        path=str(folder),
        fingerprint="check",
        demo=True,
        description="",
        width=256,
        height=160,
        num_frames=25,
        fps=24,
        negative_prompt="",
        limits=Limits(),
        sizes=(),
        presets=(),
    )


if __name__ == "__main__":
    main()
