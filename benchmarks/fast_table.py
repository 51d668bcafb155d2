"""The table of `speed: fast`: searched for, and measured, on the built-in model.

    python -m benchmarks.fast_table --search MINUTES [--computed 20]
    python -m benchmarks.fast_table [--table LETTERS] [--frames 25] [--json FILE]

Measuring draws every prompt of `demo_prompts.py` exactly and fast, 50 steps, 256 x 160, and compares frames.
Searching
moves the computed steps about, one at a time, and keeps what brings small clips' latents nearer to the exact ones.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.demo_prompts import PROMPTS
from wan_desktop.engine import device, fast, loading, samplers
from wan_desktop.engine.decode import decode_frames
from wan_desktop.engine.prediction import pad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.engine.pipeline import Wan22Pipeline

DEMO = Path(__file__).resolve().parents[1] / "resources" / "models" / "demo"
STEPS, GUIDANCE, SHIFT = 50, 5.0, 5.0
WIDTH, HEIGHT = 256, 160
AT_ONCE = 5
"""Prompts drawn together."""
SEARCHED = 6
"""Prompts that the search looks at."""
ENOUGH = 42.0
"""dB of latents beyond which a clip counts no more in the search: the worse ones are what a table is for."""


class Drawing:
    """The built-in model on the processor, with the prompts' embeddings and the seeds 0, 1, 2, …"""

    def __init__(self, prompts: tuple[str, ...], num_frames: int) -> None:
        cpu = device.choose("cpu", device.probe())
        device.tune(cpu)
        self.pipeline: Wan22Pipeline = loading.bare_pipeline(DEMO)
        for component in ("transformer", "text_encoder", "vae"):
            loading.load_part(self.pipeline, DEMO, cpu, component)
        told = json.loads((DEMO / "model.json").read_text(encoding="utf-8"))
        encode = self.pipeline.encode_prompt
        self._positive = torch.cat([pad(encode(prompt)) for prompt in prompts])
        self._negative = pad(encode(told["negative_prompt"])).repeat(len(prompts), 1, 1)
        generators = (torch.Generator("cpu").manual_seed(seed) for seed in range(len(prompts)))
        self._noise = torch.cat(
            [self.pipeline.prepare_latents(HEIGHT, WIDTH, num_frames, generator) for generator in generators]
        )

    def latents(self, letters: str) -> torch.Tensor:
        """The finished latents of every prompt with this table, [N, z, f, h, w]."""
        count = len(self._noise)
        parts = (slice(first, first + AT_ONCE) for first in range(0, count, AT_ONCE))
        return torch.cat([self._some(letters, part) for part in parts])

    @torch.no_grad()
    def _some(self, letters: str, part: slice) -> torch.Tensor:
        scheduler = samplers.make("unipc", STEPS, SHIFT, torch.device("cpu"))
        embeds = [self._positive[part], self._negative[part]]
        velocity = self.pipeline.velocities(scheduler, embeds, GUIDANCE, letters)
        latents = self._noise[part]
        for index, t in enumerate(scheduler.timesteps):
            latents = scheduler.step(velocity(index, latents, t), t, latents, return_dict=False)[0]
        return latents

    def frames(self, latents: torch.Tensor) -> Iterator[torch.Tensor]:
        """Every clip's frames, float32 [n, H, W, 3] of 0…255."""
        for clip in latents.split(1):
            yield torch.cat(
                [torch.from_numpy(group).float() for group in decode_frames(self.pipeline.vae, clip)]
            )


def psnr(ours: torch.Tensor, exact: torch.Tensor, peak: float) -> float:
    """dB between two tensors whose values reach `peak`; 99 when they are the same."""
    error = float((ours - exact).square().mean())
    return 99.0 if error == 0 else min(99.0, 10 * math.log10(peak**2 / error))


def measure(letters: str, num_frames: int) -> dict[str, Any]:
    """dB of every prompt's frames, fast against exact."""
    drawing = Drawing(PROMPTS, num_frames)
    exact, quick = drawing.latents(fast.FULL * STEPS), drawing.latents(letters)
    pairs = zip(drawing.frames(exact), drawing.frames(quick), strict=True)
    found = [psnr(ours, theirs, 255) for theirs, ours in pairs]
    return {
        "table": letters,
        "forwards": fast.forwards(letters),
        "of": 2 * STEPS,
        "frames": num_frames,
        "median_db": round(statistics.median(found), 2),
        "lowest_db": round(min(found), 2),
        "db": {prompt: round(value, 2) for prompt, value in zip(PROMPTS, found, strict=True)},
        "torch": str(torch.__version__),
    }


def search(minutes: float, computed: int) -> str:
    """The best table with `computed` computed steps that was found in this time."""
    drawing = Drawing(PROMPTS[:SEARCHED], 9)
    exact = drawing.latents(fast.FULL * STEPS)
    peaks = [3 * float(clip.square().mean()) ** 0.5 for clip in exact]

    def worth(letters: str) -> float:
        clips = zip(drawing.latents(letters), exact, peaks, strict=True)
        return statistics.mean(min(ENOUGH, psnr(ours, theirs, peak)) for ours, theirs, peak in clips)

    chance, until = random.Random(0), time.monotonic() + 60 * minutes
    best = first_table(computed)
    record, tried = worth(best), {best}
    print(f"{record:6.2f} dB  {best}", flush=True)
    while time.monotonic() < until:
        letters = moved(best, chance)
        if letters in tried:
            continue
        tried.add(letters)
        value = worth(letters)
        if value > record:
            best, record = letters, value
            print(f"{record:6.2f} dB  {best}  after {len(tried)}", flush=True)
    return best


def first_table(computed: int) -> str:
    """Where a search begins: a third of the computed steps in a row, the others evenly over the rest."""
    start = computed // 3
    rest = computed - start
    places = {*range(start), *(start + round((i + 1) * (STEPS - start) / rest) - 1 for i in range(rest))}
    return "".join(fast.FULL if step in places else fast.SKIP for step in range(STEPS))


def moved(letters: str, chance: random.Random) -> str:
    """`letters` with one computed step, not of the first two, up to three places earlier or later."""
    letters_now = list(letters)
    taken = [i for i, letter in enumerate(letters) if letter == fast.FULL and i >= 2]
    free = [i for i, letter in enumerate(letters) if letter == fast.SKIP]
    place = chance.choice(taken)
    near = [i for i in free if abs(i - place) <= 3] or free
    letters_now[place], letters_now[chance.choice(near)] = fast.SKIP, fast.FULL
    return "".join(letters_now)


def main() -> None:
    """Search or measure, as the arguments say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--search", type=float, help="look for a table for so many minutes")
    parser.add_argument("--computed", type=int, default=20, help="of 50 steps")
    parser.add_argument("--table", default=fast.TABLE)
    parser.add_argument("--frames", type=int, default=25)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.search:
        print(search(args.search, args.computed), flush=True)
        return
    found = measure(args.table, args.frames)
    text = json.dumps(found, indent=1)
    print(text, flush=True)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
