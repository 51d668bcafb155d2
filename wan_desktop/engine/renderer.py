"""From a job to its frames: loads the model, runs the pipeline, says how far it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from wan_desktop.domain.events import Planned, Progress, Resumed
from wan_desktop.domain.exactness import EXACT
from wan_desktop.domain.job import Stage, WorkFiles
from wan_desktop.domain.sizes import FRAME_STEP
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.engine import fast, keeping, levers, loading, plans
from wan_desktop.engine.compiling import Compiler, Shape
from wan_desktop.engine.control import Control
from wan_desktop.engine.job_run import JobRun, kept_work
from wan_desktop.engine.lean_pieces import EAGER
from wan_desktop.engine.loaded import Loaded, free
from wan_desktop.engine.planner import Planner
from wan_desktop.engine.plans import PLANS
from wan_desktop.engine.previews import LatentRgb
from wan_desktop.engine.prompt_cache import PromptCache, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.plans import Plan
    from wan_desktop.engine.stopwatch import Stopwatch

KEEP_NOTHING = WorkFiles("", "", "")
SMALL_ENCODER = 2**30
"""A text encoder of at most this many bytes is loaded with the rest; a larger one when a new prompt needs it."""


class Renderer:
    """Renders jobs on one device, keeping the last model loaded."""

    def __init__(self, device: Device, cache_dir: Path, resources_dir: Path) -> None:
        self._device = device
        self._cache_dir = cache_dir
        self._resources_dir = resources_dir
        self._loaded: Loaded | None = None
        self._planner = Planner(device)
        self._compiler = Compiler(cache_dir / "compiled", device)

    def has(self, model: ModelSpec, plan: Plan, precision: str = EXACT) -> bool:
        """Is `model`, with just these weights, this memory plan and this precision, the loaded one?"""
        loaded = self._loaded
        if loaded is None:
            return False
        key = (loaded.model.path, loaded.model.fingerprint, loaded.plan, loaded.precision)
        return key == (model.path, model.fingerprint, plan, precision)

    def load(
        self,
        model: ModelSpec,
        plan: Plan = PLANS[0],
        tick: Callable[[], None] = loading.nothing,
        *,
        to_draw: bool = True,
        precision: str = EXACT,
    ) -> Loaded:
        """Make `model` the loaded one; quick if it is. Raises ModelMissing, ModelDamaged.

        What `plan` keeps in memory is loaded now, the rest when it is needed; without `to_draw` only what develops
        frames. `tick` is called between any two weights and may raise.
        """
        if self._loaded is None or not self.has(model, plan, precision):
            self._loaded = None
            self.rest()
            self._loaded = self._begin(model, plan, tick, precision)
        if to_draw and not plan.by_stage:
            self._loaded.need(TRANSFORMER, tick)
            if sum(map(_size, _encoder_files(model))) <= SMALL_ENCODER:
                self._loaded.need(TEXT_ENCODER, tick)
        return self._loaded

    def _begin(self, model: ModelSpec, plan: Plan, tick: Callable[[], None], precision: str) -> Loaded:
        """The model with its VAE, its preview colours and its prompts."""
        parts = loading.parts_of(model)
        read = [*_encoder_files(model), *map(Path, parts["tokenizer"].files)]
        read += [Path(parts[TEXT_ENCODER].config)] if parts[TEXT_ENCODER].config else []
        prompts = PromptCache(self._cache_dir / "prompts", fingerprint(read) + self._device.dtype)
        loaded = Loaded(model, plan, self._device, prompts, tick, precision=precision)
        rgb = loading.load_latent_rgb(Path(model.path), self._resources_dir, loaded.pipeline.vae.config.z_dim)
        loaded.rgb = LatentRgb.from_json(rgb) if rgb else None
        return loaded

    def warm_up(self, model: ModelSpec) -> None:
        """Load the model and draw one tiny picture, so that the first job does not pay for first calls."""
        loaded = self.load(model)
        pipeline = loaded.pipeline
        noise = pipeline.prepare_latents(64, 64, 1, torch.Generator("cpu").manual_seed(0))
        embeds = torch.zeros(1, 1, pipeline.transformer.config.text_dim)
        with loaded.using(TRANSFORMER, loading.nothing):
            (step,) = pipeline.steps(
                embeds, None, noise, num_inference_steps=1, guidance_scale=1.0, flow_shift=1.0
            )
        with loaded.using(VAE, loading.nothing):
            for _ in pipeline.decode(step.latents):
                pass
        self.rest()

    def rest(self) -> None:
        """Give the card's memory back between jobs; takes seconds for a large model, so tell a job's end first.

        What the last clip would have liked to be compiled is compiled now, which takes seconds too.
        """
        if self._loaded is not None:
            self._loaded.rest()
        free(self._device)
        self._compiler.work_ahead()

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
        number = self._planner.number(job, model)
        plan = plans.choose(number, self._device)
        made = keeping.origin(job, model, plan.name)
        latents, snapshot = kept_work(job, files, made)
        total = job.request.num_inference_steps
        if latents is not None or snapshot is not None:
            yield Resumed(job.id, snapshot.step if snapshot else total, total)
        if number != job.plan:
            yield Planned(job.id, number, plan.name)
        with watch.stage(Stage.LOADING):
            precision = job.request.precision
            if not self.has(model, plan, precision):
                yield Progress(job.id, Stage.LOADING)
            loaded = self.load(model, plan, control.check_all, to_draw=latents is None, precision=precision)
        run = JobRun(job, loaded, files, made, control)
        if latents is None:
            with watch.stage(Stage.ENCODING):
                embeds, negative, start = yield from run.encode(image)
            with watch.stage(Stage.LOADING):
                loaded.need(TRANSFORMER, control.check_all)
                self._choose_pieces(loaded, job.request)
                watch.levers = self._levers_on(loaded)
            began = time.monotonic()
            with watch.stage(Stage.DENOISING):
                latents = yield from run.denoise(embeds, negative, start, snapshot)
            self._compiler.drawn(time.monotonic() - began)
        with watch.stage(Stage.DECODING):
            yield from run.decode(latents, write)

    def _choose_pieces(self, loaded: Loaded, request: RenderRequest) -> None:
        """Compiled or not: for the whole clip, before it begins."""
        pipeline, steps = loaded.pipeline, request.num_inference_steps
        letters = fast.table_for(steps, request.sampler) if request.speed == "fast" else fast.FULL * steps
        scale = pipeline.vae.config.scale_factor_spatial
        frames = (request.num_frames - 1) // FRAME_STEP + 1
        latents = (1, pipeline.vae.config.z_dim, frames, request.height // scale, request.width // scale)
        forwards = fast.forwards(letters, guided=request.guidance_scale > 1)
        pipeline.pieces = self._compiler.for_clip(Shape.of(pipeline.transformer, latents), forwards)

    def _levers_on(self, loaded: Loaded) -> tuple[str, ...]:
        """What makes this clip quicker, for its recipe; what this machine has is written down for the doctor."""
        found = levers.of(self._device.name, self._device.dtype)
        levers.keep(self._cache_dir, self._device.label, found)
        other = {"compiler"} if loaded.precision == "fp8" else {"compiler", *levers.OF_FP8}
        on = [name for name, is_on in found.told().items() if is_on and name not in other]
        return (*on, *(["compiled"] if loaded.pipeline.pieces is not EAGER else []))


def _encoder_files(model: ModelSpec) -> list[Path]:
    return [Path(file) for file in loading.parts_of(model)[TEXT_ENCODER].files]


def _size(file: Path) -> int:
    return file.stat().st_size
