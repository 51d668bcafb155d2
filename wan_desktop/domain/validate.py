"""From a draft to a request: every rule a value must obey, each with a sentence that says the way out."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.domain import prompts, sizes
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest
from wan_desktop.domain.exactness import EXACT, PRECISIONS, SPEEDS
from wan_desktop.domain.memory import AUTO, PLAN_NAMES
from wan_desktop.domain.request import Draft, RenderRequest
from wan_desktop.domain.samplers import SAMPLERS

if TYPE_CHECKING:
    from wan_desktop.domain.model import Limits, ModelSpec, Preset
    from wan_desktop.domain.request import Lora

MAX_SEED = 2**53 - 1
"""Seeds are whole numbers that JSON and every language read back exactly."""


def resolve(draft: Draft, model: ModelSpec, image_size: tuple[int, int] | None = None) -> RenderRequest:
    """The request that `draft` asks `model` for.

    `image_size` is the start image's (width, height) when the draft has one; the image itself is checked and
    stored by the caller, who sets `stored_image`. Raises InvalidRequest naming the first field that is wrong.
    """
    prompt = _text("prompt", draft.prompt)
    has_image = draft.image is not None or draft.stored_image is not None
    if not prompt and not has_image:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "The prompt is empty: write a sentence, or choose a start image."),
            field="prompt",
        )
    negative = model.negative_prompt if draft.negative_prompt is None else draft.negative_prompt
    preset = _preset(draft, model)
    width, height = _size(draft, model, image_size)
    fps = _whole("fps", draft.fps, model.fps, 1, 60)
    return RenderRequest(
        prompt=prompt,
        negative_prompt=_text("negative_prompt", negative),
        image=draft.stored_image,
        width=width,
        height=height,
        num_frames=_frames(draft, model, fps),
        fps=fps,
        num_inference_steps=_whole("steps", draft.num_inference_steps, preset.num_inference_steps, 1, 200),
        guidance_scale=_real("guidance", draft.guidance_scale, preset.guidance_scale, 0, 30),
        flow_shift=_real("shift", draft.flow_shift, preset.flow_shift, 0.1, 20),
        sampler=_sampler(draft.sampler or preset.sampler),
        seed=secrets.randbelow(2**32) if draft.seed is None else _whole("seed", draft.seed, 0, 0, MAX_SEED),
        model=model.id,
        model_fingerprint=model.fingerprint,
        preset=preset.name,
        loras=tuple(_lora(lora) for lora in draft.loras),
        precision=_one_of("precision", draft.precision or EXACT, PRECISIONS),
        speed=_one_of("speed", draft.speed or EXACT, SPEEDS),
        plan=_one_of("plan", draft.plan or AUTO, PLAN_NAMES),
    )


def _lora(lora: Lora) -> Lora:
    return replace(lora, strength=_real("lora", lora.strength, 1.0, -4, 4))


def _text(field: str, text: str) -> str:
    text = prompts.clean(text)
    if len(text) > prompts.MAX_CHARACTERS:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "The {name} has {count} characters: shorten it to {most} or fewer."),
            field=field,
            name=field.replace("_", " "),
            count=len(text),
            most=prompts.MAX_CHARACTERS,
        )
    return text


def _preset(draft: Draft, model: ModelSpec) -> Preset:
    if draft.preset is None or draft.preset == "":
        return model.default_preset
    found = model.preset(draft.preset)
    if found is None:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "This model has no preset “{preset}”: choose one of {names}."),
            field="preset",
            preset=draft.preset,
            names=", ".join(p.name for p in model.presets),
        )
    return found


def _sampler(name: str) -> str:
    if name not in SAMPLERS:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "There is no sampler “{sampler}”: choose one of {names}."),
            field="sampler",
            sampler=name,
            names=", ".join(SAMPLERS),
        )
    return name


def _one_of(field: str, name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "There is no {field_name} “{value}”: choose one of {names}."),
            field=field,
            field_name=field,
            value=name,
            names=", ".join(names),
        )
    return name


def _size(draft: Draft, model: ModelSpec, image_size: tuple[int, int] | None) -> tuple[int, int]:
    if draft.width is None and draft.height is None and image_size is not None:
        return _fit_limits(*image_size, model)
    width = _number("size", draft.width, model.width)
    height = _number("size", draft.height, model.height)
    check_size(width, height, model.limits)
    return int(width), int(height)


def _fit_limits(width: int, height: int, model: ModelSpec) -> tuple[int, int]:
    """The model's best size for a picture of this shape, kept inside the model's limits."""
    limits = model.limits
    widest = limits.max_side / limits.min_side
    ratio = min(max(width / height, 1 / widest), widest)
    area = model.width * model.height
    fitted = sizes.best_output_size(round(ratio * 10_000), 10_000, area)
    low, high = _round_up(limits.min_side), limits.max_side // sizes.SIZE_STEP * sizes.SIZE_STEP
    return min(max(fitted[0], low), high), min(max(fitted[1], low), high)


def _round_up(side: int) -> int:
    return -(-side // sizes.SIZE_STEP) * sizes.SIZE_STEP


def check_size(width: float, height: float, limits: Limits) -> None:
    """Raise InvalidRequest (field "size") unless the model can render `width` x `height` pixels."""
    for side in (width, height):
        if side != int(side) or side % sizes.SIZE_STEP:
            below = max(sizes.SIZE_STEP, int(side // sizes.SIZE_STEP) * sizes.SIZE_STEP)
            raise InvalidRequest(
                QT_TRANSLATE_NOOP(
                    "errors",
                    "Width and height must be multiples of 32: instead of {side} use {below} or {above}.",
                ),
                field="size",
                side=side,
                below=below,
                above=below + sizes.SIZE_STEP,
            )
        if not limits.min_side <= side <= limits.max_side:
            raise InvalidRequest(
                QT_TRANSLATE_NOOP(
                    "errors", "Width and height must be between {low} and {high} for this model, not {side}."
                ),
                field="size",
                side=int(side),
                low=limits.min_side,
                high=limits.max_side,
            )
    if width * height > limits.max_pixels:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP(
                "errors",
                "{width}×{height} is too large for this model: choose a size of at most {most} pixels a frame.",
            ),
            field="size",
            width=int(width),
            height=int(height),
            most=limits.max_pixels,
        )


def _frames(draft: Draft, model: ModelSpec, fps: int) -> int:
    most = model.limits.max_frames
    if draft.seconds is not None:
        if draft.num_frames is not None:
            raise InvalidRequest(
                QT_TRANSLATE_NOOP(
                    "errors", "Give either a number of seconds or a number of frames, not both."
                ),
                field="frames",
            )
        seconds = _real("seconds", draft.seconds, 0.0, 0.01, most / fps)
        return sizes.snap_frames(seconds * fps, most)
    frames = _whole("frames", draft.num_frames, model.num_frames, 1, most)
    if frames % sizes.FRAME_STEP != 1:
        below, above = sizes.neighbours(frames, most)
        raise InvalidRequest(
            QT_TRANSLATE_NOOP(
                "errors", "The number of frames must be 4n+1: instead of {frames} use {below} or {above}."
            ),
            field="frames",
            frames=frames,
            below=below,
            above=above,
        )
    return frames


def _number(field: str, value: float | None, default: float) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "“{value}” is not a number: give a plain number for {field_name}."),
            field=field,
            value=value,
            field_name=field,
        )
    return value


def _real(field: str, value: float | None, default: float, low: float, high: float) -> float:
    number = float(_number(field, value, default))
    if not low <= number <= high:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "{value} is outside the range of {field_name}: use {low} to {high}."),
            field=field,
            value=f"{number:g}",
            field_name=field,
            low=f"{low:g}",
            high=f"{high:g}",
        )
    return number


def _whole(field: str, value: int | None, default: int, low: int, high: int) -> int:
    number = _number(field, value, default)
    if number != int(number):
        raise InvalidRequest(
            QT_TRANSLATE_NOOP(
                "errors", "{value} is not a whole number: give a whole number for {field_name}."
            ),
            field=field,
            value=f"{number:g}",
            field_name=field,
        )
    if not low <= number <= high:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "{value} is outside the range of {field_name}: use {low} to {high}."),
            field=field,
            value=f"{number:g}" if abs(number) < 1e15 else str(number),
            field_name=field,
            low=low,
            high=high,
        )
    return int(number)
