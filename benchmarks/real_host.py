"""The program without a window, as a process that may be killed: `wan-desktop serve` on folders of its own."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.fresh import ROOT, program
from wan_desktop.domain.errors import HostProblem
from wan_desktop.domain.events import ClipAdded, JobChanged, Progress
from wan_desktop.process.host_client import HostClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Clip, Job

START_SECONDS = 60.0
WAIT_SECONDS = 240.0
"""How long a start, and anything else, is waited for on a busy computer."""


class RealHost:
    """Starts, watches, kills and starts again one host; what it said stays known from one start to the next.

    `events` holds everything heard so far, `jobs` and `clips` the newest of each that was told: what the host has
    acknowledged. `at` is the last progress heard.
    """

    def __init__(self, folder: Path, *, module: str = "wan_desktop", **settings: Any) -> None:
        """`folder` is made when it is not there; `settings` are those of the program; `module` is started."""
        self.folder, self._module = folder, module
        for part in ("config", "data", "library"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        told = {"library_dir": str(folder / "library"), "device": "cpu", **settings}
        (folder / "config" / "settings.json").write_text(json.dumps(told), "utf-8")
        self.events: list[Event] = []
        self.jobs: dict[str, Job] = {}
        self.clips: dict[str, Clip] = {}
        self.at: Progress | None = None
        self._new = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._client: HostClient | None = None

    @property
    def client(self) -> HostClient:
        """The conversation with the host that runs now."""
        assert self._client is not None
        return self._client

    @property
    def process(self) -> psutil.Process:
        """The host that runs now."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    @property
    def child(self) -> psutil.Process | None:
        """Its render process, or None while there is none."""
        for process in self.process.children():
            try:
                if any("spawn_main" in word for word in process.cmdline()):
                    return process
            except psutil.Error:
                continue
        return None

    def start(self) -> None:
        """Start the host and hear all it says; the queue of earlier times goes on by itself."""
        mine = {f"WAN_DESKTOP_{kind}": str(self.folder / kind.lower()) for kind in _FOLDERS}
        options = ("--port", "0", "--allow-demo-model", "--json", "--device", "cpu")
        command = program("serve", *options, module=self._module)
        with (self.folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": str(ROOT), **mine},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._client = self._connect(self._process.pid)
        self._client.subscribe(self._hear)

    def _connect(self, pid: int) -> HostClient:
        """The killed host's address may still lie there: wait for the one of the new process."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                client = HostClient.connect(self.folder / "data", START_SECONDS)
            except HostProblem:
                continue
            if client.pid == pid:
                return client
            client.close()
        raise AssertionError(f"the host did not start: see {self.folder / 'serve.log'}")

    def kill(self) -> None:
        """SIGKILL to the host; returns when it and its render process are gone."""
        family = [self.process, *self.process.children(recursive=True)]
        family[0].kill()
        assert self._process is not None
        assert self._client is not None
        self._process.wait()
        self._client.close()
        _, left = psutil.wait_procs(family, timeout=START_SECONDS)
        assert not left, f"processes outlive the host: {left}"

    def kill_child(self) -> bool:
        """SIGKILL to the render process; False when there was none."""
        child = self.child
        if child is not None:
            child.kill()
        return child is not None

    def stop(self) -> int:
        """End the host as a logout does; its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        code = self._process.wait(START_SECONDS)
        if self._client is not None:
            self._client.close()
        return code

    def kill_all(self) -> None:
        """Whatever still runs ends; for the end of a run that went wrong."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    # ---- hearing

    def wait(self, true: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
        """Until `true()` gives something; it is asked again at each event. Raises AssertionError after `seconds`."""
        deadline = time.monotonic() + seconds
        with self._new:
            while time.monotonic() < deadline:
                if found := true():
                    return found
                self._new.wait(0.2)
        raise AssertionError(f"{what}: not within {seconds:.0f} s; last heard {self.events[-3:]}")

    def heard(self, wanted: Callable[[Event], bool], what: str, seconds: float = WAIT_SECONDS) -> Event:
        """The first event from now on for which `wanted(event)`. Raises AssertionError after `seconds`."""
        seen = len(self.events)

        def look() -> Event | None:
            nonlocal seen
            fresh, seen = self.events[seen:], len(self.events)
            return next((event for event in fresh if wanted(event)), None)

        found: Event = self.wait(look, what, seconds)
        return found

    def _hear(self, event: Event) -> None:
        with self._new:
            self.events.append(event)
            match event:
                case JobChanged(job):
                    self.jobs[job.id] = job
                case ClipAdded(clip):
                    self.clips[clip.id] = clip
                case Progress():
                    self.at = event
            self._new.notify_all()


_FOLDERS = ("DATA", "CONFIG", "CACHE", "LOGS")
