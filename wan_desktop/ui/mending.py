"""What mends a clip that came out wrong, as the window offers it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wan_desktop.domain.mending import mends
from wan_desktop.ui import texts

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.domain.mending import Mend


def likeliest(session: Session, job: Job) -> Mend | None:
    """What most likely mends the job's clip, or None when nothing is wrong with it."""
    return next(iter(mends(job, session.backend)), None)


def of_clip(session: Session, clip: Clip) -> tuple[Job, Mend] | None:
    """The job that made `clip`, and what most likely mends it; None when nothing is wrong or the job is gone."""
    job = session.jobs.get(clip.job_id)
    mend = likeliest(session, job) if job is not None and job.clip_id == clip.id else None
    return None if job is None or mend is None else (job, mend)


def words(mend: Mend) -> str:
    """What it does, as a short imperative in the user's language."""
    return texts.note(mend.words)


def fill(menu: QMenu, session: Session, job: Job) -> None:
    """Put every way to mend the job's clip into a menu, the likeliest first."""
    for mend in mends(job, session.backend):
        menu.addAction(words(mend)).triggered.connect(partial(_go, session, job.id, mend.way))


def _go(session: Session, job_id: str, way: str, _checked: bool = False) -> None:
    session.mend(job_id, way)
