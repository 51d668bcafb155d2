"""What the end of a render process means."""

from __future__ import annotations

import signal
from pathlib import Path

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, OutOfMemory, RenderProcessDied, WanError
from wan_desktop.domain.sentence import Sentence

COUNTERS = Path("/proc/vmstat")
"""Where Linux counts what it does about memory; "oom_kill" are the processes that it has ended for want of it."""
_KILL = -getattr(signal, "SIGKILL", 9)


def memory_kills() -> int:
    """How many processes the system has ended for want of memory since it started; 0 where it does not say."""
    try:
        lines = COUNTERS.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def death(exit_code: int, *, by_us: bool, memory_ran_out: bool) -> WanError:
    """The error of a job whose render process ended with `exit_code` in the middle of it.

    `by_us`: it did not end by itself and was killed. `memory_ran_out`: meanwhile the system has killed for memory.
    """
    again = QT_TRANSLATE_NOOP("errors", "Try again")
    if by_us:
        return RenderProcessDied(
            QT_TRANSLATE_NOOP(
                "errors", "The render process no longer answered and was ended; a fresh one is being started."
            ),
            action=again,
        )
    if exit_code == _KILL and memory_ran_out:
        return OutOfMemory(
            QT_TRANSLATE_NOOP(
                "errors", "The computer's memory ran out, so the system ended the render process."
            ),
            action=QT_TRANSLATE_NOOP("errors", "Close other programs, or use a smaller size or fewer frames"),
        )
    if exit_code == _KILL:
        return RenderProcessDied(
            QT_TRANSLATE_NOOP(
                "errors",
                "The system or another program ended the render process ({ending}); a fresh one is being started.",
            ),
            action=again,
            ending=ending(exit_code),
        )
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
