"""A host and the concrete parts behind it: what everything of the host's process is made of."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.events import ClipAdded
from wan_desktop.domain.places import helps
from wan_desktop.jobs.host import Host
from wan_desktop.jobs.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_desktop.config.paths import Paths
    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.domain.settings import Settings
    from wan_desktop.jobs.ports import Backend
    from wan_desktop.library.folder import LibraryFolder
    from wan_desktop.library.images import ImageStore
    from wan_desktop.models.catalog import ModelCatalog
    from wan_desktop.models.manager import ModelManager
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.turns import Turns

DATABASE = "wan-desktop.sqlite"
RENDER_OUTPUT = "render-output.log"
RENDERS = "renders"


class HostParts:
    """A host and the concrete parts behind it. One a library: whoever makes it holds the library lock.

    Without `rendering` no render process is started: for looking only.
    """

    def __init__(self, paths: Paths, *, device: str | None = None, rendering: bool = True) -> None:
        from wan_desktop import child
        from wan_desktop.config.heap import share_heap
        from wan_desktop.config.paths import default_library, resources_dir
        from wan_desktop.config.settings_file import SettingsFile
        from wan_desktop.library.database import Database
        from wan_desktop.library.images import ImageStore
        from wan_desktop.models.wan22_ti2v_5b import make_spec
        from wan_desktop.process.render_process import RenderProcess
        from wan_desktop.remote.book import RemoteBook
        from wan_desktop.remote.fleet import Fleet
        from wan_desktop.remote.places import AlsoForAny, WithRemotes

        share_heap()
        self._paths, self._device = paths, device
        self._file = SettingsFile(paths.config)
        self.settings = self._file.load()
        self.resources = resources_dir()
        self.models, self.model_manager = models_here(paths, lambda: self.settings)
        self.opening_notes = (*self._file.opening_notes, *self._without_lost_model())
        self._default_library = default_library(paths)
        images = ImageStore(paths.data / "images")
        self.library = self._library(images)
        self.remotes = RemoteBook(paths.config)
        self.fleet = Fleet(
            self.remotes,
            self._comfy,
            paths.data / RENDERS,
            helps=self._helps,
            hand_back=lambda job_id: self.host.running.hand_back(job_id),
        )
        models = WithRemotes(self.models, self.fleet.names, make_spec)
        self.backend = RenderProcess(
            child.main, self._child_settings, models=AlsoForAny(models), images=images
        )
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

    def _library(self, images: ImageStore) -> LibraryFolder:
        from wan_desktop.library.folder import LibraryFolder
        from wan_desktop.library.kept import KeptFiles

        library = LibraryFolder(
            self._library_folder(),
            images,
            KeptFiles(self._paths.data / RENDERS),
            snapshot_every_s=lambda: self.settings.snapshot_every_s,
        )
        if not self.settings.library_dir:
            # Jobs may come before `prepare_library`, which tells what is wrong with a folder that cannot be made.
            with contextlib.suppress(OSError):
                library.folder.mkdir(parents=True, exist_ok=True)
        return library

    def prepare_library(self) -> None:
        """Make the library folder, sweep what a crash left there, take in clips that the database lacks.

        Clips that have been in the bin for long enough leave it. What one disk refuses keeps nothing else from being
        done; then the first DiskProblem is raised.
        """
        from wan_desktop.config.tidy import MOST_CACHE, MOST_LOGS, bound
        from wan_desktop.domain.each import do_each
        from wan_desktop.library.rebuild import empty_bin

        do_each(
            (
                lambda: self.library.prepare(create=not self.settings.library_dir),
                self._adopt_clips,
                lambda: empty_bin(self.store, self.library, time.time()),
                lambda: self.host.sweep(self._keep_bytes()).result(),
                lambda: bound(self._paths.logs, MOST_LOGS),
                lambda: bound(self._paths.cache, MOST_CACHE),
            )
        )

    def _adopt_clips(self) -> None:
        from wan_desktop.library.rebuild import adopt_clips

        for clip in adopt_clips(self.store, self.library):
            if clip.deleted_at is None:
                self.host.emit(ClipAdded(clip))
                self.host.settle(clip).result()

    def write_report(self, target: Path, *, with_prompts: bool = False) -> Path:
        """Write a file for whoever helps to `target`; takes a second or two. Raises DiskProblem."""
        work = self.host.jobs().result(), self.host.clips().result()
        return report_to(self._paths, self.settings, self.library.folder, work, target, with_prompts)

    def runner(self, *, even_paused: bool = False) -> Runner:
        """A runner on the host, with everything this computer gives it."""
        from wan_desktop.config.awake import KeepAwake
        from wan_desktop.config.logs import tail
        from wan_desktop.remote.lanes import fits_here

        runner = Runner(
            self.host,
            fits=fits_here(self.fleet.names, self._paths.data / RENDERS, self._helps),
            even_paused=even_paused,
            awake=KeepAwake(lambda: self.settings.keep_awake).hold,
            log_tail=lambda since: tail(self._paths.logs / RENDER_OUTPUT, since),
            keep_bytes=self._keep_bytes,
        )
        self.fleet.watch(runner.use_lanes)  # its thread brings the lanes: what they import takes its time
        return runner

    def _comfy(self, remote: Remote, turns: Turns) -> Backend:
        """What renders on that server."""
        from wan_desktop.encode.mp4 import Mp4Writer
        from wan_desktop.remote.comfy import ComfyBackend

        return ComfyBackend(
            remote,
            images=self.host.images,
            writer=Mp4Writer,
            with_token=self.remotes.with_token,
            turns=turns,
        )

    def _helps(self) -> bool:
        """This computer takes jobs for whoever is free: it has a GPU, and the model that they are meant for."""
        state = self.host.backend_state
        try:
            return state is not None and helps(str(state.info.get("device", "")), self.models.get(None))
        except WanError:  # the chosen model is gone
            return False

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


def models_here(paths: Paths, settings: Callable[[], Settings]) -> tuple[ModelCatalog, ModelManager]:
    """The models on this computer: what can be rendered with, and the page and the commands about them."""
    from wan_desktop.config.paths import resources_dir
    from wan_desktop.models.catalog import ModelCatalog
    from wan_desktop.models.manager import ModelManager
    from wan_desktop.models.registry import NAME, Registry

    listed = Registry(paths.data / NAME)
    catalog = ModelCatalog(resources_dir() / "models" / "demo", settings, listed)
    return catalog, ModelManager(catalog, listed, paths.data / "models")


def report_to(
    paths: Paths,
    settings: Settings,
    library: Path,
    work: tuple[Sequence[Job], Sequence[Clip]],
    target: Path,
    with_prompts: bool,
    problem: str = "",
) -> Path:
    """Write a file for whoever helps to `target`; `problem` says why `work` lacks some. Raises DiskProblem."""
    from wan_desktop.config import doctor as examination
    from wan_desktop.config.report import write_report

    newest_first = sorted(work[0], key=lambda job: -(job.finished_at or job.started_at or job.created_at))
    return write_report(
        target,
        paths=paths,
        library=library,
        settings=settings,
        jobs=newest_first,
        clips=work[1],
        examination=examination.examine(paths, library),
        problem=problem,
        with_prompts=with_prompts,
    )
