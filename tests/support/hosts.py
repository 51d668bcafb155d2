"""A real host on a temporary folder: real database, library folder, images and models; only the backend is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.jobs.host import Host
from wan_desktop.library.database import Database
from wan_desktop.library.folder import LibraryFolder
from wan_desktop.library.images import ImageStore
from wan_desktop.library.kept import KeptFiles

if TYPE_CHECKING:
    from pathlib import Path

    from wan_desktop.jobs.ports import Backend, Models


def make_host(folder: Path, backend: Backend, models: Models) -> Host:
    """A host that keeps everything under `folder`; the caller closes it."""
    images = ImageStore(folder / "images")
    library = LibraryFolder(folder / "library", images, KeptFiles(folder / "renders"))
    library.prepare()
    store = Database(folder / "wan-desktop.sqlite")
    return Host(store=store, library=library, images=images, models=models, backend=backend)
