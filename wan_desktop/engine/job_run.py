"""One job from a loaded model to its frames: read the prompt, draw, keep, develop."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadOutput, DiskProblem, Paused, SnapshotUnfit
from wan_desktop.domain.events import Kept, Note, Preview, Progress
from wan_desktop.domain.job import Stage
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.engine import keeping, lora
from wan_desktop.engine.looks import Looks
from wan_desktop.engine.previews import Pace
from wan_desktop.engine.prompts import cut_note
from wan_desktop.engine.snapshots import Snapshots, not_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    import numpy as np

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job, WorkFiles
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.engine.control import Control
    from wan_desktop.engine.loaded import Loaded


class JobRun:
    """Renders `job` with `loaded`. What it keeps goes where `files` says, told as made by `made`."""

    def __init__(
        self,
        job: Job,
        loaded: Loaded,
        files: WorkFiles,
        made: dict[str, Any],
        control: Control,
    ) -> None:
        self._job, self._request = job, job.request
        self._loaded = loaded
        self._files, self._made, self._control = files, made, control

    def encode(
        self, image: np.ndarray | None
    ) -> Generator[RenderEvent, None, tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]]:
        """Returns the embeddings of the prompt and of the negative one, and the start image's latents."""
        yield Progress(self._job.id, Stage.ENCODING)
        texts = {"prompt": self._request.prompt}
        if self._request.guidance_scale > 1:
            texts["negative prompt"] = self._request.negative_prompt
        loaded, check = self._loaded, self._control.check_all
        for what, text in texts.items():
            tokens = loaded.pipeline.tokenizer(text)
            if tokens.cut:
                yield Note(self._job.id, cut_note(what, tokens.cut, len(tokens.ids)))
        embeds = self._embeds(list(texts.values()))
        start = None
        if image is not None:
            with loaded.using(VAE, check), loaded.pipeline.checked(check):
                start = loaded.pipeline.encode_image(_to_tensor(image))
        loaded.pipeline.maybe_free_model_hooks()
        return embeds[0], (embeds[1] if len(embeds) > 1 else None), start

    def _embeds(self, texts: list[str]) -> list[torch.Tensor]:
        """The embeddings of each text, [1, n, text_dim]; the text encoder is needed for new ones only."""
        loaded, check = self._loaded, self._control.check_all
        found = {text: loaded.prompts.get(text) for text in texts}
        new = [text for text, embeds in found.items() if embeds is None]
        if new:
            with loaded.using(TEXT_ENCODER, check), loaded.pipeline.checked(check):
                for text in new:
                    found[text] = loaded.pipeline.encode_prompt(text).cpu()
                    loaded.prompts.put(text, found[text])
        return [found[text] for text in texts]

    def denoise(
        self,
        embeds: torch.Tensor,
        negative: torch.Tensor | None,
        start: torch.Tensor | None,
        resume: keeping.Snapshot | None,
    ) -> Generator[RenderEvent, None, torch.Tensor]:
        """Returns the clip's finished latents, normalised, [1, z, f, h, w]; they are on disk, and finite.

        Raises BadOutput at the first step that is not; the snapshot of a good step before it stays.
        """
        request, job_id = self._request, self._job.id
        generator = torch.Generator("cpu").manual_seed(request.seed)
        latents = self._loaded.pipeline.prepare_latents(
            request.height, request.width, request.num_frames, generator
        )
        snapshots = Snapshots(job_id, self._files.snapshot, self._files.snapshot_every_s, self._made)
        yield Progress(job_id, Stage.DENOISING, resume.step if resume else 0, request.num_inference_steps)
        try:
            latents = yield from self._steps((embeds, negative), latents, start, resume, snapshots)
        except (RuntimeError, MemoryError):  # the next try goes on from what was just being written: tell it
            yield from snapshots.finish(self._control)
            raise
        yield from snapshots.finish(self._control)
        yield from self._keep(latents)
        check_finite(latents, request)
        return latents

    def _steps(
        self,
        texts: tuple[torch.Tensor, torch.Tensor | None],
        latents: torch.Tensor,
        start: torch.Tensor | None,
        resume: keeping.Snapshot | None,
        snapshots: Snapshots,
    ) -> Generator[RenderEvent, None, torch.Tensor]:
        """Returns the latents after the last step, or after the first whose numbers are none."""
        request, job_id = self._request, self._job.id
        pipeline, rgb = self._loaded.pipeline, self._loaded.rgb
        pace = Pace()
        check = self._control.check
        with (
            self._loaded.using(TRANSFORMER, check),
            lora.applied(pipeline.transformer, request.loras),
            pipeline.checked(check),
        ):
            for step in pipeline.steps(
                *texts,
                latents,
                num_inference_steps=request.num_inference_steps,
                guidance_scale=request.guidance_scale,
                flow_shift=request.flow_shift,
                sampler=request.sampler,
                speed=request.speed,
                image_latents=start,
                resume=resume,
            ):
                latents, done = step.latents, step.index + 1
                last = done == step.total
                if not is_finite(latents):
                    break
                yield Progress(job_id, Stage.DENOISING, done, step.total)
                if rgb is not None and pace.due(time.monotonic(), last=last):
                    yield Preview(job_id, done, rgb.frames(step.x0))
                if not last:
                    yield from snapshots.after(step, self._control)
                    self._stop_if_paused()
        return latents

    def _stop_if_paused(self) -> None:
        if self._control.paused:
            raise Paused()

    def _keep(self, latents: torch.Tensor) -> Iterator[RenderEvent]:
        """Bring the latents to the disk. When they are finite the snapshot is not needed any more."""
        if not self._files.latents:
            return
        try:
            keeping.save_latents(Path(self._files.latents), latents, self._made)
        except DiskProblem as error:
            yield Note(self._job.id, not_kept(error))
            return
        if not is_finite(latents):  # for whoever wants to know why; the render goes on from the snapshot
            return
        if self._files.snapshot:
            with contextlib.suppress(OSError):  # it does no harm, and goes when the clip is there
                Path(self._files.snapshot).unlink(missing_ok=True)
        steps = self._request.num_inference_steps
        yield Kept(self._job.id, steps, steps, latents=True)

    def decode(self, latents: torch.Tensor, write: Callable[[np.ndarray], None]) -> Iterator[RenderEvent]:
        """Give the frames of `latents` to `write`; a note says when they look as hardly anybody wants them."""
        looks = Looks()
        total, done = self._request.num_frames, 0
        yield Progress(self._job.id, Stage.DECODING, 0, total)
        pipeline = self._loaded.pipeline
        check = self._control.check_all
        with self._loaded.using(VAE, check), pipeline.checked(check):
            for group in pipeline.decode(latents):
                looks.see(group)
                write(group)
                done += len(group)
                yield Progress(self._job.id, Stage.DECODING, done, total)
        if note := looks.note():
            yield Note(self._job.id, note)


