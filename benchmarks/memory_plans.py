"""What each memory plan costs: cards of 24, 12, 8 and 6 GiB on one large card, and the decoder cut into tiles.

    python -m benchmarks.memory_plans [--quick] [--cards 24 12 8 6] [--json FILE] [--folder DIR]
    python -m benchmarks.memory_plans --grow --cards    # seconds and GiB by size and length, uncapped
    python -m benchmarks.memory_plans --tiny            # the same on the processor, in seconds

A card of N GiB is simulated by capping PyTorch's allocator at N - 1 GiB. The 5 B's files are written with random
weights first (23 GB; they are used again when they are there). Everything goes through the engine's own loading,
plans and pipeline: text, two forwards a step, decode. Times are medians; a whole clip is text + 100 forwards +
decode. Each capped run is compared with uncapped ones of the same process, taken before and after it.
Peaks are what PyTorch allocated, beside what `engine/forecast.py` foretold.
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.forecast import Forecast
    from wan_desktop.engine.plans import Plan

GIB = 2**30
FORWARDS = 100
"""Of the official recipe: 50 guided steps."""
GROWTH = [(size, frames) for size in ((832, 480), (1280, 704)) for frames in (25, 49, 81, 121, 181, 241)]
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
    parser.add_argument("--folder", type=Path, default=Path("build") / "random-5b", help="for the weights")
    parser.add_argument("--grow", action="store_true", help="a table by size and length instead of cuts")
    parser.add_argument("--no-decoders", action="store_true", help="leave out the table of cuts")
    return parser.parse_args()


class Bench:
    """The measurements; `seen` is what is written."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        import torch

        from wan_desktop.engine import device as devices
        from wan_desktop.engine import levers
        from wan_desktop.engine.forecast import Forecast, Size

        self._tiny, self._quick = arguments.tiny, arguments.quick or arguments.tiny
        machine = devices.probe()
        self._device = devices.choose("cpu" if self._tiny else "auto", machine)
        devices.tune(self._device)
        width, height = (64, 32) if self._tiny else map(int, arguments.size.split("x"))
        self._size = Size(width, height, 5 if self._tiny else arguments.frames)
        self._decoders, self._growth = not arguments.no_decoders, arguments.grow
        began = time.monotonic()
        self._model = random_model(arguments.folder, tiny=self._tiny)
        wrote = time.monotonic() - began
        print(f"weights in {arguments.folder}, written in {wrote:.0f} s", flush=True)
        self._compiled = levers.of(self._device.name, self._device.dtype).compiler
        self._forecast: Forecast = Forecast.of(self._model, self._device, compiled=self._compiled)
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
            "growth": [],
        }

    def steps(self, cards: list[int]) -> Iterator[Callable[[], dict[str, Any]]]:
        """The measurements in order, each a function that does it and says what it saw."""
        if self._growth:
            for (width, height), frames in [((64, 32), 5)] if self._tiny else GROWTH:
                yield lambda width=width, height=height, frames=frames: self._grown(width, height, frames)
            return
        yield self._uncapped
        for card in cards:
            yield lambda card=card: self._card(card)
        if cards:
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

        from wan_desktop.engine import device as devices
        from wan_desktop.engine import plans

        cap = (gib - 1) * GIB
        row: dict[str, Any] = {"card_gib": gib, "ran_out": []}
        self.seen["cards"].append(row)
        self._cap(cap)
        try:
            number = len(self.seen["cards"])  # on the processor there is no cap, so each plan has its turn
            if self._device.is_cuda:
                free = devices.free_memory(self._device)
                number = plans.fitting(self._forecast, self._size, free, plans.CARD)
            for plan in plans.CARD[number:]:
                try:
                    row |= self._clip(plan)
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

    def _clip(self, plan: Plan) -> dict[str, Any]:
        """Text, some steps and a decode with `plan`: medians, peaks, and what was foretold."""
        import torch

        from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
        from wan_desktop.engine import compiling
        from wan_desktop.engine.loaded import Loaded, free
        from wan_desktop.engine.loading import nothing
        from wan_desktop.engine.prompt_cache import PromptCache

        free(self._device)
        cache = PromptCache(Path(self._model.path) / "cache", "x")
        loaded = Loaded(self._model, plan, self._device, cache)
        pipeline, peaks, took = loaded.pipeline, {}, {}
        if self._compiled:
            pipeline.pieces = compiling.pieces()
        foretold = self._forecast.peaks(plan, self._size)
        with self._stage("encoding", peaks, took), loaded.using(TEXT_ENCODER, nothing):
            texts = [pipeline.encode_prompt(text).cpu() for text in ("a red ball on a lawn", "blurred")]
        with self._stage("denoising", peaks, took), loaded.using(TRANSFORMER, nothing):
            latents, seconds = self._draw(pipeline, texts)
        with self._stage("decoding", peaks, took), loaded.using(VAE, nothing):
            decode_s, difference = self._develop(pipeline, latents)
        loaded.rest()
        del loaded, pipeline
        free(self._device)
        forward_s = median(seconds) / 2
        finite = bool(torch.isfinite(latents).all())
        return {
            "plan": plan.name,
            "forward_s": round(forward_s, 4),
            "decode_s": round(decode_s, 3),
            "text_s": round(took["encoding"], 2),
            "clip_s": round(took["encoding"] + FORWARDS * forward_s + decode_s, 2),
            "steps_s": [round(s, 3) for s in seconds],
            "stages_s": {stage: round(s, 1) for stage, s in took.items()},
            "peak_gib": {stage: round(peak / GIB, 3) for stage, peak in peaks.items()},
            "foretold_gib": {stage: round(peak / GIB, 3) for stage, peak in foretold.items()},
            "finite": finite,
            "psnr_to_first_db": difference,
        }

    def _draw(self, pipeline: Any, texts: list[Any]) -> tuple[Any, list[float]]:
        """The latents after a few steps, and seconds of each step but the first, which may compile."""
        import torch

        width, height, frames = self._size.width, self._size.height, self._size.num_frames
        latents = pipeline.prepare_latents(height, width, frames, torch.Generator("cpu").manual_seed(0))
        seconds, count = [], 3 if self._quick else 8
        run = pipeline.steps(
            texts[0], texts[1], latents, num_inference_steps=count, guidance_scale=5.0, flow_shift=5.0
        )
        began = time.perf_counter()
        for step in run:
            self._wait()
            seconds.append(time.perf_counter() - began)
            latents = step.latents
            began = time.perf_counter()
        return latents.cpu(), seconds[1:]

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

    def _grown(self, width: int, height: int, frames: int) -> dict[str, Any]:
        """A clip of another size, uncapped, with everything on the card."""
        from wan_desktop.engine import plans
        from wan_desktop.engine.forecast import Size

        self._size, self._frames = Size(width, height, frames), None
        row = {"size": [width, height, frames]} | self._clip(plans.CARD[0])
        self.seen["growth"].append(row)
        return row

    # ---- the decoder alone

    def _decoder(self, cut: tuple[int, int]) -> dict[str, Any]:
        """Decoding, cut into tiles, uncapped."""
        import torch

        from wan_desktop.domain.weight_names import VAE
        from wan_desktop.engine import plans
        from wan_desktop.engine.loaded import Loaded, free
        from wan_desktop.engine.loading import nothing
        from wan_desktop.engine.prompt_cache import PromptCache

        free(self._device)
        plan = replace(plans.CARD[0], cut=cut)
        loaded = Loaded(self._model, plan, self._device, PromptCache(Path(self._model.path) / "cache", "x"))
        peaks: dict[str, int] = {}
        took: dict[str, float] = {}
        pipeline, size = loaded.pipeline, self._size
        latents = pipeline.prepare_latents(
            size.height, size.width, size.num_frames, torch.Generator("cpu").manual_seed(0)
        )
        with self._stage("decoding", peaks, took), loaded.using(VAE, nothing):
            seconds, _ = self._develop(pipeline, latents)
        loaded.rest()
        row = {
            "cut": list(cut),
            "decode_s": round(seconds, 3),
            "peak_gib": round(peaks["decoding"] / GIB, 3),
            "foretold_gib": round(self._forecast.peaks(plan, size)["decoding"] / GIB, 3),
        }
        first = self.seen["decoders"][0]["decode_s"] if self.seen["decoders"] else row["decode_s"]
        row["ratio"] = round(row["decode_s"] / max(first, 1e-9), 3)
        self.seen["decoders"].append(row)
        return row

    # ---- the card

    def _stage(self, name: str, peaks: dict[str, int], took: dict[str, float]) -> _Stage:
        return _Stage(self._device, name, peaks, took)

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


