"""Who holds the library: the host that is running, or this process, which then becomes it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from wan_desktop.app.parts import HostParts
from wan_desktop.domain.errors import HostProblem
from wan_desktop.process.lock import LibraryLock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.config.paths import Paths
    from wan_desktop.jobs.host import Host
    from wan_desktop.process.host_client import HostClient

_HOST_SECONDS = 8.0
"""How long a library that somebody holds without answering is waited for."""


def find_host() -> tuple[Paths, LibraryLock | HostClient]:
    """Become the host (the held lock), or reach the one that is running.

    A lock without a socket behind it belongs to somebody who only looks, or who is just starting or ending: the
    lock and the socket are tried in turn. Raises HostProblem when neither is to be had.
    """
    from wan_desktop.config.paths import find_paths
    from wan_desktop.process.host_client import HostClient
    from wan_desktop.process.lock import take_library

    paths = find_paths().create()
    deadline = time.monotonic() + _HOST_SECONDS
    while True:
        lock = take_library(paths.data)
        if lock is not None:
            return paths, lock
        try:
            return paths, HostClient.connect(paths.data, seconds=1.0)
        except HostProblem:
            if time.monotonic() > deadline:
                raise


@contextlib.contextmanager
def looking() -> Iterator[Host | HostClient]:
    """Whoever knows the library: the host that is running, or one of our own that renders nothing."""
    paths, found = find_host()
    if not isinstance(found, LibraryLock):
        with contextlib.closing(found):
            yield found
        return
    with contextlib.ExitStack() as stack:
        stack.callback(found.release)
        parts = HostParts(paths, rendering=False)
        stack.callback(parts.host.close)
        yield parts.host
