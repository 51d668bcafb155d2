"""From a job to its frames: loads the model, runs the pipeline, says how far it is."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, WanError
from wan_desktop.domain.events import Note, Preview, Progress
from wan_desktop.domain.job import Stage
from wan_desktop.engine import loading
from wan_desktop.engine.device import give_back_memory
from wan_desktop.engine.previews import LatentRgb, Pace
from wan_desktop.engine.prompt_cache import PromptCache, fingerprint
from wan_desktop.engine.prompts import cut_note

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import numpy as np

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.pipeline import Wan22Pipeline
    from wan_desktop.engine.stopwatch import Stopwatch

SMALL_ENCODER = 2**30
"""A text encoder of at most this many bytes is loaded with the rest; a larger one when a new prompt needs it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is ready to render."""

    model: ModelSpec
    pipeline: Wan22Pipeline
    rgb: LatentRgb | None
    prompts: PromptCache


class Renderer:
    """Renders jobs on one device, keeping the last model loaded."""

    def __init__(self, device: Device, cache_dir: Path, resources_dir: Path) -> None:
        self._device = device
        self._cache_dir = cache_dir
        self._resources_dir = resources_dir
        self._loaded: Loaded | None = None

    def has(self, model: ModelSpec) -> bool:
        """Is `model`, with just these weights, the loaded one?"""
        key = (model.path, model.fingerprint)
        return self._loaded is not None and (self._loaded.model.path, self._loaded.model.fingerprint) == key

    def load(self, model: ModelSpec, tick: Callable[[], None] = loading.nothing) -> Loaded:
        """Make `model` the loaded one; quick if it is. Raises ModelMissing, ModelDamaged.

        `tick` is called between any two weights and may raise: then no model is loaded.
        """
        if self._loaded is not None and self.has(model):
            return self._loaded
        self._loaded = None
        self.rest()
        parts = loading.parts_of(model)
        pipeline = loading.load_pipeline(model, self._device, tick)
        encoder = [Path(file) for file in parts["text_encoder"].files]
        if sum(file.stat().st_size for file in encoder) <= SMALL_ENCODER:
            loading.load_text_encoder(pipeline, model, self._device, tick)
        rgb = loading.load_latent_rgb(Path(model.path), self._resources_dir, pipeline.vae.config.z_dim)
        read = [*encoder, *map(Path, parts["tokenizer"].files)]
        read += [Path(parts["text_encoder"].config)] if parts["text_encoder"].config else []
        prompts = PromptCache(self._cache_dir / "prompts", fingerprint(read) + self._device.dtype)
        self._loaded = Loaded(model, pipeline, LatentRgb.from_json(rgb) if rgb else None, prompts)
        return self._loaded

    def warm_up(self, model: ModelSpec) -> None:
        """Load the model and draw one tiny picture, so that the first job does not pay for first calls."""
        pipeline = self.load(model).pipeline
        noise = pipeline.prepare_latents(64, 64, 1, torch.Generator("cpu").manual_seed(0))
        embeds = torch.zeros(1, 1, pipeline.transformer.config.text_dim)
        for step in pipeline.steps(
            embeds, None, noise, num_inference_steps=1, guidance_scale=1.0, flow_shift=1.0
        ):
            for _ in pipeline.decode(step.latents):
                pass
        self.rest()

    def rest(self) -> None:
        """Give the card's memory back between jobs; takes seconds for a large model, so tell a job's end first."""
        if self._loaded is not None:
            self._loaded.pipeline.maybe_free_model_hooks()
        gc.collect()
        if self._device.is_cuda:
            torch.cuda.empty_cache()
        give_back_memory()

    def render(
        self,
        job: Job,
        model: ModelSpec,
        image: np.ndarray | None,
        write: Callable[[np.ndarray], None],
        watch: Stopwatch,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[RenderEvent]:
        """Render the job, giving its frames (uint8 [n, H, W, 3], in order) to `write`.

        `image` is the start image, uint8 [height, width, 3], already of the clip's size. Yields after every
        step and frame group: close the generator there to cancel. `check` is called many times in between and
        may raise. `watch` gets the seconds of each stage. Call `rest` when the job's end has been told.
        """
        with watch.stage(Stage.LOADING):
            if not self.has(model):
                yield Progress(job.id, Stage.LOADING)
            loaded = self.load(model, check)
        pipeline = loaded.pipeline
        with watch.stage(Stage.ENCODING):
            yield Progress(job.id, Stage.ENCODING)
            embeds = yield from self._embeds(loaded, job, "prompt", job.request.prompt, check)
            negative = None
            if job.request.guidance_scale > 1:
                negative = yield from self._embeds(
                    loaded, job, "negative prompt", job.request.negative_prompt, check
                )
            start = None if image is None else pipeline.encode_image(_to_tensor(image))
            pipeline.maybe_free_model_hooks()
        with pipeline.checked(check):
            with watch.stage(Stage.DENOISING):
                latents = yield from self._denoise(loaded, job, embeds, negative, start)
            _check_finite(latents)
            with watch.stage(Stage.DECODING):
                yield from self._decode(loaded, job, latents, write)

    def _embeds(
        self, loaded: Loaded, job: Job, what: str, text: str, check: Callable[[], None]
    ) -> Generator[RenderEvent, None, torch.Tensor]:
        """Returns the embeddings of `text`, [1, n, text_dim]."""
        tokens = loaded.pipeline.tokenizer(text)
        if tokens.cut:
            yield Note(job.id, cut_note(what, tokens.cut, len(tokens.ids)))
        embeds = loaded.prompts.get(text)
        if embeds is None:
            loading.load_text_encoder(loaded.pipeline, loaded.model, self._device, check)
            embeds = loaded.pipeline.encode_prompt(text)
            loaded.prompts.put(text, embeds)
        return embeds

    def _denoise(
        self,
        loaded: Loaded,
        job: Job,
        embeds: torch.Tensor,
        negative: torch.Tensor | None,
        start: torch.Tensor | None,
    ) -> Generator[RenderEvent, None, torch.Tensor]:
        """Returns the clip's latents, normalised, [1, z, f, h, w]."""
        request = job.request
        generator = torch.Generator("cpu").manual_seed(request.seed)
        noise = loaded.pipeline.prepare_latents(request.height, request.width, request.num_frames, generator)
        yield Progress(job.id, Stage.DENOISING, 0, request.num_inference_steps)
        pace = Pace()
        latents = noise
        for step in loaded.pipeline.steps(
            embeds,
            negative,
            noise,
            num_inference_steps=request.num_inference_steps,
            guidance_scale=request.guidance_scale,
            flow_shift=request.flow_shift,
            sampler=request.sampler,
            image_latents=start,
        ):
            latents = step.latents
            last = step.index + 1 == step.total
            yield Progress(job.id, Stage.DENOISING, step.index + 1, step.total)
            if loaded.rgb is not None and pace.due(time.monotonic(), last=last):
                yield Preview(job.id, step.index + 1, loaded.rgb.frames(step.x0))
        return latents

    def _decode(
        self, loaded: Loaded, job: Job, latents: torch.Tensor, write: Callable[[np.ndarray], None]
    ) -> Iterator[RenderEvent]:
        total, done = job.request.num_frames, 0
        yield Progress(job.id, Stage.DECODING, 0, total)
        for group in loaded.pipeline.decode(latents):
            write(group)
            done += len(group)
            yield Progress(job.id, Stage.DECODING, done, total)


def _to_tensor(image: np.ndarray) -> torch.Tensor:
    """A picture uint8 [H, W, 3] as float32 [1, 3, H, W] in [-1, 1]."""
    return (torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255.0) * 2.0 - 1.0


def _check_finite(latents: torch.Tensor) -> None:
    if not bool(torch.isfinite(latents).all()):
        raise WanError(
            QT_TRANSLATE_NOOP(
                "errors",
                "The model's numbers overflowed, so there is no picture to show: use a lower guidance, another "
                "seed or a different shift.",
            ),
            action=QT_TRANSLATE_NOOP("errors", "Use a lower guidance"),
        )
