"""A real window on a real host in a temporary folder; only the local backend follows a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.hosts import make_host
from support.scripted_backend import ScriptedBackend

from wan_desktop.bridge.render_thread import RenderThread
from wan_desktop.bridge.servers import ServerShelf
from wan_desktop.bridge.session import Session
from wan_desktop.domain.settings import Settings
from wan_desktop.jobs.runner import Runner
from wan_desktop.models.wan22_ti2v_5b import make_spec
from wan_desktop.remote.book import RemoteBook
from wan_desktop.remote.desk import ServerDesk
from wan_desktop.remote.fleet import Fleet
from wan_desktop.remote.lanes import fits_here
from wan_desktop.remote.places import WithRemotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import Lora
    from wan_desktop.jobs.host import Host
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.comfy import ComfyBackend
    from wan_desktop.remote.turns import Turns
    from wan_desktop.ui.main_window import MainWindow

RESOURCES = Path(__file__).resolve().parents[2] / "resources"


class TwoModels:
    """The Models port with the 5 B, as if its folder were there, and the built-in demo; settings choose."""

    def __init__(self, chosen: str = "demo") -> None:
        from wan_desktop.models.declared import read_spec
        from wan_desktop.models.wan22_ti2v_5b import make_spec

        self.chosen = chosen
        self.large = make_spec("/models/Wan2.2-TI2V-5B", "5" * 64)
        self.demo = read_spec(RESOURCES / "models" / "demo", "demo", "d" * 64)

    def all(self) -> list[ModelSpec]:
        """Both, the demo last."""
        return [self.large, self.demo]

    def get(self, model: str | None) -> ModelSpec:
        """The one of that id, None: the chosen one."""
        name = model or self.chosen
        return self.large if name in (self.large.id, "5b") else self.demo

    def check_loras(self, loras: Sequence[Lora]) -> tuple[Lora, ...]:
        """As the real list of models does."""
        from wan_desktop.models.loras import checked

        return tuple(checked(lora) for lora in loras)


@dataclass
class Desk:
    """Everything behind a window. `open` may be called again: a later start on the same folder."""

    folder: Path
    models: TwoModels = field(default_factory=TwoModels)
    settings: Settings = field(default_factory=lambda: Settings(appearance="dark", language="en"))
    opening_notes: tuple[str, ...] = ()
    backend: ScriptedBackend = field(default_factory=ScriptedBackend)
    host: Host = field(init=False)
    session: Session = field(init=False)
    window: MainWindow = field(init=False)
    book: RemoteBook = field(init=False)
    fleet: Fleet = field(init=False)
    rendering: bool = True

    def open(self) -> MainWindow:
        """Start host, runner and window; the window is shown."""
        from wan_desktop.ui.main_window import MainWindow
        from wan_desktop.ui.window_state import WindowState

        self.backend = ScriptedBackend() if self.backend.closed else self.backend
        self.book = RemoteBook(self.folder)
        self.fleet = Fleet(
            self.book,
            self._comfy,
            self.folder / "renders",
            helps=lambda: False,
            hand_back=lambda job_id: self.host.running.hand_back(job_id),
            look_every_s=0.05,
        )
        models = WithRemotes(self.models, self.fleet.names, make_spec)
        self.host = make_host(self.folder, self.backend, models)
        runner = Runner(self.host, fits=fits_here(self.fleet.names, self.folder / "renders"))
        self.fleet.watch(runner.use_lanes)
        self._thread = RenderThread(runner, lambda: None)
        self.session = Session(
            self.host,
            runner,
            settings=self.settings,
            save_settings=self._save,
            write_report=self._report,
            opening_notes=self.opening_notes,
        )
        self.session.servers = ServerShelf(ServerDesk(self.book), self.session)
        self.window = MainWindow(self.session, RESOURCES, WindowState(self.folder / "window.ini"))
        self.window.show()
        self.session.load()
        if self.rendering:
            self._thread.start()
        return self.window

    def close(self) -> None:
        """End everything, as the program does."""
        from PySide6.QtCore import QCoreApplication, QEvent

        self.window.end()
        self.session.close()
        self.fleet.close()
        self.host.running.interrupt()
        self.backend.release()
        self._thread.finish()
        self.host.close()
        self.window.deleteLater()
        self.session.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def _comfy(self, remote: Remote, turns: Turns) -> ComfyBackend:
        from support.jobs_elsewhere import FAST

        from wan_desktop.encode.mp4 import Mp4Writer
        from wan_desktop.remote.comfy import ComfyBackend

        how = {"with_token": self.book.with_token, "turns": turns, "pace": FAST}
        return ComfyBackend(remote, images=self.host.images, writer=Mp4Writer, **how)

    def _save(self, settings: Settings) -> None:
        self.settings = settings
        self.models.chosen = settings.model or "demo"

    def _report(self, target: Path, *, with_prompts: bool) -> Path:
        """The real report of this folder."""
        from wan_desktop.config.paths import Paths
        from wan_desktop.config.report import write_report

        return write_report(
            target,
            paths=Paths(self.folder, self.folder, self.folder, self.folder),
            library=self.folder / "library",
            settings=self.settings,
            jobs=self.host.jobs().result(),
            examination={},
            with_prompts=with_prompts,
        )

    def ready(self, **info: Any) -> None:
        """Let the backend say it is ready with `info`."""
        from wan_desktop.domain.events import BackendState

        self.backend.tell(
            BackendState("ready", {"device": "cpu", "device_name": "CPU", "problems": [], **info})
        )
