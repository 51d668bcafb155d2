"""From a job to its frames: loads the model, runs the pipeline, says how far it is."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from wan_desktop.domain.events import Progress, Resumed
from wan_desktop.domain.job import Stage, WorkFiles
from wan_desktop.engine import keeping, loading
from wan_desktop.engine.control import Control
from wan_desktop.engine.device import give_back_memory
from wan_desktop.engine.job_run import JobRun, kept_work
from wan_desktop.engine.previews import LatentRgb
from wan_desktop.engine.prompt_cache import PromptCache, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.pipeline import Wan22Pipeline
    from wan_desktop.engine.stopwatch import Stopwatch

KEEP_NOTHING = WorkFiles("", "", "")
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
        control: Control | None = None,
        files: WorkFiles = KEEP_NOTHING,
    ) -> Iterator[RenderEvent]:
        """Render the job, giving its frames (uint8 [n, H, W, 3], in order) to `write`.

        `image` is the start image, uint8 [height, width, 3], already of the clip's size. Goes on from what `files`
        holds, and keeps there what it does. Yields after every step and frame group. `control` is asked many
        times in between: Cancelled and Paused come from it. `watch` gets the seconds of each stage. Call `rest` when
        the job's end has been told. Raises SnapshotUnfit when what `files` holds is of another render.
        """
        control = control or Control()
        made = keeping.origin(job, model, "")
        latents, snapshot = kept_work(job, files, made)
        total = job.request.num_inference_steps
        if latents is not None or snapshot is not None:
            yield Resumed(job.id, snapshot.step if snapshot else total, total)
        with watch.stage(Stage.LOADING):
            if not self.has(model):
                yield Progress(job.id, Stage.LOADING)
            loaded = self.load(model, control.check_all)
        run = JobRun(job, loaded, self._device, files, made, control)
        if latents is None:
            with watch.stage(Stage.ENCODING):
                embeds, negative, start = yield from run.encode(image)
            with watch.stage(Stage.DENOISING):
                latents = yield from run.denoise(embeds, negative, start, snapshot)
        with watch.stage(Stage.DECODING):
            yield from run.decode(latents, write)