def kept_work(
    job: Job, files: WorkFiles, made: dict[str, Any]
) -> tuple[torch.Tensor | None, keeping.Snapshot | None]:
    """What `files` holds of the job: its finished latents, or its snapshot, or neither.

    Raises SnapshotUnfit when it is of another render than `made` says, or damaged; and when the job is to decode
    latents that are not there.
    """
    latents = keeping.load_latents(Path(files.latents), made) if files.latents else None
    if job.latents_of is not None:
        if latents is None:
            raise SnapshotUnfit(
                QT_TRANSLATE_NOOP("errors", "What was drawn for this clip is not there any more."),
                action=keeping.AGAIN,
            )
        check_finite(latents, job.request)
    if latents is not None and is_finite(latents):
        return latents, None
    return None, keeping.load_snapshot(Path(files.snapshot), made) if files.snapshot else None


def is_finite(latents: torch.Tensor) -> bool:
    """Is every number of `latents` one? If not, neither is their sum, which is quick to ask."""
    return bool(torch.isfinite(latents.sum(dtype=torch.float64)))


def check_finite(latents: torch.Tensor, request: RenderRequest) -> None:
    """Raise BadOutput, with what in `request` most likely is to blame, when a number of `latents` is none."""
    if is_finite(latents):
        return
    if request.precision != "exact":
        raise BadOutput(
            QT_TRANSLATE_NOOP(
                "errors",
                "The model's numbers overflowed in the precision “{precision}”, so there is no picture to show: use "
                "the exact one.",
            ),
            action=QT_TRANSLATE_NOOP("errors", "Use the exact precision"),
            precision=request.precision,
        )
    raise BadOutput(
        QT_TRANSLATE_NOOP(
            "errors",
            "The model's numbers overflowed, so there is no picture to show: use a lower guidance, another "
            "sampler or another seed.",
        ),
        action=QT_TRANSLATE_NOOP("errors", "Use a lower guidance"),
    )


def _to_tensor(image: np.ndarray) -> torch.Tensor:
    """A picture uint8 [H, W, 3] as float32 [1, 3, H, W] in [-1, 1]."""
    return (torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255.0) * 2.0 - 1.0
