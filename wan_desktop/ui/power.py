"""Sending the computer to sleep, and shutting it down: the commands of each system, and whether they can work."""

from __future__ import annotations

import shutil
import subprocess
import sys

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, WanError

SLEEP, SHUT_DOWN = "sleep", "shut down"
_SECONDS = 20
_COMMANDS: dict[str, dict[str, tuple[str, ...]]] = {
    "linux": {SLEEP: ("systemctl", "suspend"), SHUT_DOWN: ("systemctl", "poweroff")},
    "darwin": {
        SLEEP: ("pmset", "sleepnow"),
        SHUT_DOWN: ("osascript", "-e", 'tell application "System Events" to shut down'),
    },
    "win32": {
        SLEEP: ("rundll32.exe", "powrprof.dll,SetSuspendState", "0,1,0"),
        SHUT_DOWN: ("shutdown", "/s", "/t", "0"),
    },
}
_LOGIND = {SLEEP: "CanSuspend", SHUT_DOWN: "CanPowerOff"}


def command(what: str) -> tuple[str, ...]:
    """The command for SLEEP or SHUT_DOWN here; () on a system that is not known."""
    return _COMMANDS.get(sys.platform, {}).get(what, ())


def can(what: str) -> bool:
    """Whether this computer lets us do that, as far as it can be known beforehand. Asks the system: it may wait."""
    program = command(what)
    if not program or shutil.which(program[0]) is None:
        return False
    return not sys.platform.startswith("linux") or _logind_says(_LOGIND[what]) in ("yes", "challenge")


def do(what: str) -> None:
    """Do it. Not on the window's thread. Raises WanError when the system refuses."""
    try:
        done = subprocess.run(command(what), capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(str(error)) from error
    if done.returncode != 0:
        raise _refused((done.stderr or done.stdout).strip() or str(done.returncode))


def _refused(why: str) -> WanError:
    return WanError(
        QT_TRANSLATE_NOOP("errors", "The computer did not do it ({why}). Your clips are safe."), why=why
    )


def _logind_says(question: str) -> str:
    """What systemd-logind answers to CanSuspend or CanPowerOff: "yes", "challenge", "no", "na"; "" when unknown."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.systemBus()
    if not bus.isConnected():
        return ""
    name = "org.freedesktop.login1"
    message = QDBusMessage.createMethodCall(name, "/org/freedesktop/login1", f"{name}.Manager", question)
    reply = bus.call(message, timeout=1000)
    answered = reply.type() == QDBusMessage.MessageType.ReplyMessage and reply.arguments()
    return str(reply.arguments()[0]) if answered else ""
