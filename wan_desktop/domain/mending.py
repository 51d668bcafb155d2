"""What most likely mends a clip that came out as hardly anybody wants it: the same request with one value changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadOutput
from wan_desktop.domain.exactness import EXACT
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.domain.samplers import FEW_STEP
from wan_desktop.domain.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.domain.events import BackendState
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.request import RenderRequest

BLACK = QT_TRANSLATE_NOOP(
    "notes",
    "Every frame is black. If that is not what you asked for, try another seed or a lower guidance; the model's "
    "files may also be damaged.",
)
PLAIN = QT_TRANSLATE_NOOP(
    "notes",
    "Every frame has one even colour. If that is not what you asked for, try another seed, more steps or a lower "
    "guidance.",
)
FROZEN = QT_TRANSLATE_NOOP(
    "notes",
    "Nothing moves: all frames are the same. If that is not what you asked for, say in the prompt what moves, or try "
    "another seed.",
)
"""What `engine/looks.py` says of a clip; a job's notes are known by them."""

ENOUGH_STEPS = 20
"""More than these hardly ever make a picture of what is none."""
LOW_GUIDANCE = 1.5
WAYS = ("decode", "precision", "speed", "steps", "guidance", "seed")


@dataclass(frozen=True, slots=True)
class Mend:
    """One way: `way` is its name, one of WAYS; `words` what it does, a short imperative; `changes` the values of a
    draft that differ.

    "decode" changes nothing and draws nothing: `plan` is the place of the memory plan that makes the frames again.
    """

    way: str
    words: Sentence
    changes: dict[str, Any] = field(default_factory=dict)
    plan: int | None = None

    def draft(self, request: RenderRequest) -> Draft:
        """What draws the clip of `request` anew, mended."""
        return replace(Draft.from_request(request), **self.changes)


def mends(job: Job, backend: BackendState | None) -> tuple[Mend, ...]:
    """What may mend the job's clip, the likeliest first; () when nothing is wrong with it.

    `backend` is the present state of the render process: on a graphics card, frames can also be made on the
    processor, which computes them otherwise.
    """
    return tuple(_numbers(job.request) if _no_numbers(job) else _looks(job, backend))


def _no_numbers(job: Job) -> bool:
    return job.state is JobState.FAILED and (job.error or {}).get("code") == BadOutput.code


def _numbers(request: RenderRequest) -> Iterator[Mend]:
    """For latents that are NaN or infinite."""
    yield from _exact(request)
    yield from _guidance(request)
    yield _SEED


def _looks(job: Job, backend: BackendState | None) -> Iterator[Mend]:
    """For frames that are black, of one colour, or all the same."""
    if job.state is not JobState.DONE:
        return
    if FROZEN in job.notes:
        yield from _exact(job.request)
        yield _SEED
    elif BLACK in job.notes or PLAIN in job.notes:
        yield from _decoded(job, backend)
        yield from _exact(job.request)
        if PLAIN in job.notes:
            yield from _steps(job.request)
        yield from _guidance(job.request)
        yield _SEED


def _decoded(job: Job, backend: BackendState | None) -> Iterator[Mend]:
    info = {} if backend is None else backend.info
    last = int(info.get("plans", 1)) - 1
    if job.kept_latents and str(info.get("device", "")).startswith("cuda") and job.plan < last:
        words = Sentence(QT_TRANSLATE_NOOP("notes", "Develop again on the processor"))
        yield Mend("decode", words, plan=last)


def _exact(request: RenderRequest) -> Iterator[Mend]:
    if request.precision != EXACT:
        words = Sentence(QT_TRANSLATE_NOOP("notes", "Draw again in the exact precision"))
        yield Mend("precision", words, {"precision": EXACT})
    if request.speed != EXACT:
        words = Sentence(QT_TRANSLATE_NOOP("notes", "Draw again with every step computed"))
        yield Mend("speed", words, {"speed": EXACT})


def _steps(request: RenderRequest) -> Iterator[Mend]:
    if request.num_inference_steps < ENOUGH_STEPS and request.sampler not in FEW_STEP:
        words = Sentence(QT_TRANSLATE_NOOP("notes", "Draw again with {value} steps"), value=ENOUGH_STEPS)
        yield Mend("steps", words, {"num_inference_steps": ENOUGH_STEPS})


def _guidance(request: RenderRequest) -> Iterator[Mend]:
    """Half-way to none."""
    if request.guidance_scale > LOW_GUIDANCE:
        lower = round((request.guidance_scale + 1) / 2, 1)
        value = int(lower) if lower.is_integer() else lower
        words = Sentence(QT_TRANSLATE_NOOP("notes", "Draw again with guidance {value}"), value=value)
        yield Mend("guidance", words, {"guidance_scale": value})


_SEED = Mend("seed", Sentence(QT_TRANSLATE_NOOP("notes", "Draw again with another seed")), {"seed": None})
