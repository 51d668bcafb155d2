"""What the queue and the stage say of a job and of a clip, in the user's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from wan_desktop.bridge.job_progress import fraction
from wan_desktop.domain.errors import BadOutput, SnapshotUnfit, WanError
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.model import Preset
from wan_desktop.domain.places import server_of
from wan_desktop.domain.request import RenderRequest
from wan_desktop.ui import server_words, texts

if TYPE_CHECKING:
    from wan_desktop.domain.events import Progress, Resumed
    from wan_desktop.domain.job import Clip, Job

DEMO_MODEL = "demo"
REMOTE = "remote"
"""The code of errors of servers."""
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


def state_line(job: Job, place: int, progress: Progress | None, *, stopping: bool = False) -> str:
    """The job's state and what is most worth knowing: "Rendering · 64 %", "Waiting · 2nd", "Failed · why"."""
    word = texts.state_name(job.state)
    match job.state:
        case JobState.RUNNING:
            return pausing(progress) if stopping else f"{word} · {percent(fraction(progress))}"
        case JobState.QUEUED:
            parts = [word, ordinal(place), goes_on(job)]
        case JobState.DONE:
            parts = [word, texts.duration(took(job))]
        case JobState.FAILED:
            parts = [word, failure(job)]
        case JobState.PAUSED:
            parts = [stopped_at(job), failure(job) if job.error is not None else ""]
        case JobState.INTERRUPTED:
            why = "" if can_go_on(job) else translate("jobs", "was rendering when the app stopped")
            parts = [stopped_at(job), why]
        case _:
            parts = [stopped_at(job)]
    return " · ".join(part for part in parts if part)


def pausing(progress: Progress | None) -> str:
    """That a running job was told to pause, and when it will."""
    if progress is not None and progress.stage is Stage.DENOISING:
        return translate("jobs", "Pausing after this step…")
    return translate("jobs", "Pausing…")


def stopped_at(job: Job) -> str:
    """The state of a job that stopped on its way, and how far it is: "Paused at step 12 of 20"."""
    word = texts.state_name(job.state)
    if job.kept_latents:
        return translate("jobs", "{state} · drawn, its frames are still to be made").format(state=word)
    if job.kept_step:
        at = translate("jobs", "{state} at step {done} of {total}")
        return at.format(state=word, done=job.kept_step, total=job.kept_steps)
    return word


def goes_on(job: Job) -> str:
    """From where a job will go on, "" when it begins at its beginning."""
    if job.kept_latents:
        return translate("jobs", "goes on with its frames")
    if job.kept_step:
        return translate("jobs", "goes on from step {done}").format(done=job.kept_step)
    return ""


def went_on(resumed: Resumed) -> str:
    """From where a running job went on."""
    if resumed.step >= resumed.total:
        return translate("jobs", "Goes on with its frames")
    return translate("jobs", "Goes on from step {done} of {total}").format(
        done=resumed.step, total=resumed.total
    )


def can_go_on(job: Job) -> bool:
    """True when "Continue" would save work: a paused job, or an ended one of which something fit is kept."""
    if job.state is JobState.PAUSED or there(job):
        return True
    return job.state.resumable and not _leads_nowhere(job) and bool(job.kept_step or job.kept_latents)


def there(job: Job) -> bool:
    """The server that was asked for the job may have it still, or its clip: going on means asking that one first."""
    if not server_of(job.request.model) or job.kept_step or job.kept_latents:
        return False
    failed = job.state is JobState.FAILED and job.error is not None and job.error.get("code") == REMOTE
    return failed or job.state in (JobState.INTERRUPTED, JobState.PAUSED)


def _leads_nowhere(job: Job) -> bool:
    """What is kept of the job is damaged or of another render, or latents that are no picture."""
    code = None if job.error is None else job.error.get("code")
    return code == SnapshotUnfit.code or (code == BadOutput.code and job.kept_latents)


def continue_words(job: Job) -> str:
    """What "Continue" would do: "Continue from step 12"."""
    if job.kept_step and not job.kept_latents:
        return translate("jobs", "Continue from step {done}").format(done=job.kept_step)
    return translate("jobs", "Continue")


def again_words(job: Job) -> str:
    """What begins the job anew, in the words that fit its state."""
    if job.error is not None and job.error.get("code") in (SnapshotUnfit.code, BadOutput.code):
        return translate("jobs", "Start again with the same seed")
    if job.state is JobState.DONE:
        return translate("jobs", "Render again")
    if can_go_on(job):
        return translate("jobs", "Start again")
    return translate("jobs", "Try again")


def log_of(job: Job) -> str:
    """The last lines of a failed job's log, "" when there are none."""
    lines = (job.error or {}).get("log") or ""
    return lines if isinstance(lines, str) else "\n".join(str(line) for line in lines)


def failure(job: Job) -> str:
    """Why a failed job failed, in one sentence."""
    if job.error is None:
        return translate("jobs", "nothing is known about why.")
    return texts.sentence(WanError.from_json(job.error))


def way_out(job: Job) -> str:
    """What mends a failed job, as a short imperative, or ""."""
    return texts.action(WanError.from_json(job.error)) if job.error is not None else ""


def helps(job: Job) -> str:
    """The line that tells what mends a failed job, or what a paused one waits for; "" when nothing is known."""
    way = way_out(job)
    return translate("jobs", "What helps: {action}").format(action=way) if way else ""


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


def job_line(job: Job) -> str:
    """The request's line, and that the job only makes frames of what another one drew."""
    parts = [request_line(job.request)]
    if job.latents_of is not None:
        parts.append(translate("jobs", "frames made again"))
    return " · ".join(parts)


def request_line(request: RenderRequest) -> str:
    """Size, length, preset, who renders: "1280×704 · 5 s · Official · on studio"; "Demo" for the built-in model."""
    parts = [
        texts.size(request.width, request.height),
        texts.length(request.num_frames, request.fps),
        translate("jobs", "Demo") if request.model == DEMO_MODEL else preset(request),
        server_words.place(request.model),
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
