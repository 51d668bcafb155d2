"""How far from the exact clip each precision and speed is, on the built-in model: what people are told who choose it.

    python -m benchmarks.deviation [--frames 13] [--rows fp8 fast ...]

Draws the twenty prompts of `demo_prompts.py` with the official recipe (50 steps) exactly and in each other way, with
the same noise, and compares frames. Writes benchmarks/results/deviation.json and what the window and `--help` tell,
resources/deviation.json. Run it again whenever the built-in model, a table or a precision changes; it takes about
five minutes on two quiet cores. It is a smoke test of the ways, and says nothing about the 5 B.

"bf16" is what a card computes in when nothing else is asked for, transformer and VAE; "fp8" rounds weights and
inputs of the transformer's blocks as a card does. Rows that are not asked for stay as they were.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from benchmarks.demo_prompts import PROMPTS
from benchmarks.fast_table import DEMO, STEPS, Drawing, psnr
from benchmarks.fresh import RESULTS
from wan_desktop.domain.exactness import FILE
from wan_desktop.engine import device, fast, loading
from wan_desktop.engine.prompt_cache import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHARE = 5
"""Prompts that one process draws, together; seeds count from 0 in each."""
RESOURCE = DEMO.parents[1] / FILE


class Way(NamedTuple):
    """One way to draw: the transformer's precision, the table of steps, and the types of a card or of a processor."""

    precision: str = "exact"
    letters: str = fast.FULL * STEPS
    dtype: str = "float32"


WAYS = {
    "bf16": Way(dtype="bfloat16"),
    "fp8": Way(precision="fp8"),
    "fast": Way(letters=fast.TABLE),
    "fast+fp8": Way(precision="fp8", letters=fast.TABLE),
}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=13)
    parser.add_argument("--rows", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--prompts", type=int, default=len(PROMPTS), help="the first so many, to try it")
    args = parser.parse_args()
    prompts = PROMPTS[: args.prompts]
    began = time.monotonic()
    rows = measured(prompts, args.frames, args.rows)
    found = about(prompts, args.frames) | {"seconds": round(time.monotonic() - began), "rows": rows}
    print(json.dumps(found, indent=1), flush=True)
    if len(prompts) == len(PROMPTS):
        write(found, RESULTS / "deviation.json", RESOURCE)


def measured(prompts: Sequence[str], num_frames: int, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """PSNR of each way's frames to the exact ones, by the way's name."""
    shares = [(prompts[i : i + SHARE], num_frames, tuple(names)) for i in range(0, len(prompts), SHARE)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(
        min(len(shares), os.cpu_count() or 1)
    ) as pool:  # one thread each: small networks gain nothing
        found = pool.starmap(of_some, shares, chunksize=1)
    rows = {}
    for name in names:
        values = [value for share in found for value in share[name]]
        rows[name] = {
            "median_psnr": round(statistics.median(values), 2),
            "worst_psnr": round(min(values), 2),
            "psnr": [round(value, 2) for value in values],
        }
    return rows


def of_some(prompts: Sequence[str], num_frames: int, names: Sequence[str]) -> dict[str, list[float]]:
    """PSNR of each prompt's frames in each way."""
    drawing = Drawing(tuple(prompts), num_frames)
    torch.set_num_threads(1)
    exact = list(drawing.frames(drawing.latents(Way().letters)))
    found = {}
    for name in names:
        way = WAYS[name]
        change(drawing, way)
        frames = drawing.frames(drawing.latents(way.letters))
        found[name] = [psnr(ours, theirs, 255) for ours, theirs in zip(frames, exact, strict=True)]
    return found


def change(drawing: Drawing, way: Way) -> None:
    """Load the networks that draw and develop this way."""
    cpu = replace(device.choose("cpu", device.probe()), dtype=way.dtype)
    for component in ("transformer", "vae"):
        loading.load_part(drawing.pipeline, DEMO, cpu, component, precision=way.precision)


def about(prompts: Sequence[str], num_frames: int) -> dict[str, Any]:
    """What was measured, and with what."""
    return {
        "model": fingerprint(sorted(DEMO.rglob("*.safetensors")))[:16],
        "prompts": len(prompts),
        "steps": STEPS,
        "frames": num_frames,
        "table": fast.TABLE,
        "torch": str(torch.__version__),
    }


def write(found: dict[str, Any], result: Path, resource: Path) -> None:
    """Put what was `found` into both files; rows that were not measured now are kept if the model is the same."""
    try:
        before = json.loads(result.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    if before.get("model") == found["model"]:
        found = found | {"rows": before["rows"] | found["rows"]}
    result.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    keys = ("median_psnr", "worst_psnr")
    rows = {name: {key: row[key] for key in keys} for name, row in found["rows"].items()}
    told = {"prompts": found["prompts"], "model": found["model"], "rows": rows}
    resource.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
