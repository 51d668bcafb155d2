"""Keeps one render process alive: spawns it, reads what it says, sees it end and replaces it."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, Cancelled, RenderProcessDied, WanError
from wan_desktop.domain.events import BackendState
from wan_desktop.domain.sentence import Sentence
from wan_desktop.process.child_process import ChildProcess
from wan_desktop.process.deaths import death, ending

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from wan_desktop.jobs.cancel import CancelToken
    from wan_desktop.process.patience import Mail, Patience

log = logging.getLogger(__name__)

Target: TypeAlias = "Callable[[Connection, dict[str, Any]], None]"

MOST_DEATHS, DEATHS_WITHIN_SECONDS = 3, 60.0
"""So many deaths outside a job in so short a time, and the process is no longer replaced by itself."""
STOP_SECONDS = 2.0
"""How long the process may take to end when the program closes."""


class Keeper:
    """A thread around one ChildProcess after the other. Its state is what the Backend's listeners see."""

    def __init__(self, target: Target, settings: Callable[[], dict[str, Any]]) -> None:
        self._target = target
        self._settings = settings
        self._lock = threading.RLock()
        self._listeners: list[Callable[[BackendState], None]] = []
        self._state = BackendState("stopped")
        self._info: dict[str, Any] = {}
        self._child: ChildProcess | None = None
        self._thread: threading.Thread | None = None
        self._working = False
        self._closed = False
        self._stale = False
        self._resting = False
        self._deaths: list[float] = []
        self._complaint = ""
        self._failure = WanError("")
        self._job_id = ""
        self._mail: Mail | None = None

    @property
    def pid(self) -> int | None:
        """The process's id, or None when there is none."""
        child = self._child
        return child.pid if child else None

    def subscribe(self, listener: Callable[[BackendState], None]) -> Callable[[], None]:
        """Call `listener` with the state now and at each change, in order; it must not block."""
        with self._lock:
            self._listeners.append(listener)
            listener(self._state)

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def start(self) -> None:
        """Have a process, without waiting for it; nothing happens when there is one."""
        with self._lock:
            if self._closed or self._working:
                return
            self._working, self._resting = True, False
            self._become(BackendState("starting"))
            self._thread = threading.Thread(target=self._keep, name="render-keeper", daemon=True)
            self._thread.start()

    def attend(self, mail: Mail | None) -> None:
        """Send news to `mail` from now on (None: to nobody). One render at a time."""
        with self._lock:
            if mail is not None and self._mail is not None:
                raise RuntimeError("one render at a time")
            self._mail = mail

    def claim(self, job_id: str, mail: Mail, cancel: CancelToken, patience: Patience) -> ChildProcess:
        """Wait for a ready process and make it busy with the job.

        Raises Cancelled, Paused, or RenderProcessDied when no process can be had within the patience.
        """
        self.start()
        while True:
            cancel.raise_if_cancelled()
            cancel.raise_if_paused()
            with self._lock:
                if self._closed:
                    raise Cancelled()
                if self._state.state == "ready" and self._child is not None and not self._resting:
                    patience.begin_again()
                    self._job_id = job_id
                    self._become(BackendState("busy", self._info))
                    return self._child
                if self._state.state == "failed":
                    raise self._failure
                if self._state.state == "stopped":
                    self.start()
            if patience.next(mail) is None:
                self._give_up_start()
                raise patience.died()

    def release(self, child: ChildProcess) -> None:
        """The job is over; the process waits for the next."""
        with self._lock:
            self._job_id = ""
            if child is not self._child or self._state.state != "busy":
                return
            if self._stale:
                self.replace(child)
            else:
                self._become(BackendState("ready", self._info))

    def restart(self) -> None:
        """Replace the process, after its job if it has one; without a process, start one."""
        with self._lock:
            self.start()
            if self._resting:
                return  # the next render starts a fresh one anyway
            if self._child is None or self._state.state == "busy":
                self._stale = True
            else:
                self.replace(self._child)

    def replace(self, child: ChildProcess) -> None:
        """Kill a process that no longer obeys; a fresh one takes its place."""
        with self._lock:
            if child is self._child:
                child.kill()
                self._become(BackendState("starting"))

    def rest(self) -> None:
        """End the process, asked at first, and have none until `start`; a busy one is left alone. Blocks."""
        with self._lock:
            child, thread = self._child, self._thread
            if self._closed or not self._working or thread is None or self._state.state == "busy":
                return
            self._resting = True
            if child is not None and self._state.state == "starting":
                child.kill()  # it has nothing to finish, and would not hear before its imports are done
        if child is not None:
            child.send(("stop",))
        self._join(thread)

    def close(self) -> None:
        """End the process: asked at first, killed after STOP_SECONDS. Safe to call again."""
        with self._lock:
            self._closed = True
            child, thread, job_id = self._child, self._thread, self._job_id
            starting = self._state.state == "starting"
        if child is not None and starting:
            child.kill()  # it has nothing to finish, and would not hear before its imports are done
        elif child is not None:
            if job_id:
                child.send(("cancel", job_id))
            child.send(("stop",))
        if thread is not None:
            self._join(thread)

    def _join(self, thread: threading.Thread) -> None:
        """Wait for the process's end, and kill it when it takes too long."""
        thread.join(STOP_SECONDS)
        child = self._child
        if thread.is_alive() and child is not None:
            child.kill()
        thread.join(STOP_SECONDS)

    def _give_up_start(self) -> None:
        with self._lock:
            if self._child is not None and self._state.state == "starting":
                self._child.kill()

    # ---- in the keeper's thread

    def _keep(self) -> None:
        again = True
        while again:
            try:
                self._live()
            except Exception as error:  # thread border: whatever it was, the window hears of it
                log.exception("the render process cannot be kept")
                self._complaint = str(error)
                if self._child is not None:
                    self._child.kill()
            again = self._after_death()

    def _live(self) -> None:
        self._stale = False
        child = ChildProcess(self._target, self._settings())
        with self._lock:
            self._child = child
            if self._closed or self._stale or self._resting:
                child.kill()
        for message in child.messages():
            with self._lock:
                if not child.killed:
                    self._hear(message)

    def _hear(self, message: tuple[Any, ...]) -> None:
        match message:
            case ("event", BackendState() as state):
                self._hear_state(state)
            case ("event", event) if event.job_id == self._job_id:
                self._tell(message)
            case ("failed" | "cancelled" | "paused" | "alive", job_id, *_) if job_id == self._job_id:
                self._tell(message)

    def _hear_state(self, state: BackendState) -> None:
        if state.state == "failed":
            self._complaint = state.sentence  # it dies of it, and then the sentence is told
        elif state.state == "ready":
            self._info = state.info
            busy = self._state.state == "busy"
            self._become(BackendState("busy" if busy else "ready", state.info, state.sentence))

    def _after_death(self) -> bool:
        """Say what the end of the process means; True when a fresh one takes its place."""
        child = self._child
        exit_code = child.reap() if child else 0
        with self._lock:
            self._child = None
            was, complaint, self._complaint = self._state.state, self._complaint, ""
            if self._closed:
                return self._retire(BackendState("stopped"), Cancelled())
            if self._resting:
                return self._retire(BackendState("stopped"))
            log.warning("the render process ended while %s, exit code %d", was, exit_code)
            if complaint:
                return self._give_up(complaint)
            if was == "busy" and child is not None:
                cause = death(exit_code, by_us=child.killed, memory_ran_out=child.memory_ran_out)
                self._tell(("died", cause))
            elif was == "ready" and exit_code <= 0:
                return self._retire(BackendState("stopped"))
            elif not (child and child.killed) and self._dies_too_often():
                ended = QT_TRANSLATE_NOOP("notes", "it ended {count} times with {ending}.")
                return self._give_up(Sentence(ended, count=MOST_DEATHS, ending=ending(exit_code)))
            self._become(BackendState("starting"))
            return True

    def _dies_too_often(self) -> bool:
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < DEATHS_WITHIN_SECONDS] + [now]
        return len(self._deaths) >= MOST_DEATHS

    def _give_up(self, why: str) -> bool:
        self._failure = RenderProcessDied(
            QT_TRANSLATE_NOOP(
                "errors", "The render process does not start: {why} The next render tries again."
            ),
            action=QT_TRANSLATE_NOOP("errors", "Run “wan-desktop doctor” to see what is missing"),
            why=why if why.endswith(".") else f"{why}.",
        )
        return self._retire(BackendState("failed", {}, self._failure.sentence), self._failure)

    def _retire(self, state: BackendState, error: WanError | None = None) -> bool:
        """No process from now on, until `start`; always False."""
        self._working = self._resting = False
        if error is not None:
            self._tell(("died", error))
        self._become(state)
        return False

    # ---- with the lock held

    def _tell(self, message: tuple[Any, ...]) -> None:
        if self._mail is not None:
            self._mail.put(message)

    def _become(self, state: BackendState) -> None:
        if state == self._state:
            return
        self._state = state
        for listener in list(self._listeners):
            listener(state)
        self._tell(("look",))
