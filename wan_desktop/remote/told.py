"""What a person is told of a job on a server, beside its progress."""

from __future__ import annotations

from wan_desktop.domain.sentence import QT_TRANSLATE_NOOP, Sentence, both

_ASKED = QT_TRANSLATE_NOOP("notes", "“{name}” was already asked for this job: its answer is waited for.")
_SENT_AGAIN = QT_TRANSLATE_NOOP(
    "notes", "“{name}” no longer knows this job, as after a restart: it is sent again."
)
_TAKEN = QT_TRANSLATE_NOOP("notes", "“{name}” was free and renders it.")
_BEHIND = QT_TRANSLATE_NOOP("notes", "It waits on “{name}” behind other jobs.")
_NO_PAUSE = QT_TRANSLATE_NOOP(
    "notes", "“{name}” cannot pause: it renders on, and the clip is fetched when you continue."
)
_NOT_STOPPED = QT_TRANSLATE_NOOP("notes", "“{name}” could not be told to stop: it may go on with the job.")
_CANNOT_STOP_ONE = QT_TRANSLATE_NOOP(
    "notes",
    "“{name}” is an older ComfyUI, which can only stop whatever runs there: it renders the job to its end, so that "
    "nobody else's is stopped. Update it to have yours stopped.",
)
_PASSED_ON = QT_TRANSLATE_NOOP("notes", "It goes on to another one.")
_TRIED_AGAIN = QT_TRANSLATE_NOOP("notes", "It is tried again.")


def asked_before(name: str) -> Sentence:
    """The server has the job since an earlier time."""
    return Sentence(_ASKED, name=name)


def sent_again(name: str) -> Sentence:
    """The server had forgotten the job."""
    return Sentence(_SENT_AGAIN, name=name)


def taken_by(name: str) -> Sentence:
    """A job for whoever is free has found its server."""
    return Sentence(_TAKEN, name=name)


def behind_others(name: str) -> Sentence:
    """The server has other things to do first."""
    return Sentence(_BEHIND, name=name)


def renders_on(name: str) -> Sentence:
    """A job that is paused here goes on there."""
    return Sentence(_NO_PAUSE, name=name)


def not_stopped(name: str) -> Sentence:
    """The server does not know that the job is no longer wanted."""
    return Sentence(_NOT_STOPPED, name=name)


def cannot_stop_one(name: str) -> Sentence:
    """The server's interrupt could hit somebody else's job: it is not used."""
    return Sentence(_CANNOT_STOP_ONE, name=name)


def passed_on(why: str) -> Sentence:
    """A server that cannot take the job (why: a sentence) leaves it to others."""
    return both(why, Sentence(_PASSED_ON))


def tried_again(why: str) -> Sentence:
    """What went wrong (a sentence) is no end yet."""
    return both(why, Sentence(_TRIED_AGAIN))
