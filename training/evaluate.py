"""Measure the demo model through the full pipeline: `python -m training.evaluate resources/models/demo`.

Draws unseen prompts, reads the clips with detectors, checks that image to video keeps its first frame, and
prints one JSON object and a table for the model card.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin starve each other on a shared machine

import numpy as np
import torch
from diffusers import UniPCMultistepScheduler, WanImageToVideoPipeline, WanPipeline
from PIL import Image

from training import configs
from training.detect import Seen, look
from training.words import Scene, plain_caption
from training.world import layout, random_scene, render

SEED = 20260101
FIELDS = ("colour", "background", "motion", "thing")


class OfficialUniPC(UniPCMultistepScheduler):
    """UniPC on the sigmas of Wan's own code: 0.999 to 0 before the shift."""

    def set_timesteps(
        self, num_inference_steps: int | None = None, device: torch.device | str | None = None, **_: object
    ) -> None:
        """Set `num_inference_steps` steps."""
        super().set_timesteps(sigmas=np.linspace(0.999, 0, num_inference_steps + 1)[:-1], device=device)


def unseen_scenes(count: int) -> list[Scene]:
    """Scenes of the test; training draws from other seeds."""
    rng = random.Random(SEED)
    return [random_scene(rng) for _ in range(count)]


def load(folder: Path, device: str) -> WanPipeline:
    """The model in float32 with Wan's own sigmas."""
    pipe = WanPipeline.from_pretrained(folder).to(device)
    pipe.scheduler = OfficialUniPC.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def settings(args: argparse.Namespace, seed: int) -> dict[str, object]:
    """What both pipelines are called with."""
    return {
        "negative_prompt": configs.NEGATIVE_PROMPT,
        "height": args.height,
        "width": args.width,
        "num_frames": args.frames,
        "num_inference_steps": args.steps,
        "guidance_scale": args.guidance,
        "generator": torch.Generator("cpu").manual_seed(seed),
        "output_type": "np",
    }


def text_to_video(pipe: WanPipeline, args: argparse.Namespace) -> dict[str, object]:
    """How many of the prompts come out right, by what was asked for."""
    counts = dict.fromkeys((*FIELDS, "colour and background"), 0)
    clips = []
    for seed, scene in enumerate(unseen_scenes(args.prompts)):
        prompt = plain_caption(scene)
        clip = pipe(prompt, **settings(args, seed)).frames[0]
        seen: Seen = look(clip)
        right = {name: getattr(seen, name) == getattr(scene, name) for name in FIELDS}
        right["colour and background"] = right["colour"] and right["background"]
        for name in counts:
            counts[name] += right[name]
        clips.append(clip[:: max(1, len(clip) // 3)])
        print(f"{seed + 1} {prompt}: {seen}", flush=True)
    if args.sheet and clips:
        _save_sheet(clips, args.sheet)
    return {"prompts": args.prompts, **counts}


def _save_sheet(clips: list[np.ndarray], path: Path) -> None:
    """A contact sheet of `clips`, one row each, at half size."""
    rows = [np.concatenate(list(clip[:4, ::2, ::2]), axis=1) for clip in clips]
    Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8)).save(path)


def image_to_video(pipe: WanPipeline, args: argparse.Namespace) -> dict[str, object]:
    """PSNR in dB of the first frame that comes out against the start image."""
    parts = {
        name: getattr(pipe, name) for name in ("tokenizer", "text_encoder", "transformer", "vae", "scheduler")
    }
    animate = WanImageToVideoPipeline(**parts, expand_timesteps=True)
    animate.set_progress_bar_config(disable=True)
    scenes = unseen_scenes(args.images)
    clips = layout(scenes, args.frames, args.height, args.width, torch.Generator().manual_seed(SEED))
    values = []
    for row, scene in enumerate(scenes):
        still = clips.__class__(*(getattr(clips, name)[row : row + 1] for name in clips.__slots__))
        still.centre, still.radius = still.centre[:, :1], still.radius[:, :1]
        first = render(still, args.height, args.width)[0, :, 0].permute(1, 2, 0)
        image = ((first + 1) * 127.5).round().byte().numpy()
        clip = animate(Image.fromarray(image), plain_caption(scene), **settings(args, row)).frames[0]
        values.append(float(10 * np.log10(1 / np.square(clip[0] - image / 255).mean())))
        print(f"image {row + 1}: {values[-1]:.1f} dB", flush=True)
    return {
        "images": len(values),
        "mean dB": round(float(np.mean(values)), 2),
        "least dB": round(min(values), 2),
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and keep the result where the export phase finds it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--width", type=int, default=configs.WIDTH)
    parser.add_argument("--height", type=int, default=configs.HEIGHT)
    parser.add_argument("--frames", type=int, default=configs.FRAMES)
    parser.add_argument("--steps", type=int, default=configs.STEPS)
    parser.add_argument("--guidance", type=float, default=configs.GUIDANCE)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--json", type=Path, help="also write the result here")
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet (PNG) here")
    args = parser.parse_args(arguments)
    pipe = load(args.model, args.device)
    with torch.inference_mode():
        result = {"text to video": text_to_video(pipe, args)} if args.prompts else {}
        if args.images:
            result["image to video"] = image_to_video(pipe, args)
    print(json.dumps(result))
    print(table(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def table(result: dict[str, dict[str, object]]) -> str:
    """The result as a Markdown table."""
    lines = ["| what | value |", "|---|---|"]
    lines += [
        f"| {group}: {name} | {value} |" for group, values in result.items() for name, value in values.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
