"""`wan-desktop render …`: from options to a draft, and how it went."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from wan_desktop.cli.devices import device
from wan_desktop.cli.numbers import real, whole
from wan_desktop.cli.output import CANCELLED, DONE, EXIT_CODES, RENDER_FAILED
from wan_desktop.cli.telling import JsonPrinter, TextPrinter
from wan_desktop.config.paths import resources_dir
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest
from wan_desktop.domain.exactness import BOTH, PRECISIONS, SPEEDS, read_deviations
from wan_desktop.domain.job import JobState
from wan_desktop.domain.memory import PLAN_NAMES
from wan_desktop.domain.places import model_on
from wan_desktop.domain.request import Draft, Lora

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def render_parser(commands: Any) -> None:
    """Add the command `render` to the program's commands."""
    render = commands.add_parser("render", help="render a clip and print its path", epilog=EXIT_CODES)
    render.add_argument("prompt", nargs="?", default="", metavar="PROMPT", help="what the clip shows")
    for option, metavar, text in (
        ("image", "FILE", "start image: the clip begins with it"),
        ("size", "WxH", "width and height in pixels, multiples of 32, such as 1280x704"),
        ("seconds", "S", "length in seconds (snapped to the nearest length the model can make)"),
        ("frames", "N", "length in frames, 4n+1 (instead of --seconds)"),
        ("fps", "N", "frames a second"),
        ("steps", "N", "denoising steps"),
        ("guidance", "X", "how closely to follow the prompt (1 = no guidance)"),
        ("shift", "X", "flow shift of the schedule"),
        ("sampler", "NAME", "sampler"),
        ("seed", "N", "the same seed gives the same clip"),
        ("negative", "TEXT", "what the clip should not show (default: the model's own)"),
        ("preset", "NAME", "a preset of the model"),
        (
            "precision",
            "NAME",
            _measured("exact, or fp8: less memory, and quicker on cards that have it", PRECISIONS),
        ),
        ("plan", "NAME", f"memory plan: {', '.join(PLAN_NAMES)} (auto: the quickest that fits)"),
        ("speed", "NAME", _measured("exact, or fast: some steps are guessed from those before", SPEEDS)),
        ("model", "NAME|DIR", "a model's folder, or demo"),
        (
            "on",
            "NAME",
            "render on a server of `remotes list`, or with `any` on whoever is free; --model is then a file there",
        ),
        ("device", "NAME", "auto, cpu, cuda or cuda:N"),
        ("out", "FILE", "put a copy of the clip here; the library keeps its own"),
    ):
        render.add_argument(f"--{option}", metavar=metavar, help=text)
    render.add_argument(
        "--lora",
        metavar="FILE:X",
        action="append",
        default=[],
        help="a LoRA and its strength; may be repeated",
    )
    render.add_argument("--json", action="store_true", help="print one JSON event a line")
    render.set_defaults(run=_render)


def _measured(text: str, names: Sequence[str]) -> str:
    """`text` with how far each of `names` is from exact, as measured."""
    found = read_deviations(resources_dir())
    told = [
        f"{name}: median {found[name].median_psnr:.0f} dB, lowest {found[name].worst_psnr:.0f} dB"
        for name in (*names, BOTH)
        if name in found
    ]
    if not told:
        return text
    return (
        f"{text} (PSNR to the exact clip over {found[names[-1]].prompts} prompts of the built-in model, which says "
        f"nothing about the 5 B: {'; '.join(told)})"
    )


def _render(args: argparse.Namespace) -> int:
    from wan_desktop.app import headless

    show = JsonPrinter() if args.json else TextPrinter()
    job, clip = headless.render(_draft(args), out=args.out, device=device(args.device), show=show.event)
    show.end(job, clip)
    return {JobState.DONE: DONE, JobState.CANCELLED: CANCELLED}.get(job.state, RENDER_FAILED)


def _draft(args: argparse.Namespace) -> Draft:
    width, height = _size(args.size)
    return Draft(
        prompt=args.prompt,
        negative_prompt=args.negative,
        image=os.path.abspath(args.image) if args.image is not None else None,
        width=width,
        height=height,
        num_frames=whole("frames", args.frames),
        seconds=real("seconds", args.seconds),
        fps=whole("fps", args.fps),
        preset=args.preset,
        num_inference_steps=whole("steps", args.steps),
        guidance_scale=real("guidance", args.guidance),
        flow_shift=real("shift", args.shift),
        sampler=args.sampler,
        precision=args.precision,
        speed=args.speed,
        plan=args.plan,
        seed=whole("seed", args.seed),
        model=args.model if args.on is None else model_on(args.on, args.model or ""),
        loras=tuple(map(_lora, args.lora)),
    )


def _lora(text: str) -> Lora:
    """FILE:0.8, or FILE alone; a colon may also stand in the name (C:\\...)."""
    file, colon, strength = text.rpartition(":")
    try:
        return Lora(os.path.abspath(file), float(strength)) if colon else Lora(os.path.abspath(text))
    except ValueError:
        return Lora(os.path.abspath(text))


def _size(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "“{value}” is not a size: write width and height like 1280x704."),
            field="size",
            value=text,
        )
    return whole("size", parts[0]), whole("size", parts[1])
