"""Where everything lies: data, settings, cache, logs, the library's standard folder, the program's own resources."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.media.files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

_APP = "wan-desktop"
_LIBRARY = "Wan Desktop"


@dataclass(frozen=True, slots=True)
class Paths:
    """The program's folders, absolute: `data` (database, images), `config` (settings), `cache`, `logs`."""

    data: Path
    config: Path
    cache: Path
    logs: Path

    def create(self) -> Paths:
        """Make the folders that are not there yet, private to the user. Raises DiskProblem."""
        for f in fields(self):
            folder: Path = getattr(self, f.name)
            with disk_errors(folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self


def find_paths(environ: Mapping[str, str] = os.environ) -> Paths:
    """The standard folders of this system (platformdirs: XDG_*, ~/Library, %LOCALAPPDATA%).

    WAN_DESKTOP_DATA, WAN_DESKTOP_CONFIG, WAN_DESKTOP_CACHE and WAN_DESKTOP_LOGS put one of them elsewhere, on
    every system.
    """
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(_APP, appauthor=False)
    return Paths(
        data=_override(environ, "DATA", dirs.user_data_path),
        config=_override(environ, "CONFIG", dirs.user_config_path),
        cache=_override(environ, "CACHE", dirs.user_cache_path),
        logs=_override(environ, "LOGS", dirs.user_log_path),
    )


def _override(environ: Mapping[str, str], name: str, standard: Path) -> Path:
    chosen = environ.get(f"WAN_DESKTOP_{name}", "")
    return (Path(chosen).expanduser() if chosen else standard).absolute()


def default_library(paths: Paths, environ: Mapping[str, str] = os.environ) -> Path:
    """The library folder when the user has chosen none: "Wan Desktop" among the user's videos.

    Where there is no folder for videos (servers, containers), or where WAN_DESKTOP_DATA asks for everything to
    stay together, it is `data`/library.
    """
    from platformdirs import PlatformDirs

    videos = PlatformDirs(_APP, appauthor=False).user_videos_path
    if environ.get("WAN_DESKTOP_DATA") or not videos.is_dir():
        return paths.data / "library"
    return videos / _LIBRARY


def resources_dir() -> Path:
    """The program's own data files: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"
