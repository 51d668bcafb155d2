"""Making the frames of a clip again from what was drawn for it: the choices, in plain words."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu

from wan_desktop.domain.job import JobState

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Clip, Job

translate = QCoreApplication.translate


def job_with_latents(session: Session, clip: Clip) -> Job | None:
    """The job that made `clip`, while what it drew is kept."""
    job = session.jobs.get(clip.job_id)
    return job if job is not None and can_decode_again(job) else None


def can_decode_again(job: Job) -> bool:
    """True when the frames of a job that is done can be made once more without drawing."""
    return job.state is JobState.DONE and job.kept_latents


def choices(session: Session, job: Job) -> list[tuple[str, int | None]]:
    """(words, memory plan) for every way to make the frames again; None is the plan that the job had.

    On a graphics card the last plan develops on the processor.
    """
    info = session.backend.info
    last, cuda = int(info.get("plans", 1)) - 1, str(info.get("device", "")).startswith("cuda")
    less = min(job.plan + 1, last)
    found: list[tuple[str, int | None]] = [(translate("again", "As before"), None)]
    if job.plan < less and not (cuda and less == last):
        found.append((translate("again", "With less memory"), less))
    if job.plan < last and cuda:
        found.append((translate("again", "On the processor"), last))
    return found


def menu(parent: QWidget, session: Session, job: Job) -> QMenu:
    """A menu with the choices."""
    found = QMenu(translate("again", "Develop the frames again"), parent)
    for words, plan in choices(session, job):
        found.addAction(words).triggered.connect(partial(_go, session, job.id, plan))
    return found


def _go(session: Session, job_id: str, plan: int | None, _checked: bool = False) -> None:
    session.decode_again(job_id, plan)
