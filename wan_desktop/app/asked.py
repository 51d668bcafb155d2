"""What the command line asks: the queue, the library, models, servers, this computer. Nothing is rendered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wan_desktop.app.parts import models_here, report_to
from wan_desktop.app.reach import looking
from wan_desktop.domain.errors import WanError
from wan_desktop.domain.events_json import clip_to_json, job_to_json
from wan_desktop.domain.job import Clip, Job
from wan_desktop.domain.recipe import notes_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from wan_desktop.jobs.host import Host
    from wan_desktop.models.manager import ModelManager
    from wan_desktop.process.host_client import HostClient
    from wan_desktop.remote.book import RemoteBook

T = TypeVar("T")


def list_jobs() -> list[dict[str, Any]]:
    """Every job in the queue, as plain data."""
    with looking() as host:
        return [job_to_json(job) for job in host.jobs().result()]


def list_clips() -> list[dict[str, Any]]:
    """Every clip in the library, newest first, as plain data."""
    with looking() as host:
        return [_in_english(clip) for clip in host.clips().result()]


def _in_english(clip: Clip) -> dict[str, Any]:
    """The clip as plain data; the notes of its recipe, which remember their templates, as sentences."""
    return clip_to_json(clip) | {"recipe": {**clip.recipe, "notes": [*notes_of(clip.recipe)]}}


def on_queue(ask: Callable[[Host | HostClient], Future[T]]) -> T:
    """What `ask` gets of the queue: of the host that is running, or of the stored one. Raises WanError."""
    with looking() as host:
        return ask(host).result()


def model_manager() -> ModelManager:
    """The models on this computer; needs no host, since the list of models is a file of its own."""
    from wan_desktop.config.paths import find_paths
    from wan_desktop.config.settings_file import SettingsFile

    paths = find_paths()
    settings = SettingsFile(paths.config).load()
    return models_here(paths, lambda: settings)[1]


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

    paths, problem, work = find_paths(), "", (list[Job](), list[Clip]())
    settings = SettingsFile(paths.config).load()
    try:
        with looking() as host:
            work = host.jobs().result(), host.clips().result()
    except WanError as error:
        problem = error.sentence
    library = Path(settings.library_dir) if settings.library_dir else default_library(paths)
    return report_to(paths, settings, library, work, target, with_prompts, problem)
