"""A file for whoever helps: what happened on this computer, without who it happened to. Nothing is sent."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop import __version__
from wan_desktop.config.redact import Redaction
from wan_desktop.domain.events_json import job_to_json
from wan_desktop.domain.job import JobState
from wan_desktop.domain.sentence import Sentence
from wan_desktop.media.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_desktop.config.paths import Paths
    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.domain.settings import Settings

MOST_LOG_BYTES = 1_000_000
"""Of each log its last megabyte."""
_MOST_JOBS = 20


def write_report(
    target: Path,
    *,
    paths: Paths,
    library: Path,
    settings: Settings,
    jobs: Sequence[Job],
    clips: Sequence[Clip] = (),
    examination: dict[str, Any],
    problem: str = "",
    with_prompts: bool = False,
) -> Path:
    """Write a zip to `target`, whole or not at all: report.json and the logs, redacted. Raises DiskProblem.

    `jobs` and `clips` newest first; `examination` is the doctor's; `problem` a sentence on why something is missing.
    In no case are pictures, clips, their start images or settings that name folders in it.
    """
    prompts = [] if with_prompts else [t for j in jobs for t in (j.request.prompt, j.request.negative_prompt)]
    redact = Redaction(folders=_folders(paths, library, settings, jobs), prompts=prompts)
    failed = next((job for job in jobs if job.state is JobState.FAILED), None)
    told = {
        "app": __version__,
        "made_at": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "problem": problem,
        "doctor": examination,
        "settings": settings.to_json(),
        "failed": None if failed is None else _job(failed, with_prompts),
        "jobs": [_job(job, with_prompts) for job in jobs[:_MOST_JOBS]],
        "clips": [{"job": c.job_id, "made_by": c.recipe.get("made_by")} for c in clips[:_MOST_JOBS]],
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as report:
        report.writestr("report.json", json.dumps(redact.data(told), indent=2))
        for log in sorted(paths.logs.glob("*.log*")):
            report.writestr(f"logs/{log.name}", redact(_end_of(log)))
    write_atomically(target, data.getvalue())
    return target


def _job(job: Job, with_prompts: bool) -> dict[str, Any]:
    if not with_prompts:
        request = replace(job.request, prompt="<prompt>", negative_prompt="<prompt>")
        job = replace(job, request=request, notes=tuple(_without_prompt(note) for note in job.notes))
    return job_to_json(job)


def _without_prompt(note: str) -> str:
    """The note without the words of the prompt that it says were cut."""
    if isinstance(note, Sentence) and "cut" in note.values:
        return note.replaced(cut="<prompt>")
    return note


def _folders(paths: Paths, library: Path, settings: Settings, jobs: Sequence[Job]) -> dict[str, Path]:
    known = {"data": paths.data, "config": paths.config, "cache": paths.cache, "logs": paths.logs}
    known |= {f"models {n}": Path(folder) for n, folder in enumerate(settings.model_dirs, 1)}
    named = {settings.model, *(job.request.model for job in jobs)}
    parents = {Path(name).parent for name in named if Path(name).is_absolute()}
    parents |= {Path(lora.path).parent for job in jobs for lora in job.request.loras}
    parents |= {Path(settings.api_loras)} if settings.api_loras else set()
    known |= {f"folder {n}": folder for n, folder in enumerate(sorted(parents), 1) if folder != folder.parent}
    return known | {"library": library}


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - MOST_LOG_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError as error:
        return f"unreadable: {error.strerror}"
