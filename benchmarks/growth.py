"""Seconds and GiB of the 5 B by a clip's size and length, with everything on the card.

    python -m benchmarks.growth [--quick] [--json FILE] [--folder DIR]
    python -m benchmarks.growth --tiny      # a tiny model on the processor, to try the script

Random weights through the engine's own loading and pipeline. A forward is half the median step after the first. The
decoder makes frame after frame, so the longest clip of a size tells what every shorter one takes: the time until its
last frame is in memory. A whole clip is text + 100 forwards + decode; peaks are what PyTorch allocated.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.random_5b import GIB, Stages, as_gib, pieces, random_model, weights_folder

if TYPE_CHECKING:
    from wan_desktop.engine.forecast import Size

FORWARDS = 100
"""Of the official recipe: 50 guided steps."""
SIZES = ((1280, 704), (832, 480), (1024, 576))
"""`--quick`: the first two."""
LENGTHS = (25, 49, 81, 121, 181, 241)
LONG_S = 0.6
"""One step counts, not two, where a forward takes longer and `--quick` was asked for."""


def main() -> None:
    """Measure, print every row as it comes, keep the JSON up to date."""
    arguments = _arguments()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the render process does
    growth = Growth(arguments)
    growth.measure()
    sys.exit(1 if growth.seen.get("failed") else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one step that counts where forwards are long")
    parser.add_argument("--tiny", action="store_true", help="a tiny model on the processor")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help="for the weights: build/random-5b")
    arguments = parser.parse_args()
    arguments.folder = arguments.folder or weights_folder(tiny=arguments.tiny)
    return arguments


class Growth:
    """The measurements; `seen` is what is written."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        import torch

        from wan_desktop.engine import device as devices
        from wan_desktop.engine import plans
        from wan_desktop.engine.forecast import Forecast, Size
        from wan_desktop.engine.lean_pieces import EAGER
        from wan_desktop.engine.loaded import Loaded
        from wan_desktop.engine.prompt_cache import PromptCache

        tiny, self._quick, self._json = arguments.tiny, arguments.quick, arguments.json
        sizes, lengths = (
            (((64, 32), (96, 64)), (5, 9)) if tiny else (SIZES[: 2 if self._quick else 3], LENGTHS)
        )
        self._sizes = [Size(*size, frames) for size in sizes for frames in lengths]
        self._device = devices.choose("cpu" if tiny else "auto", devices.probe())
        devices.tune(self._device)
        model = random_model(arguments.folder, tiny=tiny)
        quickest = pieces(self._device)
        self._forecast = Forecast.of(model, self._device, compiled=quickest is not EAGER)
        self._plan = plans.CARD[0]
        self._loaded = Loaded(model, self._plan, self._device, PromptCache(arguments.folder / "cache", "x"))
        self._loaded.pipeline.pieces = quickest
        self._stages, self._began = Stages(self._device), time.monotonic()
        self.seen: dict[str, Any] = {
            "device": self._device.info(),
            "torch": str(torch.__version__),
            "python": sys.version.split()[0],
            "tiny": tiny,
            "rows": [],
        }

    def measure(self) -> None:
        """All rows: first every forward, then every decode, as the weights of one go when the others come."""
        from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE

        pipeline = self._loaded.pipeline
        with self._stages.of("encoding", self._loaded, TEXT_ENCODER):
            texts = [pipeline.encode_prompt(text).cpu() for text in ("a red ball on a lawn", "blurred")]
        self.seen["text_s"] = round(self._stages.took["encoding"], 2)
        rows = self.seen["rows"]
        with self._stages.of("denoising", self._loaded, TRANSFORMER):
            for size in self._sizes:
                self._try(size, lambda row, size=size: row.update(self._drawn(size, texts)))
        with self._stages.of("decoding", self._loaded, VAE):
            for longest in [s for s in self._sizes if s.num_frames == self._sizes[-1].num_frames]:
                self._developed(longest)
        for row, size in zip(rows, self._sizes, strict=True):
            row["foretold_gib"] = as_gib(self._forecast.peaks(self._plan, size))
            if "forward_s" in row and "decode_s" in row:
                drawing = FORWARDS * row["forward_s"]
                row["clip_s"] = round(self.seen["text_s"] + drawing + row["decode_s"], 1)
            self._say(row)

    def _try(self, size: Size, work: Any) -> None:
        """A new row for `size`, filled by `work`; out of memory is told in it."""
        import torch

        from wan_desktop.engine.loaded import free

        row: dict[str, Any] = {"size": [size.width, size.height, size.num_frames]}
        self.seen["rows"].append(row)
        try:
            work(row)
        except torch.OutOfMemoryError as error:
            row["failed"] = self.seen["failed"] = str(error).splitlines()[0][:300]
            free(self._device)
        self._say(row)

    def _drawn(self, size: Size, texts: list[Any]) -> dict[str, Any]:
        """Seconds of a forward for a clip of this size, and the peak."""
        import torch

        pipeline = self._loaded.pipeline
        noise = torch.Generator("cpu").manual_seed(0)
        latents = pipeline.prepare_latents(size.height, size.width, size.num_frames, noise)
        seconds: list[float] = []
        run = pipeline.steps(
            texts[0], texts[1], latents, num_inference_steps=5, guidance_scale=5.0, flow_shift=5.0
        )
        self._stages.peak()
        began = time.perf_counter()
        for _ in run:
            self._stages.wait()
            seconds.append(time.perf_counter() - began)
            if len(seconds) > (1 if self._quick and seconds[-1] > 2 * LONG_S else 2 if self._quick else 3):
                break
            began = time.perf_counter()
        peak = self._stages.peak()
        return {
            "tokens": (size.num_frames + 3) // 4 * (size.width // 32) * (size.height // 32),
            "forward_s": round(median(seconds[1:]) / 2, 4),
            "steps_s": [round(s, 3) for s in seconds],
            "peak_gib": {"denoising": round(peak / GIB, 3)},
        }

    def _developed(self, longest: Size) -> None:
        """Seconds until the last frame of every length of this size is in memory, and the peaks until then."""
        import torch

        noise = torch.Generator("cpu").manual_seed(0)
        pipeline, size = self._loaded.pipeline, (longest.width, longest.height)
        latents = pipeline.prepare_latents(longest.height, longest.width, longest.num_frames, noise)
        for _ in pipeline.decode(latents[:, :, :3]):
            pass
        rows = {row["size"][2]: row for row in self.seen["rows"] if row["size"][:2] == [*size]}
        self._stages.wait()
        made, began, peak = 0, time.perf_counter(), 0
        self._stages.peak()
        for group in pipeline.decode(latents):
            made += len(group)
            if made in rows:
                taken, peak = time.perf_counter() - began, max(peak, self._stages.peak())
                rows[made]["decode_s"] = round(taken, 3)
                rows[made].setdefault("peak_gib", {})["decoding"] = round(peak / GIB, 3)
        self._say({"decoded": [*size], "seconds": {n: row.get("decode_s") for n, row in rows.items()}})

    def _say(self, what: Any) -> None:
        print(f"[{time.monotonic() - self._began:6.1f} s] {json.dumps(what)}", flush=True)
        if self._json:
            self._json.write_text(json.dumps(self.seen, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
