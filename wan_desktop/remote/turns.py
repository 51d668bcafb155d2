"""Jobs for whoever is free: one that a server cannot take goes on to the next, before it fails."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Turns:
    """`names` gives the servers of the moment, `helps` says whether this computer takes such jobs too.

    `hand_back(job id)` lets a running job wait again. Safe to call from any thread.
    """

    def __init__(
        self, names: Callable[[], Sequence[str]], helps: Callable[[], bool], hand_back: Callable[[str], None]
    ) -> None:
        self._names, self._helps, self._hand_back = names, helps, hand_back
        self._lock = threading.Lock()
        self._passed: dict[str, set[str]] = {}

    def may_take(self, name: str, job_id: str) -> bool:
        """The server has not passed the job on."""
        with self._lock:
            return name not in self._passed.get(job_id, ())

    def others(self, name: str, job_id: str) -> bool:
        """Somebody but the server `name` may take the job still."""
        with self._lock:
            passed = self._passed.get(job_id, set()) | {name}
        return self._helps() or any(other not in passed for other in self._names())

    def pass_on(self, name: str, job_id: str) -> None:
        """The server cannot take the running job: it waits for another one."""
        with self._lock:
            self._passed.setdefault(job_id, set()).add(name)
        self._hand_back(job_id)

    def over(self, job_id: str) -> None:
        """The job was taken, or has failed with the last of them: from now on each may have it again."""
        with self._lock:
            self._passed.pop(job_id, None)
