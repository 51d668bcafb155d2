"""A real server on a real host, on loopback; only the backend follows a script."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.hosts import make_host
from support.loopback import Client
from support.models import OneModel
from support.scripted_backend import ScriptedBackend

from wan_desktop.domain.job import JobState
from wan_desktop.jobs.runner import Runner
from wan_desktop.server.api import ApiServer
from wan_desktop.server.settings import ApiSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wan_desktop.jobs.host import Host
    from wan_desktop.jobs.ports import Models


@dataclass
class Served:
    """A host with its API. `client` talks to it."""

    folder: Path
    host: Host
    backend: ScriptedBackend
    api: ApiServer
    runner: Runner
    thread: threading.Thread
    client: Client

    def close(self) -> None:
        """End everything; safe to call again."""
        self.api.stop()
        if self.thread.is_alive():
            self.runner.stop()
            for job in self.host.jobs().result():
                if job.state is JobState.RUNNING:
                    self.host.cancel(job.id).result()
            self.backend.release()
            self.thread.join()
            self.host.close()


def serve(
    folder: Path, backend: ScriptedBackend | None = None, models: Models | None = None, **settings: Any
) -> Served:
    """A host that keeps everything under `folder`, and its API on a free port."""
    folder.mkdir(exist_ok=True)
    backend = backend or ScriptedBackend()
    host = make_host(folder, backend, models or OneModel())
    runner = Runner(host)
    runner.release()
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    api = ApiServer(
        host, ApiSettings(**{"port": 0, "allow_demo": True, **settings}), data=folder, config=folder
    )
    api.start()
    return Served(folder, host, backend, api, runner, thread, Client(api.address, api.token))


@contextlib.contextmanager
def serving() -> Iterator[Callable[..., Served]]:
    """`serve`, as often as wanted; all servers end with the block."""
    with contextlib.ExitStack() as started:

        def make(folder: Path, **what: Any) -> Served:
            served = serve(folder, **what)
            started.callback(served.close)
            return served

        yield make
