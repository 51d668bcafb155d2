"""What each memory plan costs: cards of 24, 12, 8 and 6 GiB on one large card, and the decoder cut into tiles.

    python -m benchmarks.memory_plans [--quick] [--cards 24 12 8 6] [--real] [--json FILE] [--folder DIR]
    python -m benchmarks.memory_plans --tiny            # the same on the processor, in seconds

A card of N GiB is simulated by capping PyTorch's allocator at N - 1 GiB. The 5 B's files are written with random
weights first (23 GB; they are used again when they are there). Everything goes through the engine's own loading,
plans and pipeline: text, two forwards a step, decode. Times are medians; a whole clip is text + 100 forwards +
decode. Each capped run is compared with uncapped ones of the same process, taken before and after it (with `--once`
before it alone). `--real` draws a whole clip of 50 steps on every card besides. Peaks are what PyTorch allocated from
when a stage's weights are there, beside what `engine/forecast.py` foretold; `arriving` is the most before that, when
the stage before may still be leaving.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.random_5b import GIB, Stages, as_gib, pieces, random_model, weights_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_desktop.engine.forecast import Forecast
    from wan_desktop.engine.loaded import Loaded
    from wan_desktop.engine.plans import Plan

FORWARDS = 100
"""Of the official recipe: 50 guided steps."""
STEPS = 50
CUTS = ((1, 1), (1, 2), (1, 3), (2, 2), (2, 3))


def main() -> None:
    """Measure, print every row as it comes, write the JSON; ends with code 1 when a card could not render."""
    arguments = _arguments()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the render process does
    began = time.monotonic()
    bench = Bench(arguments)
    for step in bench.steps(arguments.cards):
        said = step()
        print(f"[{time.monotonic() - began:6.1f} s] {json.dumps(said)}", flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(bench.seen, indent=1), encoding="utf-8")
    sys.exit(1 if any("failed" in row for row in bench.seen["cards"]) else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: four minutes at most")
    parser.add_argument(
        "--tiny", action="store_true", help="a tiny model on the processor, to try the script"
    )
    parser.add_argument("--cards", type=int, nargs="*", default=[24, 12, 8, 6], help="sizes in GiB")
    parser.add_argument("--size", default="1280x704", help="pixels")
    parser.add_argument("--frames", type=int, default=121)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help="for the weights: build/random-5b")
    parser.add_argument(
        "--real", action="store_true", help="also draw a whole clip of 50 steps on every card"
    )
    parser.add_argument("--once", action="store_true", help="one uncapped run, before the cards")
    parser.add_argument("--no-decoders", action="store_true", help="leave out the table of cuts")
    arguments = parser.parse_args()
    arguments.folder = arguments.folder or weights_folder(tiny=arguments.tiny)
    return arguments


class Bench:
    """The measurements; `seen` is what is written."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        import torch

        from wan_desktop.engine import device as devices
        from wan_desktop.engine.forecast import Forecast, Size
        from wan_desktop.engine.lean_pieces import EAGER

        self._tiny, self._quick = arguments.tiny, arguments.quick or arguments.tiny
        machine = devices.probe()
        self._device = devices.choose("cpu" if self._tiny else "auto", machine)
        devices.tune(self._device)
        width, height = (64, 32) if self._tiny else map(int, arguments.size.split("x"))
        self._size = Size(width, height, 5 if self._tiny else arguments.frames)
        self._decoders, self._real, self._once = not arguments.no_decoders, arguments.real, arguments.once
        began = time.monotonic()
        self._model = random_model(arguments.folder, tiny=self._tiny)
        wrote = time.monotonic() - began
        print(f"weights in {arguments.folder}, written in {wrote:.0f} s", flush=True)
        self._pieces = pieces(self._device)
        self._forecast: Forecast = Forecast.of(self._model, self._device, compiled=self._pieces is not EAGER)
        self._frames: Any = None
        self.seen: dict[str, Any] = {
            "device": self._device.info(),
            "torch": torch.__version__,
            "python": sys.version.split()[0],
            "size": [width, height, self._size.num_frames],
            "tiny": self._tiny,
            "writing_s": round(wrote, 1),
            "uncapped": [],
            "cards": [],
            "decoders": [],
        }

    def steps(self, cards: list[int]) -> Iterator[Callable[[], dict[str, Any]]]:
        """The measurements in order, each a function that does it and says what it saw."""
        yield self._uncapped
        for card in cards:
            yield lambda card=card: self._card(card)
        if cards:
            if not self._once:
                yield self._uncapped
            yield self._ratios
        if self._decoders:
            for cut in (*CUTS[:2], CUTS[-1]) if self._quick else CUTS:
                yield lambda cut=cut: self._decoder(cut)

    # ---- whole clips

    def _uncapped(self) -> dict[str, Any]:
        from wan_desktop.engine import plans

        row = self._clip(plans.CARD[0])
        self.seen["uncapped"].append(row)
        return row

    def _card(self, gib: int) -> dict[str, Any]:
        """A clip on a card of so many GiB; where memory runs out, the next plan, as the product does it."""
        import torch

        from wan_desktop.engine import plans
        from wan_desktop.engine.planner import free_now

        cap = (gib - 1) * GIB
        row: dict[str, Any] = {"card_gib": gib, "ran_out": []}
        self.seen["cards"].append(row)
        self._cap(cap)
        try:
            number = len(self.seen["cards"])  # on the processor there is no cap, so each plan has its turn
            if self._device.is_cuda:
                free = free_now(self._device)
                number = plans.fitting(self._forecast, self._size, free, plans.CARD)
            for plan in plans.CARD[number:]:
                try:
                    row |= self._clip(plan, real=self._real)
                    break
                except torch.OutOfMemoryError as error:
                    row["ran_out"].append({"plan": plan.name, "why": str(error).splitlines()[0][:300]})
                    print(f"  {gib} GiB: out of memory with {plan.name!r}", flush=True)
            else:
                row["failed"] = "out of memory with every plan"
        finally:
            self._cap(None)
        return row

    def _ratios(self) -> dict[str, Any]:
        """Every card's times to the mean of the uncapped ones."""
        plain = self.seen["uncapped"]
        told: dict[str, Any] = {}
        for row in self.seen["cards"]:
            if "clip_s" in row:
                parts = ("forward_s", "decode_s", "text_s", "clip_s")
                means = {part: sum(one[part] for one in plain) / len(plain) for part in parts}
                row["ratios"] = {part: round(row[part] / max(means[part], 1e-9), 3) for part in parts}
                told[f"{row['card_gib']} GiB"] = {"plan": row["plan"]} | row["ratios"]
        return told

    def _clip(self, plan: Plan, *, real: bool = False) -> dict[str, Any]:
        """Text, some steps and a decode with `plan`: medians, peaks, and what was foretold; all steps if `real`."""
        import torch

        from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
        from wan_desktop.engine.loaded import free

        free(self._device)
        loaded = self._loaded(plan)
        pipeline, stages = loaded.pipeline, Stages(self._device)
        drawn: list[float] = []
        with stages.of("encoding", loaded, TEXT_ENCODER):
            texts = [pipeline.encode_prompt(text).cpu() for text in ("a red ball on a lawn", "blurred")]
        with stages.of("denoising", loaded, TRANSFORMER):
            latents, seconds = self._draw(pipeline, texts, 4 if self._quick else 9)
            if real:
                latents, drawn = self._draw(pipeline, texts, 4 if self._tiny else STEPS)
        with stages.of("decoding", loaded, VAE):
            decode_s, difference = self._develop(pipeline, latents)
        loaded.rest()
        del loaded, pipeline
        free(self._device)
        forward_s, text_s = median(seconds[1:]) / 2, stages.took["encoding"]
        row = {
            "plan": plan.name,
            "forward_s": round(forward_s, 4),
            "decode_s": round(decode_s, 3),
            "text_s": round(text_s, 2),
            "clip_s": round(text_s + FORWARDS * forward_s + decode_s, 2),
            "steps_s": [round(s, 3) for s in seconds[1:]],
            "stages_s": {stage: round(s, 1) for stage, s in stages.took.items()},
            "peak_gib": as_gib(stages.peaks),
            "arriving_gib": as_gib(stages.arriving),
            "foretold_gib": as_gib(self._forecast.peaks(plan, self._size)),
            "finite": bool(torch.isfinite(latents).all()),
            "psnr_to_first_db": difference,
        }
        if real:
            total = text_s + sum(drawn) + decode_s
            row["real"] = {"steps": len(drawn), "draw_s": round(sum(drawn), 2), "clip_s": round(total, 2)}
        return row

    def _loaded(self, plan: Plan) -> Loaded:
        """The model with this plan, its pieces as a clip has them once they are compiled."""
        from wan_desktop.engine.loaded import Loaded
        from wan_desktop.engine.prompt_cache import PromptCache

        cache = PromptCache(Path(self._model.path) / "cache", "x")
        loaded = Loaded(self._model, plan, self._device, cache)
        loaded.pipeline.pieces = self._pieces
        return loaded

    def _draw(self, pipeline: Any, texts: list[Any], count: int) -> tuple[Any, list[float]]:
        """The latents after `count` steps, and the seconds of each; the first may compile."""
        import torch

        width, height, frames = self._size.width, self._size.height, self._size.num_frames
        latents = pipeline.prepare_latents(height, width, frames, torch.Generator("cpu").manual_seed(0))
        seconds = []
        run = pipeline.steps(
            texts[0], texts[1], latents, num_inference_steps=count, guidance_scale=5.0, flow_shift=5.0
        )
        began = time.perf_counter()
        for step in run:
            self._wait()
            seconds.append(time.perf_counter() - began)
            latents = step.latents
            if step.index % 10 == 9:
                print(f"    step {step.index + 1} of {count}: {sum(seconds):.1f} s", flush=True)
            began = time.perf_counter()
        return latents.cpu(), seconds

    def _develop(self, pipeline: Any, latents: Any) -> tuple[float, float | None]:
        """Seconds of decoding everything, after a short decode that warms up; decibels to the first clip's frames."""
        import numpy as np

        for _ in pipeline.decode(latents[:, :, :3]):
            pass
        seconds = []
        for _ in range(1 if self._quick else 3):
            self._wait()
            began = time.perf_counter()
            groups = list(pipeline.decode(latents))
            seconds.append(time.perf_counter() - began)
        frames = np.concatenate(groups)[:9]
        if self._frames is None:
            self._frames = frames
            return median(seconds), None
        error = float(np.mean((frames.astype(np.float32) - self._frames) ** 2))
        return median(seconds), 99.0 if error == 0 else round(10 * float(np.log10(255**2 / error)), 1)

    # ---- the decoder alone

    def _decoder(self, cut: tuple[int, int]) -> dict[str, Any]:
        """Decoding, cut into tiles, uncapped."""
        import torch

        from wan_desktop.domain.weight_names import VAE
        from wan_desktop.engine import plans
        from wan_desktop.engine.loaded import free

        free(self._device)
        plan = replace(plans.CARD[0], cut=cut)
        loaded, stages, size = self._loaded(plan), Stages(self._device), self._size
        latents = loaded.pipeline.prepare_latents(
            size.height, size.width, size.num_frames, torch.Generator("cpu").manual_seed(0)
        )
        with stages.of("decoding", loaded, VAE):
            seconds, _ = self._develop(loaded.pipeline, latents)
        loaded.rest()
        row = {
            "cut": list(cut),
            "decode_s": round(seconds, 3),
            "peak_gib": round(stages.peaks["decoding"] / GIB, 3),
            "foretold_gib": round(self._forecast.peaks(plan, size)["decoding"] / GIB, 3),
        }
        first = self.seen["decoders"][0]["decode_s"] if self.seen["decoders"] else row["decode_s"]
        row["ratio"] = round(row["decode_s"] / max(first, 1e-9), 3)
        self.seen["decoders"].append(row)
        return row

    # ---- the card

    def _wait(self) -> None:
        if self._device.is_cuda:
            import torch

            torch.cuda.synchronize(self._device.name)

    def _cap(self, allowed: int | None) -> None:
        if self._device.is_cuda:
            import torch

            total = torch.cuda.mem_get_info(self._device.name)[1]
            torch.cuda.empty_cache()
            fraction = 1.0 if allowed is None else min(1.0, allowed / total)
            torch.cuda.set_per_process_memory_fraction(fraction, self._device.name)


if __name__ == "__main__":
    main()
