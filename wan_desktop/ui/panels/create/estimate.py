"""What a render will take, from this machine's own past clips of the same model."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_desktop.domain.benchmark import Benchmark
    from wan_desktop.domain.job import Clip
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import RenderRequest

BYTES_PER_PIXEL = 0.04
"""Of a clip, before there is one to learn from: 4 MB for five seconds at 720p, as film-like footage gives."""
RECENT = 20
"""How many of the newest clips of a model count."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Medians of past renders: seconds and bytes per unit of work. `count` clips were looked at."""

    fixed: float
    per_step: float
    per_pixel: float
    bytes_per_pixel: float
    count: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A guess: seconds of rendering, bytes of the clip."""

    seconds: float
    bytes: float


def learn(clips: Iterable[Clip], model_fingerprint: str, device_name: str) -> Rates | None:
    """The rates of the newest clips of that model on that device, or None when there are none.

    Drawing scales with pixels, frames and steps (and is double with guidance); developing and saving with
    pixels and frames; reading the prompt does not scale. Loading the model is left out: it stays loaded.
    """
    fits = [clip for clip in clips if _fits(clip, model_fingerprint, device_name)]
    newest = sorted(fits, key=lambda clip: clip.created_at, reverse=True)[:RECENT]
    if not newest:
        return None
    parts = [_parts(clip) for clip in newest]
    middle = [median(column) for column in zip(*parts, strict=True)]
    return Rates(*middle, count=len(newest))


def learn_elsewhere(clips: Iterable[Clip], model: str) -> Rates | None:
    """The rates of the newest clips that were made with that model elsewhere ("on:NAME"), as `learn`.

    Only whole times are known of a server, so everything scales with the work.
    """
    fits = [clip for clip in clips if clip.request.get("model") == model and _total(clip) > 0]
    newest = sorted(fits, key=lambda clip: clip.created_at, reverse=True)[:RECENT]
    if not newest:
        return None
    work = [_pixels(clip.request) * _passes_of(clip.request) for clip in newest]
    per_step = median(_total(clip) / each for clip, each in zip(newest, work, strict=True))
    size = median(clip.size_bytes / _pixels(clip.request) for clip in newest)
    return Rates(0.0, per_step, 0.0, size, count=len(newest))


def predict(rates: Rates, request: RenderRequest) -> Estimate:
    """What `request` will take at these rates."""
    pixels = request.width * request.height * request.num_frames
    steps = _passes(request.num_inference_steps, request.guidance_scale)
    seconds = rates.fixed + rates.per_step * pixels * steps + rates.per_pixel * pixels
    return Estimate(seconds, rates.bytes_per_pixel * pixels)


def measured(
    benchmark: Benchmark, model: ModelSpec, device_name: str, request: RenderRequest
) -> Estimate | None:
    """What `request` will take by the measurement of this computer; None if that was of another device or model."""
    if model.demo or device_name != benchmark.device_name:
        return None
    passes = _passes(request.num_inference_steps, request.guidance_scale)
    seconds = benchmark.seconds(request.width, request.height, request.num_frames, passes)
    return Estimate(seconds, BYTES_PER_PIXEL * request.width * request.height * request.num_frames)


def _passes(steps: int, guidance: float) -> int:
    return steps * (2 if guidance > 1 else 1)


def _fits(clip: Clip, model_fingerprint: str, device_name: str) -> bool:
    made = clip.recipe.get("made_by", {})
    request = clip.recipe.get("request", {})
    return (
        request.get("model_fingerprint") == model_fingerprint
        and (not device_name or made.get("device_name") == device_name)
        and bool(made.get("seconds", {}).get("denoising"))
        and not made.get("resumed_step")  # its seconds are those of the last steps alone
    )


def _parts(clip: Clip) -> tuple[float, float, float, float]:
    seconds: dict[str, float] = clip.recipe["made_by"]["seconds"]
    pixels = _pixels(clip.request)
    rest = seconds.get("decoding", 0.0) + seconds.get("saving", 0.0)
    return (
        seconds.get("encoding", 0.0),
        seconds["denoising"] / (pixels * _passes_of(clip.request)),
        rest / pixels,
        clip.size_bytes / pixels,
    )


def _total(clip: Clip) -> float:
    """Seconds from the moment when the job ran there until it was here."""
    seconds: dict[str, float] = clip.recipe.get("made_by", {}).get("seconds", {})
    return float(seconds.get("total", 0.0)) - float(seconds.get("waiting", 0.0))


def _pixels(request: dict[str, Any]) -> int:
    return int(request["width"] * request["height"] * request["num_frames"])


def _passes_of(request: dict[str, Any]) -> int:
    return _passes(request["num_inference_steps"], request["guidance_scale"])
