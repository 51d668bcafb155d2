"""Who renders what, when there are servers besides this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.domain.places import ANY, file_of, server_of
from wan_desktop.remote.record import record_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from wan_desktop.domain.job import Job
    from wan_desktop.remote.turns import Turns

    Names = Callable[[], Collection[str]]


def fits_here(names: Names, kept: Path, helps: Callable[[], bool] = lambda: False) -> Callable[[Job], bool]:
    """The jobs of this computer; also those of a server that is no longer known: they fail with a sentence.

    `names` gives the servers of the moment, `kept` is the folder of what jobs keep. While `helps` says so, this
    computer takes jobs for whoever is free, too.
    """

    def fits(job: Job) -> bool:
        wanted, known = server_of(job.request.model), names()
        if wanted == ANY and known:
            begun = _begun_at(job, kept) in known
            return not begun and not file_of(job.request.model) and (begun_here(job) or helps())
        return wanted not in known

    return fits


def fits_on(name: str, names: Names, kept: Path, turns: Turns | None = None) -> Callable[[Job], bool]:
    """The jobs of the server `name`, and those for whoever is free that nobody else has begun.

    `turns` knows which of those it could not take.
    """

    def fits(job: Job) -> bool:
        wanted = server_of(job.request.model)
        if wanted != ANY:
            return wanted == name
        begun = _begun_at(job, kept)
        if turns is not None and not turns.may_take(name, job.id):
            return False
        return not begun_here(job) and (begun in ("", name) or begun not in names())

    return fits


def begun_here(job: Job) -> bool:
    """This computer keeps work of the job: going on is better than beginning anew elsewhere."""
    return bool(job.kept_step or job.kept_latents)


def _begun_at(job: Job, kept: Path) -> str:
    record = record_in(kept / job.id)
    return "" if record is None else record.server
