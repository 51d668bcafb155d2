"""One spawned render process: its pipe, its end, and what its end means."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
import threading
from typing import TYPE_CHECKING, Any

from wan_desktop.process.deaths import memory_kills
from wan_desktop.process.messages import receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

log = logging.getLogger(__name__)

_LINGER_SECONDS = 1.0
"""How long a process that has closed its pipe may take to end by itself."""


class ChildProcess:
    """A running child. One thread reads `messages` and then calls `reap`; any thread may `send` and `kill`."""

    def __init__(
        self, target: Callable[[Connection, dict[str, Any]], None], settings: dict[str, Any]
    ) -> None:
        """Spawn `target(connection, settings)`. Raises OSError when the system refuses."""
        context = multiprocessing.get_context("spawn")
        self._connection, far_end = context.Pipe()
        self._process = context.Process(target=target, args=(far_end, settings), name="render", daemon=True)
        self._sending = threading.Lock()
        self.killed = False
        self._memory_kills = memory_kills()
        try:
            with _interrupts_held_back():
                self._process.start()
        except BaseException:
            self._connection.close()
            raise
        finally:
            far_end.close()  # while a copy of it is open here, the child's end is never noticed

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._process.pid

    @property
    def memory_ran_out(self) -> bool:
        """Has the system ended any process for want of memory since this one began?"""
        return memory_kills() > self._memory_kills

    def send(self, message: tuple[Any, ...]) -> bool:
        """Send the message; False when nobody is left to read it."""
        try:
            with self._sending:
                self._connection.send(message)
        except OSError:
            return False
        return True

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """What the child says, until it is gone."""
        while True:
            try:
                message = receive(self._connection)
            except (EOFError, OSError):
                return
            except Exception:  # process border: whatever unpickling raises, the pipe is lost
                log.exception("the render process sent what cannot be read")
                return
            yield message

    def kill(self) -> None:
        """End it at once; its reader notices."""
        self.killed = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def reap(self) -> int:
        """Wait for the end of a child that has closed its pipe, and give its exit code (-N: signal N)."""
        self._process.join(_LINGER_SECONDS)
        while self._process.exitcode is None:
            self.kill()
            self._process.join(_LINGER_SECONDS)
        self._connection.close()
        return self._process.exitcode


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Spawn with SIGINT blocked: Ctrl-C goes to the whole terminal, and the host decides what it means."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # at its first start it would unblock the signal again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
