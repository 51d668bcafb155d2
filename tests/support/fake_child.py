"""A render process for tests: real process, real pipe, no torch. It speaks the protocol and does what it is told.

The prompt of a job scripts it, word by word, after the first Progress has been sent:

    "signal 11"   kills itself with that signal            "error"  fails with OutOfMemory
    "exit 3"      ends with that exit code                 "wait"   goes on until it is cancelled
    "poison"      says that its card has failed, and stays
    "silent"      sends no Progress before what follows    "deaf"   goes on for ever and ignores a cancel
    "steps 9"     takes so many steps of 10 ms, keeps each, goes on from what is kept, and heeds a pause
    "alive 9"     says so many times, each 20 ms, that it is alive, and nothing else
    "garbage"     sends what is no message at all, and stays
    "evil FILE"   sends what would make FILE if the host were to read it as any pickle
    "film"        writes a real clip at the end, not four bytes
    "once FILE"   does what follows only if FILE is not there yet, and makes it

Without any of them it reports two steps, a preview and a note, writes a file and is done.

`settings["start"]`: "" (ready at once), "exit N", "signal N", "complain" (says why it cannot start, and ends) or
"gate FILE" (is ready when FILE is there). `settings["linger"]`: it ignores ("stop",). `settings["device"]` is told
with ready, beside its process id.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path

from wan_desktop.domain.errors import OutOfMemory, RenderProcessDied
from wan_desktop.domain.events import BackendState, Frame, Kept, Note, Preview, Progress, Rendered, Resumed
from wan_desktop.domain.job import Stage


def main(conn, settings):
    """The spawn target."""
    _no_core_file()
    conn.send(("event", BackendState("starting")))
    todo, cancelled, paused = queue.SimpleQueue(), set(), set()
    threading.Thread(target=_listen, args=(conn, todo, cancelled, paused, settings), daemon=True).start()
    _begin(conn, settings.get("start", "").split())
    conn.send(("event", BackendState("ready", {"device": settings.get("device", "cpu"), "pid": os.getpid()})))
    while (message := todo.get())[0] == "render":
        _render(conn, cancelled, paused, *message[1:])


def _listen(conn, todo, cancelled, paused, settings):
    while True:
        try:
            message = conn.recv()
        except (EOFError, OSError):
            os._exit(4)
        if message[0] == "cancel":
            cancelled.add(message[1])
        elif message[0] == "pause":
            paused.add(message[1])
        elif message[0] == "render":  # what was said of the job before belongs to an earlier try
            cancelled.discard(message[1].id)
            paused.discard(message[1].id)
            todo.put(message)
        elif not (message[0] == "stop" and settings.get("linger")):
            todo.put(message)


def _begin(conn, script):
    match script:
        case ["gate", file]:
            while not Path(file).exists():
                time.sleep(0.005)
        case ["complain"]:
            conn.send(("event", BackendState("failed", sentence="No engine is here")))
            sys.exit(1)
        case [how, number]:
            _die(how, int(number))


def _die(how, number):
    if how == "exit":
        os._exit(number)
    os.kill(os.getpid(), number)
    time.sleep(60)


def _render(conn, cancelled, paused, job, model, image_path, files):
    words = iter(job.request.prompt.split())
    if "silent" not in job.request.prompt:
        conn.send(("event", Progress(job.id, Stage.ENCODING)))
    for word in words:
        match word:
            case "once":
                marker = Path(next(words))
                if marker.exists():
                    break
                marker.touch()
            case "signal" | "exit":
                _die(word, int(next(words)))
            case "error":
                return conn.send(("failed", job.id, OutOfMemory("No memory for {n} frames.", n=5)))
            case "poison":
                return conn.send(("failed", job.id, RenderProcessDied("The graphics card failed.")))
            case "garbage":
                conn.send_bytes(b"no message at all")
                time.sleep(600)
            case "deaf":
                time.sleep(600)
            case "steps":
                if not _steps(conn, paused, job, Path(files.snapshot), int(next(words))):
                    return conn.send(("paused", job.id))
            case "evil":
                conn.send(("event", Evil(next(words))))
            case "alive":
                for _ in range(int(next(words))):
                    time.sleep(0.02)
                    conn.send(("alive", job.id))
            case "wait":
                while job.id not in cancelled:
                    time.sleep(0.005)
                return conn.send(("cancelled", job.id))
    return _finish(conn, job, model, image_path, files.part)


def _steps(conn, paused, job, snapshot, total):
    """Take the steps; False when it was paused in the middle."""
    done = int(snapshot.read_text()) if snapshot.exists() else 0
    if done:
        conn.send(("event", Resumed(job.id, done, total)))
    for step in range(done + 1, total + 1):
        time.sleep(0.01)
        snapshot.write_text(str(step))
        conn.send(("event", Progress(job.id, Stage.DENOISING, step, total)))
        conn.send(("event", Kept(job.id, step, total)))
        if job.id in paused:
            return False
    return True


def _finish(conn, job, model, image_path, part_path):
    for step in (1, 2):
        conn.send(("event", Progress(job.id, Stage.DENOISING, step, 2)))
        conn.send(("event", Preview(job.id, step, (Frame(1, 1, b"rgb"),))))
    conn.send(("event", Note(job.id, "Nothing was rendered.")))
    if "film" in job.request.prompt.split():
        write_clip(part_path, job.request)
    else:
        Path(part_path).write_bytes(b"clip")
    made_by = {"model": model.id, "image": image_path, "pid": os.getpid()}
    conn.send(("event", Rendered(job.id, part_path, job.request.num_frames, made_by)))


class Evil:
    """Calls a function when it is unpickled."""

    def __init__(self, file):
        self._file = file

    def __reduce__(self):
        return (os.mkdir, (self._file,))


def write_clip(part_path, request):
    """A real clip of the request's size and length."""
    from support import scripted_backend

    size = request.width, request.height
    scripted_backend.write_clip(Path(part_path), *size, request.num_frames, request.fps)


def _no_core_file():
    """A crash on purpose leaves no core file."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
