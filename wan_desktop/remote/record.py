"""Which prompt of which server renders a job: stored before it is sent, so that nothing is rendered twice."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.job import REMOTE
from wan_desktop.media.files import disk_errors, write_atomically

if TYPE_CHECKING:
    from wan_desktop.domain.job import WorkFiles

DOWNLOAD = "remote.download"


@dataclass(frozen=True, slots=True)
class Record:
    """A prompt that was sent, or is about to be. `client_id` marks it too, where a server makes ids of its own.

    `made` goes into the clip's recipe. `sent_at`: seconds since 1970. `sends` counts how often it was sent because
    the server had forgotten it.
    """

    server: str
    address: str
    prompt_id: str
    client_id: str
    sent_at: float
    sends: int = 1
    made: dict[str, Any] = field(default_factory=dict)


def record_in(folder: Path) -> Record | None:
    """The record of the job that keeps its files in `folder`; None when there is none that can be read."""
    try:
        return Record(**json.loads((folder / REMOTE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


class RecordFile:
    """The record of one job, beside its snapshot."""

    def __init__(self, files: WorkFiles) -> None:
        self._path = Path(files.snapshot).with_name(REMOTE)
        self.download = Path(files.snapshot).with_name(DOWNLOAD)

    def read(self) -> Record | None:
        """The stored record; None when there is none that can be read."""
        return record_in(self._path.parent)

    def write(self, record: Record) -> None:
        """Store the record durably. Raises DiskProblem."""
        write_atomically(self._path, json.dumps(asdict(record)).encode())

    def remove(self) -> None:
        """Forget it, and a half-made download. Raises DiskProblem."""
        with disk_errors(self._path.parent):
            self._path.unlink(missing_ok=True)
            self.download.unlink(missing_ok=True)
