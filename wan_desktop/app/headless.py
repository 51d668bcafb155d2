"""The host without a window: one render on the command line, and ComfyUI's API."""

from __future__ import annotations

import contextlib
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.app.parts import HostParts
from wan_desktop.app.reach import find_host
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, HostProblem
from wan_desktop.domain.events import Note
from wan_desktop.domain.places import ANY, server_of
from wan_desktop.jobs.following import Following
from wan_desktop.process.lock import LibraryLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_desktop.config.paths import Paths
    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.domain.request import Draft
    from wan_desktop.jobs.runner import Runner
    from wan_desktop.process.host_client import HostClient
    from wan_desktop.server.api import ApiServer
    from wan_desktop.server.settings import ApiSettings


def render(
    draft: Draft, *, out: str | None, device: str | None, show: Callable[[Event], None]
) -> tuple[Job, Clip | None]:
    """Render `draft` here, or in the host that is running, and wait; the ended job and its clip.

    `show` gets the job's events. Ctrl-C cancels the job and waits for its end. `out` is where a copy goes; the
    clip that is returned then has the copy's path. Raises WanError when the draft is refused or nothing can start.
    """
    from wan_desktop.library.copies import check_target, copy_to

    if out is not None:
        check_target(Path(out))
    with _interrupts() as interrupted:
        paths, found = find_host()
        if isinstance(found, LibraryLock):
            job, clip = _render_as_host(paths, found, draft, device, interrupted, show)
        else:
            job, clip = _render_in_running_host(found, draft, device, interrupted, show)
    if clip is not None and out is not None:
        clip = replace(clip, path=str(copy_to(clip, Path(out))))
    return job, clip


def serve(settings: ApiSettings, device: str | None, say: Callable[[ApiServer], None]) -> None:
    """Answer ComfyUI's API without a window until Ctrl-C, or until a window takes over.

    The queue of earlier times goes on at once. `say` gets the running server. Raises HostProblem when another
    Wan Desktop holds the library or the address cannot be had.
    """
    from wan_desktop.server.api import ApiServer

    with _interrupts() as interrupted:
        paths, found = find_host()
        if not isinstance(found, LibraryLock):
            found.close()
            raise HostProblem(
                QT_TRANSLATE_NOOP(
                    "errors",
                    "Another Wan Desktop is running with this library: close it, or turn on the API in its Settings.",
                )
            )
        with _headless(paths, found, device) as (parts, runner, thread, taken_over):
            api = ApiServer(parts.host, settings, data=paths.data, config=paths.config)
            runner.go_on()  # before anybody asks: what a crash interrupted has not ended
            api.start()
            try:
                say(api)
                while not (interrupted.is_set() or taken_over.is_set()) and thread.is_alive():
                    interrupted.wait(0.2)
            finally:
                api.stop()


def _render_in_running_host(
    client: HostClient,
    draft: Draft,
    device: str | None,
    interrupted: threading.Event,
    show: Callable[[Event], None],
) -> tuple[Job, Clip | None]:
    with contextlib.closing(client):
        if device is not None:
            show(Note("", "--device is left out: the Wan Desktop that is running has its own"))
        following = Following(client, show, may_wait=True)
        client.lost.add_done_callback(following.lost)
        return following.run(lambda: client.submit(draft, cancel_on_disconnect=True), interrupted)


def _render_as_host(
    paths: Paths,
    lock: LibraryLock,
    draft: Draft,
    device: str | None,
    interrupted: threading.Event,
    show: Callable[[Event], None],
) -> tuple[Job, Clip | None]:
    """Render here; what others submit meanwhile is rendered too, unless a window wants to take over."""
    here = server_of(draft.model or "") in ("", ANY)
    with _headless(paths, lock, device, even_paused=True, rendering=here) as (
        parts,
        runner,
        thread,
        taken_over,
    ):
        # who calls for a render on the command line wants it now, even when the queue rests
        job, clip = Following(parts.host, show).run(lambda: parts.host.submit(draft), interrupted)
        if not (taken_over.is_set() or interrupted.is_set()):
            runner.finish()
            _wait_for(thread, interrupted)
        return job, clip


@contextlib.contextmanager
def _headless(
    paths: Paths, lock: LibraryLock, device: str | None, *, even_paused: bool = False, rendering: bool = True
) -> Iterator[tuple[HostParts, Runner, threading.Thread, threading.Event]]:
    """A host without a window, rendering in a thread; the event is set when a window wants to take over."""
    from wan_desktop.config.logs import log_to
    from wan_desktop.process.host_session import Doors
    from wan_desktop.process.host_socket import HostSocket

    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        stack.callback(log_to(paths.logs, "host"))
        parts = HostParts(paths, device=device, rendering=rendering)
        stack.callback(parts.host.close)
        parts.prepare_library()
        runner = parts.runner(even_paused=even_paused)
        thread = threading.Thread(target=runner.run, name="runner")
        thread.start()
        stack.callback(thread.join)
        stack.callback(parts.host.running.interrupt)
        stack.callback(runner.stop)
        stack.callback(parts.fleet.close)
        taken_over = threading.Event()
        doors = Doors("headless", take_over=taken_over.set)
        stack.callback(HostSocket(parts.host, paths.data, doors).close)
        yield parts, runner, thread, taken_over


def _wait_for(thread: threading.Thread, interrupted: threading.Event) -> None:
    while thread.is_alive() and not interrupted.is_set():
        thread.join(timeout=0.2)


@contextlib.contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set instead of ending the program; a second Ctrl-C ends it."""
    interrupted = threading.Event()

    def note(number: int, _: Any) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
