"""Who renders what, when there are servers besides this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.remote.places import ANY, server_of
from wan_desktop.remote.record import record_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from wan_desktop.domain.job import Job


def fits_here(names: Collection[str]) -> Callable[[Job], bool]:
    """The jobs of this computer; also those of a server that is no longer known: they fail with a sentence."""
    known = {*names, *([ANY] if names else [])}
    return lambda job: server_of(job.request.model) not in known


def fits_on(name: str, names: Collection[str], kept: Path) -> Callable[[Job], bool]:
    """The jobs of the server `name`, and those for any server that none of the other `names` has begun.

    `kept` is the folder of what jobs keep.
    """

    def fits(job: Job) -> bool:
        wanted = server_of(job.request.model)
        if wanted != ANY:
            return wanted == name
        record = record_in(kept / job.id)
        return record is None or record.server == name or record.server not in names

    return fits
