"""The composition root of the host: wires the concrete classes, for the window and for the command line."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, HostProblem, WanError
from wan_desktop.domain.events import ClipAdded, Note
from wan_desktop.domain.events_json import clip_to_json, job_to_json
from wan_desktop.domain.job import Job
from wan_desktop.jobs.following import Following
from wan_desktop.jobs.host import Host
from wan_desktop.jobs.runner import Lane, Runner
from wan_desktop.process.lock import LibraryLock
from wan_desktop.remote.places import server_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from wan_desktop.bridge.render_thread import RenderThread
    from wan_desktop.bridge.session import Session
    from wan_desktop.config.paths import Paths
    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Clip
    from wan_desktop.domain.request import Draft
    from wan_desktop.domain.settings import Settings
    from wan_desktop.models.manager import ModelManager
    from wan_desktop.process.host_client import HostClient
    from wan_desktop.remote.book import RemoteBook
    from wan_desktop.server.api import ApiServer
    from wan_desktop.server.settings import ApiSettings
    from wan_desktop.ui.application import WindowApplication

log = logging.getLogger(__name__)
T = TypeVar("T")

DATABASE = "wan-desktop.sqlite"
WINDOW_STATE = "window.ini"
RENDER_OUTPUT = "render-output.log"
RENDERS = "renders"
_HOST_SECONDS = 8.0
"""How long a library that somebody holds without answering is waited for."""


class HostParts:
    """A host and the concrete parts behind it. One a library: whoever makes it holds the library lock.

    Without `rendering` no render process is started: for looking only.
    """

    def __init__(self, paths: Paths, *, device: str | None = None, rendering: bool = True) -> None:
        from wan_desktop import child
        from wan_desktop.config.paths import default_library, resources_dir
        from wan_desktop.config.settings_file import SettingsFile
        from wan_desktop.library.database import Database
        from wan_desktop.library.folder import LibraryFolder
        from wan_desktop.library.images import ImageStore
        from wan_desktop.library.kept import KeptFiles
        from wan_desktop.models.catalog import ModelCatalog
        from wan_desktop.models.manager import ModelManager
        from wan_desktop.models.registry import NAME, Registry
        from wan_desktop.models.wan22_ti2v_5b import make_spec
        from wan_desktop.process.render_process import RenderProcess
        from wan_desktop.remote.book import RemoteBook
        from wan_desktop.remote.places import WithRemotes

        self._paths, self._device = paths, device
        self._file = SettingsFile(paths.config)
        self.settings = self._file.load()
        self.resources = resources_dir()
        listed = Registry(paths.data / NAME)
        self.models = ModelCatalog(self.resources / "models" / "demo", lambda: self.settings, listed)
        self.model_manager = ModelManager(self.models, listed, paths.data / "models")
        self.opening_notes = (*self._file.opening_notes, *self._without_lost_model())
        self._default_library = default_library(paths)
        images = ImageStore(paths.data / "images")
        self.library = LibraryFolder(
            self._library_folder(),
            images,
            KeptFiles(paths.data / RENDERS),
            snapshot_every_s=lambda: self.settings.snapshot_every_s,
        )
        if not self.settings.library_dir:
            # Jobs may come before `prepare_library`, which tells what is wrong with a folder that cannot be made.
            with contextlib.suppress(OSError):
                self.library.folder.mkdir(parents=True, exist_ok=True)
        self.remotes = RemoteBook(paths.config).all()
        models = WithRemotes(self.models, [remote.name for remote in self.remotes], make_spec)
        self.backend = RenderProcess(child.main, self._child_settings, models=models, images=images)
        if rendering:
            self.backend.start()  # before all else: its imports take seconds, everything below overlaps them
        try:
            self.store = Database(paths.data / DATABASE)
        except BaseException:
            self.backend.close()
            raise
        self.opening_notes += self.store.opening_notes
        self.host = Host(
            store=self.store, library=self.library, images=images, models=models, backend=self.backend
        )

    def prepare_library(self) -> None:
        """Make the library folder, sweep what a crash left there, take in clips that the database lacks.

        Clips that have been in the bin for long enough leave it. Raises DiskProblem.
        """
        from wan_desktop.config.tidy import MOST_CACHE, MOST_LOGS, bound
        from wan_desktop.library.rebuild import adopt_clips, empty_bin

        self.library.prepare(create=not self.settings.library_dir)
        for clip in adopt_clips(self.store, self.library):
            if clip.deleted_at is None:
                self.host.emit(ClipAdded(clip))
                self.host.settle(clip).result()
        empty_bin(self.store, self.library, time.time())
        self.host.sweep(self._keep_bytes()).result()
        for folder, most in ((self._paths.logs, MOST_LOGS), (self._paths.cache, MOST_CACHE)):
            bound(folder, most)

    def write_report(self, target: Path, *, with_prompts: bool = False) -> Path:
        """Write a file for whoever helps to `target`; takes a second or two. Raises DiskProblem."""
        jobs = self.host.jobs().result()
        return _write_report(self._paths, self.settings, self.library.folder, jobs, target, with_prompts)

    def runner(self, *, even_paused: bool = False) -> Runner:
        """A runner on the host, with everything this computer gives it."""
        from wan_desktop.config.awake import KeepAwake
        from wan_desktop.config.logs import tail
        from wan_desktop.remote.lanes import fits_here

        return Runner(
            self.host,
            fits=fits_here([remote.name for remote in self.remotes]),
            lanes=self._lanes(),
            even_paused=even_paused,
            awake=KeepAwake(lambda: self.settings.keep_awake).hold,
            log_tail=lambda since: tail(self._paths.logs / RENDER_OUTPUT, since),
            keep_bytes=self._keep_bytes,
        )

    def _lanes(self) -> list[Lane]:
        """One for each server that was added."""
        if not self.remotes:
            return []
        from wan_desktop.encode.mp4 import Mp4Writer
        from wan_desktop.remote.comfy import ComfyBackend
        from wan_desktop.remote.lanes import fits_on

        names, kept = [remote.name for remote in self.remotes], self._paths.data / RENDERS
        return [
            Lane(
                ComfyBackend(remote, images=self.host.images, writer=Mp4Writer),
                fits_on(remote.name, names, kept),
            )
            for remote in self.remotes
        ]

    def apply(self, settings: Settings) -> None:
        """Save and use new settings. Raises WanError, and then nothing is changed."""
        before, folder = self.settings, self.library.folder
        self.settings = settings
        try:
            if settings.library_dir != before.library_dir:
                self.library.use(self._library_folder())
            self._file.save(settings)
        except WanError:
            self.settings, self.library.folder = before, folder
            raise
        if settings.device != before.device:
            self.backend.restart()

    def _without_lost_model(self) -> tuple[str, ...]:
        """When the chosen model cannot be used, go on without it, and say so."""
        try:
            self.models.get(None)
        except WanError as error:
            self.settings = replace(self.settings, model="")
            return (error.sentence,)
        return ()

    def _keep_bytes(self) -> int:
        return max(0, self.settings.keep_gb) * 10**9

    def _library_folder(self) -> Path:
        return Path(self.settings.library_dir) if self.settings.library_dir else self._default_library

    def _child_settings(self) -> dict[str, Any]:
        return {
            "device": self._device or self.settings.device,
            "model": self.models.get(None),
            "cache_dir": str(self._paths.cache),
            "resources_dir": str(self.resources),
            "log_dir": str(self._paths.logs),
        }


# ---- without a window


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
        paths, found = _find_host()
        if isinstance(found, LibraryLock):
            job, clip = _render_as_host(paths, found, draft, device, interrupted, show)
        else:
            job, clip = _render_in_running_host(found, draft, device, interrupted, show)
    if clip is not None and out is not None:
        clip = replace(clip, path=str(copy_to(clip, Path(out))))
    return job, clip


def list_jobs() -> list[dict[str, Any]]:
    """Every job in the queue, as plain data."""
    with _looking() as host:
        return [job_to_json(job) for job in host.jobs().result()]


def list_clips() -> list[dict[str, Any]]:
    """Every clip in the library, newest first, as plain data."""
    with _looking() as host:
        return [clip_to_json(clip) for clip in host.clips().result()]


def on_queue(ask: Callable[[Host | HostClient], Future[T]]) -> T:
    """What `ask` gets of the queue: of the host that is running, or of the stored one. Raises WanError."""
    with _looking() as host:
        return ask(host).result()


def model_manager() -> ModelManager:
    """The models on this computer; needs no host, since the list of models is a file of its own."""
    from wan_desktop.config.paths import find_paths, resources_dir
    from wan_desktop.config.settings_file import SettingsFile
    from wan_desktop.models.catalog import ModelCatalog
    from wan_desktop.models.manager import ModelManager
    from wan_desktop.models.registry import NAME, Registry

    paths = find_paths()
    settings = SettingsFile(paths.config).load()
    listed = Registry(paths.data / NAME)
    catalog = ModelCatalog(resources_dir() / "models" / "demo", lambda: settings, listed)
    return ModelManager(catalog, listed, paths.data / "models")


def remote_book() -> RemoteBook:
    """The servers that were added; needs no host, since the list is a file of its own."""
    from wan_desktop.config.paths import find_paths
    from wan_desktop.remote.book import RemoteBook

    return RemoteBook(find_paths().config)


def doctor() -> tuple[dict[str, Any], str]:
    """What this computer has and what is missing: as plain data, and as text."""
    from wan_desktop.config import doctor as examination
    from wan_desktop.config.paths import default_library, find_paths

    paths = find_paths()
    report = examination.examine(paths, default_library(paths))
    return report, examination.as_text(report)


def report(target: Path, *, with_prompts: bool = False) -> Path:
    """Write a file for whoever helps to `target`; also when the library cannot be opened. Raises DiskProblem."""
    from wan_desktop.config.paths import default_library, find_paths
    from wan_desktop.config.settings_file import SettingsFile

    paths, problem, jobs = find_paths(), "", list[Job]()
    settings = SettingsFile(paths.config).load()
    try:
        with _looking() as host:
            jobs = host.jobs().result()
    except WanError as error:
        problem = error.sentence
    library = Path(settings.library_dir) if settings.library_dir else default_library(paths)
    return _write_report(paths, settings, library, jobs, target, with_prompts, problem)


def _write_report(
    paths: Paths,
    settings: Settings,
    library: Path,
    jobs: Sequence[Job],
    target: Path,
    with_prompts: bool,
    problem: str = "",
) -> Path:
    from wan_desktop.config import doctor as examination
    from wan_desktop.config.report import write_report

    newest_first = sorted(jobs, key=lambda job: -(job.finished_at or job.started_at or job.created_at))
    return write_report(
        target,
        paths=paths,
        library=library,
        settings=settings,
        jobs=newest_first,
        examination=examination.examine(paths, library),
        problem=problem,
        with_prompts=with_prompts,
    )


def _find_host() -> tuple[Paths, LibraryLock | HostClient]:
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
    here = not server_of(draft.model or "")
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
        taken_over = threading.Event()
        doors = Doors("headless", take_over=taken_over.set)
        stack.callback(HostSocket(parts.host, paths.data, doors).close)
        yield parts, runner, thread, taken_over


def serve(settings: ApiSettings, device: str | None, say: Callable[[ApiServer], None]) -> None:
    """Answer ComfyUI's API without a window until Ctrl-C, or until a window takes over.

    The queue of earlier times goes on at once. `say` gets the running server. Raises HostProblem when another
    Wan Desktop holds the library or the address cannot be had.
    """
    from wan_desktop.server.api import ApiServer

    with _interrupts() as interrupted:
        paths, found = _find_host()
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
            api.start()
            try:
                say(api)
                runner.go_on()
                while not (interrupted.is_set() or taken_over.is_set()) and thread.is_alive():
                    interrupted.wait(0.2)
            finally:
                api.stop()


def _wait_for(thread: threading.Thread, interrupted: threading.Event) -> None:
    while thread.is_alive() and not interrupted.is_set():
        thread.join(timeout=0.2)


@contextlib.contextmanager
def _looking() -> Iterator[Host | HostClient]:
    """Whoever knows the library: the host that is running, or one of our own that renders nothing."""
    paths, found = _find_host()
    if not isinstance(found, LibraryLock):
        with contextlib.closing(found):
            yield found
        return
    with contextlib.ExitStack() as stack:
        stack.callback(found.release)
        parts = HostParts(paths, rendering=False)
        stack.callback(parts.host.close)
        yield parts.host


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


# ---- the window


def open_window() -> int:
    """Open the window and stay until it is closed; the exit code. Brings an open window to the front instead.

    Raises HostProblem when there is no display.
    """
    _check_display()
    paths, found = _find_host()
    if not isinstance(found, LibraryLock):
        with contextlib.closing(found):
            if not found.can_be_taken_over:
                found.raise_window().result()
                return 0
    from wan_desktop.ui.application import WindowApplication

    application = WindowApplication(sys.argv[:1])
    lock = found if isinstance(found, LibraryLock) else _take_over(application, paths)
    return 0 if lock is None else _run_window(application, paths, lock)


@contextlib.contextmanager
def window_session(paths: Paths, lock: LibraryLock) -> Iterator[tuple[Session, RenderThread, HostParts]]:
    """Everything behind a window. Start the thread when the window is there; all ends with the context."""
    from wan_desktop.bridge.api_door import ApiDoor
    from wan_desktop.bridge.model_shelf import ModelShelf
    from wan_desktop.bridge.render_thread import RenderThread
    from wan_desktop.bridge.session import Session
    from wan_desktop.config.logs import log_to
    from wan_desktop.process.host_session import Doors
    from wan_desktop.process.host_socket import HostSocket
    from wan_desktop.server.switch import ApiSwitch

    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        stack.callback(log_to(paths.logs, "host"))
        parts = HostParts(paths)
        stack.callback(parts.host.close)
        runner = parts.runner()
        if parts.settings.at_start == "continue":
            runner.go_on()
        thread = RenderThread(runner, parts.prepare_library)
        session = Session(
            parts.host,
            runner,
            settings=parts.settings,
            save_settings=parts.apply,
            write_report=parts.write_report,
            opening_notes=parts.opening_notes,
        )
        session.model_shelf = ModelShelf(parts.model_manager, session)
        switch = ApiSwitch(parts.host, data=paths.data, config=paths.config)
        session.api = door = ApiDoor(switch, session)
        session.loaded.connect(lambda: door.use(parts.settings))  # after the window is there
        session.settings_changed.connect(door.use)
        thread.problem.connect(session.refused)
        stack.callback(session.close)
        stack.callback(thread.finish)
        stack.callback(parts.host.running.interrupt)
        stack.callback(switch.close)
        doors = Doors("window", raise_window=lambda file: session.raise_window(file or ""))
        stack.callback(HostSocket(parts.host, paths.data, doors).close)
        yield session, thread, parts


def _run_window(application: WindowApplication, paths: Paths, lock: LibraryLock) -> int:
    with window_session(paths, lock) as (session, thread, parts):
        application.show(session, parts.resources, paths.config / WINDOW_STATE)
        session.load()
        thread.start()
        return application.exec()


def _take_over(application: WindowApplication, paths: Paths) -> LibraryLock | None:
    """Wait until the host without a window has ended, if the user wants that; None when not."""
    from wan_desktop.config.paths import resources_dir
    from wan_desktop.config.settings_file import SettingsFile
    from wan_desktop.process.host_client import HostClient
    from wan_desktop.process.lock import take_library

    application.dress(SettingsFile(paths.config).load(), resources_dir())
    if not application.ask_take_over():
        return None
    with contextlib.suppress(HostProblem), contextlib.closing(HostClient.connect(paths.data)) as client:
        client.take_over().result()
    return application.wait_for(lambda: take_library(paths.data))


def _check_display() -> None:
    if not sys.platform.startswith("linux"):
        return
    if any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        return
    raise HostProblem(
        QT_TRANSLATE_NOOP(
            "errors",
            "There is no display for a window here. To render without one: "
            'wan-desktop render "a red ball moving right over a blue background"',
        )
    )