class _Stage:
    """Seconds, and peak bytes on the card, of what happens inside."""

    def __init__(self, device: Device, name: str, peaks: dict[str, int], took: dict[str, float]) -> None:
        self._device, self._name, self._peaks, self._took = device, name, peaks, took

    def __enter__(self) -> None:
        self._began = time.perf_counter()
        if self._device.is_cuda:
            import torch

            torch.cuda.synchronize(self._device.name)
            torch.cuda.reset_peak_memory_stats(self._device.name)

    def __exit__(self, *_: object) -> None:
        self._peaks[self._name] = 0
        if self._device.is_cuda:
            import torch

            torch.cuda.synchronize(self._device.name)
            self._peaks[self._name] = int(torch.cuda.max_memory_allocated(self._device.name))
        self._took[self._name] = time.perf_counter() - self._began


# ---- random weights


def random_model(folder: Path, *, tiny: bool) -> ModelSpec:
    """A model whose files in `folder` hold random numbers; written if they are not there."""
    from benchmarks import loading_memory

    configs = TINY if tiny else loading_memory.FULL
    folder.mkdir(parents=True, exist_ok=True)
    for component, config in configs.items():
        file = folder / f"{component}.safetensors"
        if not file.exists():
            part = file.with_suffix(".part")
            _write(part, component, config)
            part.replace(file)
    return loading_memory._spec(folder)


