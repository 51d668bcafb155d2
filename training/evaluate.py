"""Measure the demo model: `python -m training.evaluate resources/models/demo --json FILE --sheet FOLDER`.

Draws clips for prompts that training never saw, in batches, with the product's own pipeline, and reads them back
with detectors. `--dry` puts rendered clips in the place of drawn ones: it measures the measurement.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin starve each other on a shared machine

import numpy as np
import torch

from training import configs, evaluate_cases
from training.detect import Seen, agrees, be_single, detect
from training.evaluate_cases import FOUR, Case, Group, rendered
from training.evaluate_rows import (
    Outcome,
    Row,
    adherence_rows,
    control_rows,
    decibels,
    picture_rows,
    share,
    size_rows,
    table,
)
from training.evaluate_sampling import generate, load, reconstruct, to_bytes
from training.evaluate_sheets import save_sheets
from training.scene import PHOTO
from training.world import layout, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.engine.pipeline import Wan22Pipeline

__all__ = ["main", "table"]
READ_FIELDS = (*FOUR, "size", "camera", "weather", "second")


def look(clip: np.ndarray, photo: bool) -> tuple[Seen, np.ndarray]:
    """What `clip` shows and five small frames of it; runs in a process of its own."""
    stills = clip[np.linspace(0, len(clip) - 1, 5).round().astype(int), ::2, ::2]
    return detect(clip, photo=photo), np.ascontiguousarray(stills)


def produce(
    cases: list[Case], pipeline: Wan22Pipeline | None, args: argparse.Namespace
) -> Iterator[tuple[int, np.ndarray]]:
    """Place and clip of each case: drawn by the model, or rendered where there is none."""
    if pipeline is None:
        device = torch.device(args.device)
        return ((place, rendered(case, device)) for place, case in enumerate(cases))
    return generate(pipeline, [case.ask for case in cases], args.steps, args.batch, args.shift)


def judge(
    cases: list[Case],
    pipeline: Wan22Pipeline | None,
    args: argparse.Namespace,
    pool: ProcessPoolExecutor,
    keep: bool = False,
) -> list[Outcome]:
    """An outcome for each case; `keep` holds on to the clips. Reading goes on beside drawing."""
    waiting, outcomes, begun = {}, [], time.monotonic()
    for place, clip in produce(cases, pipeline, args):
        case = cases[place]
        image = case.ask.image
        quality = None if image is None else decibels(clip[0], image)
        future = pool.submit(look, clip, case.scene.setting == PHOTO)
        waiting[place] = (future, quality, clip if keep else None)
        if len(waiting) % 100 == 0:
            print(f"{len(waiting)}/{len(cases)} clips, {time.monotonic() - begun:.0f} s", flush=True)
    for place, case in enumerate(cases):
        future, quality, clip = waiting[place]
        outcomes.append(Outcome(case, *future.result(), quality, clip))
    return outcomes


def judge_groups(
    groups: list[Group],
    pipeline: Wan22Pipeline | None,
    args: argparse.Namespace,
    pool: ProcessPoolExecutor,
) -> dict[str, list[Outcome]]:
    """The outcomes of each group. Groups share batches, but for those that ask whether a seed repeats."""
    together = [group for group in groups if not group.key.startswith("seed")]
    flat = judge([case for group in together for case in group.cases], pipeline, args, pool)
    outcomes, start = {}, 0
    for group in together:
        outcomes[group.key] = flat[start : start + len(group.cases)]
        start += len(group.cases)
    for group in groups:
        if group not in together:
            outcomes[group.key] = judge(list(group.cases), pipeline, args, pool, keep=True)
    return outcomes


def vae_rows(
    pipeline: Wan22Pipeline, photos: list[np.ndarray], args: argparse.Namespace, pool: ProcessPoolExecutor
) -> list[Row]:
    """How well the VAE keeps clips, in dB, and how often the detectors are right on what it has kept."""
    scenes = [case.scene for case in evaluate_cases.cases(args.most(64), evaluate_cases.anything, (), 13)]
    size = (configs.FRAMES, configs.HEIGHT, configs.WIDTH)
    clips = layout(scenes, *size, torch.Generator().manual_seed(evaluate_cases.SEED))
    row, kept = _vae_row("VAE: rendered clips", pipeline, render(clips, *size[1:], args.device), 33.0)
    rows = [row]
    if photos:
        pixels = evaluate_cases.photo_pixels(photos, args.most(24))
        rows.append(_vae_row("VAE: clips of unseen photographs", pipeline, pixels, 25.0)[0])
    seen = list(pool.map(detect, kept))
    for field in FOUR:
        right = [agrees(one, scene, field) for one, scene in zip(seen, scenes, strict=True)]
        rows.append(Row(f"detectors on what the VAE has kept: {field}", len(right), float(np.mean(right))))
    return rows


def _vae_row(what: str, pipeline: Wan22Pipeline, clips: torch.Tensor, bar: float) -> tuple[Row, np.ndarray]:
    """The row, and what the VAE has kept of `clips`: uint8 [N, T, H, W, 3]."""
    kept = to_bytes(reconstruct(pipeline, clips)).numpy()
    values = [decibels(mine, its) for mine, its in zip(kept, to_bytes(clips).cpu().numpy(), strict=True)]
    return Row(what, len(values), float(np.mean(values)), "dB", bar), kept


def detector_rows(args: argparse.Namespace, pool: ProcessPoolExecutor) -> list[Row]:
    """How often the detectors are right on rendered clips: no figure of a model can be better."""
    rich = evaluate_cases.cases(args.most(150), evaluate_cases.anything, (), 14)
    outcomes = judge(list(rich), None, args, pool)
    return [
        Row(f"detectors on rendered clips: {field}", len(outcomes), share(outcomes, [field]))
        for field in READ_FIELDS
    ]


def all_rows(outcomes: dict[str, list[Outcome]], groups: list[Group]) -> list[Row]:
    """Every row that comes from judged clips."""
    rows: list[Row] = []
    for group in groups:
        if group.key in evaluate_cases.ADHERENCE:
            rows += adherence_rows(group.key, outcomes, group.fields)
        if group.key in ("picture", "photo"):
            rows += picture_rows(group.key, outcomes[group.key])
    return [*rows, *control_rows(outcomes), *size_rows(outcomes)]


def weight_rows(folder: Path) -> list[Row]:
    """What the model takes on the disk, in MB (millions of bytes)."""
    sizes = [path.stat().st_size / 1e6 for path in folder.rglob("*") if path.is_file()]
    return [Row("all files", len(sizes), sum(sizes), "MB"), Row("largest file", 1, max(sizes), "MB")]


def evaluate(args: argparse.Namespace) -> dict[str, object]:
    """Measure everything; the result is ready for JSON and `table`."""
    begun, device = time.monotonic(), torch.device(args.device)
    photos, notes = [], []
    if args.photos:
        from training.photos import load_photos

        photos = load_photos(args.photos, "held_out")
    else:
        notes.append("Photographs were not measured: no --photos.")
    pipeline = None if args.dry else load(args.model, device)
    groups = evaluate_cases.prompt_groups(args.quick) + evaluate_cases.size_groups(args.quick)
    groups.append(evaluate_cases.picture_group(args.quick, device))
    if photos:
        groups.append(evaluate_cases.photo_group(photos, args.quick))
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    with ProcessPoolExecutor(args.workers, get_context("spawn"), be_single) as pool:  # they inherit the above
        outcomes = judge_groups(groups, pipeline, args, pool)
        rows = all_rows(outcomes, groups) + detector_rows(args, pool)
        if pipeline is not None:
            rows = vae_rows(pipeline, photos, args, pool) + rows + weight_rows(args.model)
    if args.sheet:
        save_sheets(args.sheet, {group.key: (group.fields, outcomes[group.key]) for group in groups})
    seconds = time.monotonic() - begun
    machine = torch.cuda.get_device_name(device) if device.type == "cuda" else "a processor"
    notes.append(f"{args.steps} steps, flow shift {args.shift:g}; measured in {seconds:.0f} s on {machine}.")
    return {"rows": [row.as_dict() for row in rows], "notes": notes, "seconds": seconds}


class Arguments(argparse.Namespace):
    """The command line."""

    quick: int | None

    def most(self, count: int) -> int:
        """`count`, or fewer in a quick measurement."""
        return count if self.quick is None else min(count, self.quick)


def parse(arguments: list[str] | None) -> Arguments:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="the model's folder")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--photos", type=Path, help="the shard that training.photos makes")
    parser.add_argument("--json", type=Path, help="also write the result here")
    parser.add_argument("--sheet", type=Path, help="also write contact sheets (PNG) into this folder")
    parser.add_argument("--quick", type=int, metavar="N", help="at most N clips of each kind")
    parser.add_argument("--dry", action="store_true", help="judge rendered clips instead of drawn ones")
    parser.add_argument("--steps", type=int, help="denoising steps (default: the model's own)")
    parser.add_argument("--batch", type=int, default=48, help="clips drawn at once")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes that read clips")
    args = parser.parse_args(arguments, Arguments())
    own = json.loads((args.model / "model.json").read_text(encoding="utf-8"))["defaults"]
    args.steps, args.shift = args.steps or own["num_inference_steps"], own["flow_shift"]
    return args


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and keep the result where the export phase finds it."""
    args = parse(arguments)
    result = evaluate(args)
    print(table(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
