"""One spawned render process: its pipe, its end, and what its end means."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
import threading
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, RenderProcessDied
from wan_desktop.domain.sentence import Sentence
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


def death(exit_code: int) -> RenderProcessDied:
    """The error of a job whose render process ended with `exit_code` in the middle of it."""
    if exit_code == -getattr(signal, "SIGKILL", 9):
        return RenderProcessDied(
            QT_TRANSLATE_NOOP(
                "errors",
                "The render process was ended by the system (signal {number}), most likely because memory ran "
                "out; a fresh one is being started.",
            ),
            action=QT_TRANSLATE_NOOP("errors", "Close other programs, or use a smaller size or fewer frames"),
            number=-exit_code,
        )
    again = QT_TRANSLATE_NOOP("errors", "Try again")
    if exit_code < 0:
        return RenderProcessDied(
            QT_TRANSLATE_NOOP(
                "errors", "The render process crashed ({ending}); a fresh one is being started."
            ),
            action=again,
            ending=ending(exit_code),
        )
    return RenderProcessDied(
        QT_TRANSLATE_NOOP(
            "errors", "The render process ended unexpectedly ({ending}); a fresh one is being started."
        ),
        action=again,
        ending=ending(exit_code),
    )


def ending(exit_code: int) -> Sentence:
    """How a process ended, such as "signal 11, SIGSEGV" or "exit code 1"; Windows' own codes in hex."""
    if exit_code >= 0:
        code = exit_code if exit_code < 256 else hex(exit_code)
        return Sentence(QT_TRANSLATE_NOOP("notes", "exit code {code}"), code=code)
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        return Sentence(QT_TRANSLATE_NOOP("notes", "signal {number}"), number=-exit_code)
    return Sentence(QT_TRANSLATE_NOOP("notes", "signal {number}, {name}"), number=-exit_code, name=name)