def _write(file: Path, component: str, config: dict[str, Any]) -> None:
    from benchmarks import loading_memory

    network = loading_memory._network(component, config)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    shapes.pop("encoder.embed_tokens.weight", None)
    size = loading_memory.sparse(file, shapes, dict.fromkeys(shapes, "BF16"))
    _fill(file, size)


def _fill(file: Path, size: int) -> None:
    """Fill the last `size` bytes with normal numbers of deviation 0.02 in bfloat16, 32 Mi of them over and over."""
    import torch

    piece = torch.empty(2**25, dtype=torch.bfloat16).normal_(0, 0.02).view(torch.uint8).numpy().tobytes()
    with file.open("r+b") as stream:
        stream.seek(-size, os.SEEK_END)
        while size > 0:
            stream.write(piece[:size])
            size -= len(piece)


TINY: dict[str, dict[str, Any]] = {
    "transformer": {
        "num_attention_heads": 2, "attention_head_dim": 128, "in_channels": 48, "out_channels": 48,
        "text_dim": 64, "freq_dim": 256, "ffn_dim": 512, "num_layers": 4, "cross_attn_norm": True,
        "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 1024,
    },
    "vae": {
        "base_dim": 8, "decoder_base_dim": 8, "z_dim": 48, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 1,
        "attn_scales": [], "temperal_downsample": [False, True, True], "is_residual": True, "in_channels": 12,
        "out_channels": 12, "patch_size": 2, "scale_factor_spatial": 16,
    },
    "text_encoder": {
        "vocab_size": 1000, "d_model": 64, "d_kv": 16, "d_ff": 128, "num_heads": 4, "num_layers": 3,
        "feed_forward_proj": "gated-gelu", "tie_word_embeddings": True,
    },
}  # fmt: skip


if __name__ == "__main__":
    main()
