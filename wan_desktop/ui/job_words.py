"""What the queue and the stage say of a job and of a clip, in the user's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from wan_desktop.bridge.job_progress import fraction
from wan_desktop.domain.errors import WanError
from wan_desktop.domain.job import JobState
from wan_desktop.domain.model import Preset
from wan_desktop.domain.request import RenderRequest
from wan_desktop.ui import texts

if TYPE_CHECKING:
    from wan_desktop.domain.events import Progress
    from wan_desktop.domain.job import Clip, Job

DEMO_MODEL = "demo"
translate = QCoreApplication.translate

STATE_ROLES = {
    JobState.QUEUED: "secondary",
    JobState.RUNNING: "accent",
    JobState.DONE: "good",
    JobState.PAUSED: "attention",
    JobState.FAILED: "error",
    JobState.CANCELLED: "secondary",
    JobState.INTERRUPTED: "attention",
}
"""The palette role that goes with each state's word."""


def headline(prompt: str) -> str:
    """The prompt in one line; an image alone has words too."""
    return " ".join(prompt[:400].split()) or translate("jobs", "From an image")


def state_line(job: Job, place: int, progress: Progress | None) -> str:
    """The job's state and what is most worth knowing: "Rendering · 64 %", "Waiting · 2nd", "Failed · why"."""
    word = texts.state_name(job.state)
    match job.state:
        case JobState.RUNNING:
            rest = percent(fraction(progress))
        case JobState.QUEUED:
            rest = ordinal(place)
        case JobState.DONE:
            rest = texts.duration(took(job))
        case JobState.FAILED:
            rest = failure(job)
        case JobState.INTERRUPTED:
            return translate("jobs", "Interrupted · was rendering when the app stopped")
        case _:
            return word
    return f"{word} · {rest}"


def failure(job: Job) -> str:
    """Why a failed job failed, in one sentence."""
    if job.error is None:
        return translate("jobs", "nothing is known about why.")
    return texts.sentence(WanError.from_json(job.error))


def way_out(job: Job) -> str:
    """What mends a failed job, as a short imperative, or ""."""
    return texts.action(WanError.from_json(job.error)) if job.error is not None else ""


def took(job: Job) -> float:
    """Seconds from the job's start to its end; 0 when unknown."""
    if job.started_at is None or job.finished_at is None:
        return 0.0
    return max(0.0, job.finished_at - job.started_at)


def percent(part: float) -> str:
    """A part of one as a whole percentage; full only when it is."""
    return translate("jobs", "{percent} %").format(percent=int(part * 100 + 1e-9))


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = 0 if number % 100 in (11, 12, 13) else number % 10
    text = {
        1: translate("jobs", "{number}st"),
        2: translate("jobs", "{number}nd"),
        3: translate("jobs", "{number}rd"),
    }.get(ending, translate("jobs", "{number}th"))
    return text.format(number=number)


def request_line(request: RenderRequest) -> str:
    """Size, length and preset: "1280×704 · 5 s · Official", or "… · Demo" for the built-in model."""
    parts = [
        texts.size(request.width, request.height),
        texts.length(request.num_frames, request.fps),
        translate("jobs", "Demo") if request.model == DEMO_MODEL else preset(request),
    ]
    return " · ".join(part for part in parts if part)


def clip_line(clip: Clip) -> str:
    """Size, length, preset and seed of a clip."""
    request = RenderRequest.from_json(clip.request)
    parts = [
        texts.size(request.width, request.height),
        texts.length(request.num_frames, request.fps),
        preset(request),
        translate("jobs", "seed {seed}").format(seed=request.seed),
    ]
    return " · ".join(part for part in parts if part)


def preset(request: RenderRequest) -> str:
    """The request's preset as a person reads it, "" when it has none."""
    name = request.preset
    label = name.removeprefix("demo-").replace("-", " ").replace("_", " ").capitalize()
    return texts.preset_name(Preset(name, label, 0, 0.0, 0.0, "")) if name else ""


def file_size(count: int) -> str:
    """A file's size: "85 kB", "12 MB"."""
    if count >= 1_000_000:
        return texts.megabytes(count)
    return translate("jobs", "{count} kB").format(count=max(1, round(count / 1000)))


def clock(seconds: float) -> str:
    """A time as it stands beside a bar: 2:21, 1:02:03."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
