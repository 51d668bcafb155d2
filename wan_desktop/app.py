"""The composition root of the host: wires the concrete classes, for the window and for the command line."""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.events import ClipAdded
from wan_desktop.domain.settings import Settings
from wan_desktop.jobs.host import Host
from wan_desktop.jobs.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.config.paths import Paths

log = logging.getLogger(__name__)

DATABASE = "wan-desktop.sqlite"


class HostParts:
    """A host and the concrete parts behind it. One a library: whoever makes it holds the library lock."""

    def __init__(self, paths: Paths, *, device: str | None = None) -> None:
        from wan_desktop import child
        from wan_desktop.config.paths import default_library, resources_dir
        from wan_desktop.config.settings_file import SettingsFile
        from wan_desktop.library.database import Database
        from wan_desktop.library.folder import LibraryFolder
        from wan_desktop.library.images import ImageStore
        from wan_desktop.models.catalog import ModelCatalog
        from wan_desktop.process.render_process import RenderProcess

        self._paths, self._device = paths, device
        self._file = SettingsFile(paths.config)
        self.settings = self._file.load()
        self.resources = resources_dir()
        self.models = ModelCatalog(self.resources / "models" / "demo", lambda: self.settings)
        self.opening_notes = (*self._file.opening_notes, *self._without_lost_model())
        self._default_library = default_library(paths)
        images = ImageStore(paths.data / "images")
        self.library = LibraryFolder(self._library_folder(), images)
        self.backend = RenderProcess(child.main, self._child_settings, models=self.models, images=images)
        self.backend.start()  # before all else: its imports take seconds, and everything below overlaps them
        try:
            self.store = Database(paths.data / DATABASE)
        except BaseException:
            self.backend.close()
            raise
        self.opening_notes += self.store.opening_notes
        self.host = Host(
            store=self.store, library=self.library, images=images, models=self.models, backend=self.backend
        )

    def prepare_library(self) -> None:
        """Make the library folder, sweep what a crash left there, take in clips that the database lacks."""
        from wan_desktop.library.rebuild import adopt_clips

        self.library.prepare(create=not self.settings.library_dir)
        for clip in adopt_clips(self.store, self.library):
            self.host.emit(ClipAdded(clip))

    def apply(self, settings: Settings) -> None:
        """Save and use new settings. Raises WanError, and then nothing is changed."""
        before, self.settings = self.settings, settings
        try:
            self._file.save(settings)
            if settings.library_dir != before.library_dir:
                self.library.use(self._library_folder())
        except WanError:
            self.settings = before
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


@contextlib.contextmanager
def running_host(parts: HostParts) -> Iterator[Host]:
    """The host with a runner in a thread of its own, for use without a window; closed at the end."""
    runner = Runner(parts.host)
    thread = threading.Thread(target=runner.run, name="runner")
    thread.start()
    try:
        yield parts.host
    finally:
        runner.stop()
        parts.host.cancel_running()
        thread.join()
        parts.host.close()
