"""What can be done with a job by one click on its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from wan_desktop.domain.job import JobState
from wan_desktop.ui import job_words

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job

ICONS = {"cancel": "cancel", "retry": "retry", "remove": "close", "pause": "pause", "resume": "play"}
"""Each verb's picture."""


def card_verbs(job: Job, *, stopping: bool) -> list[str]:
    """The verbs that fit: "pause", "resume", "retry", "cancel", "remove". `stopping`: it is about to pause."""
    if job.state is JobState.RUNNING:
        return ["cancel"] if stopping else ["pause", "cancel"]
    if job.state is JobState.QUEUED:
        return ["pause", "cancel"]
    return ["resume", "retry", "remove"] if job_words.can_go_on(job) else ["retry", "remove"]


def words(verb: str, job: Job) -> str:
    """What the verb does to the job."""
    match verb:
        case "resume":
            return job_words.continue_words(job)
        case "retry":
            return job_words.again_words(job)
        case "pause":
            return QCoreApplication.translate("jobs", "Pause")
        case "cancel":
            return QCoreApplication.translate("jobs", "Cancel")
        case _:
            return QCoreApplication.translate("jobs", "Remove from the queue")
