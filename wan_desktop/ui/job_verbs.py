"""What can be done with a job by one click on its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from wan_desktop.domain.job import JobState
from wan_desktop.ui import job_words, mending

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.mending import Mend

ICONS = {
    "cancel": "cancel",
    "retry": "retry",
    "remove": "close",
    "pause": "pause",
    "resume": "play",
    "mend": "wand",
}
"""Each verb's picture."""


def card_verbs(job: Job, *, stopping: bool, mend: Mend | None = None) -> list[str]:
    """The verbs that fit: "mend", "pause", "resume", "retry", "cancel", "remove".

    `stopping`: it is about to pause. `mend`: what most likely mends its clip.
    """
    if job.state is JobState.RUNNING:
        return ["cancel"] if stopping else ["pause", "cancel"]
    if job.state is JobState.QUEUED:
        return ["pause", "cancel"]
    found = ["resume", "retry", "remove"] if job_words.can_go_on(job) else ["retry", "remove"]
    return found if mend is None else ["mend", *found]


def words(verb: str, job: Job, mend: Mend | None = None) -> str:
    """What the verb does to the job."""
    match verb:
        case "mend" if mend is not None:
            return mending.words(mend)
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
