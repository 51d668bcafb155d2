"""The host with a window: opens it, brings an open one to the front, or takes over from a host without one."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from wan_desktop.app import benchmark
from wan_desktop.app.parts import HostParts
from wan_desktop.app.reach import find_host
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, HostProblem
from wan_desktop.process.lock import LibraryLock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.bridge.render_thread import RenderThread
    from wan_desktop.bridge.session import Session
    from wan_desktop.config.paths import Paths
    from wan_desktop.ui.application import WindowApplication

WINDOW_STATE = "window.ini"


def open_window() -> int:
    """Open the window and stay until it is closed; the exit code. Brings an open window to the front instead.

    Raises HostProblem when there is no display.
    """
    _check_display()
    paths, found = find_host()
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
    from wan_desktop.bridge.servers import ServerShelf
    from wan_desktop.bridge.session import Session
    from wan_desktop.config.logs import log_to
    from wan_desktop.process.host_session import Doors
    from wan_desktop.process.host_socket import HostSocket
    from wan_desktop.remote.desk import ServerDesk
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
        session.benchmark = benchmark.last(paths.data)
        session.model_shelf = ModelShelf(parts.model_manager, session)
        session.servers = ServerShelf(ServerDesk(parts.remotes), session)
        switch = ApiSwitch(parts.host, data=paths.data, config=paths.config)
        session.api = door = ApiDoor(switch, session)
        session.loaded.connect(lambda: door.use(parts.settings))  # after the window is there
        session.settings_changed.connect(door.use)
        thread.problem.connect(session.refused)
        stack.callback(session.close)
        stack.callback(thread.finish)
        stack.callback(parts.host.running.interrupt)
        stack.callback(parts.fleet.close)
        stack.callback(switch.close)
        doors = Doors("window", raise_window=lambda file: session.raise_window(file or ""))
        stack.callback(HostSocket(parts.host, paths.data, doors).close)
        yield session, thread, parts


def _run_window(application: WindowApplication, paths: Paths, lock: LibraryLock) -> int:
    with window_session(paths, lock) as (session, thread, parts):
        application.show(session, parts.resources, paths.config / WINDOW_STATE)
        gc.disable()
        session.loaded.connect(_keep_for_good)
        session.refused.connect(lambda _: gc.enable())  # nothing was loaded
        session.load()
        thread.start()
        return application.exec()


def _keep_for_good() -> None:
    """Spare the garbage collector what was loaded: walking ten thousand recipes stops the window for 0.1 s."""
    gc.freeze()
    gc.enable()


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
            "There is no display for a window here. Rendering needs none; add to the command: "
            'render "a red ball moving right over a blue background"',
        )
    )
