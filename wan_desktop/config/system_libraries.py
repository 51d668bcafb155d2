"""The system libraries that the window needs on Linux: which are missing, and who brings them. launch.py asks too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class SystemLibrary(NamedTuple):
    """A library by the name that the loader looks for, and the package that brings it."""

    soname: str
    debian: str
    fedora: str
    arch: str


OFFSCREEN = (
    SystemLibrary("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    SystemLibrary("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd"),
    SystemLibrary("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    SystemLibrary("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
    SystemLibrary("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    SystemLibrary("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    SystemLibrary("libbrotlidec.so.1", "libbrotli1", "libbrotli", "brotli"),
    SystemLibrary("libX11.so.6", "libx11-6", "libX11", "libx11"),
    SystemLibrary("libXext.so.6", "libxext6", "libXext", "libxext"),
    SystemLibrary("libXrandr.so.2", "libxrandr2", "libXrandr", "libxrandr"),
    SystemLibrary("libdrm.so.2", "libdrm2", "libdrm", "libdrm"),
    SystemLibrary("libpulse.so.0", "libpulse0", "pulseaudio-libs", "libpulse"),
)
"""What a window that is not shown needs, and the video player."""

X11 = (
    SystemLibrary("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    SystemLibrary("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    SystemLibrary("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    SystemLibrary("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    SystemLibrary("libxcb-randr.so.0", "libxcb-randr0", "libxcb", "libxcb"),
    SystemLibrary(
        "libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"
    ),
    SystemLibrary("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    SystemLibrary("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
    SystemLibrary("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    SystemLibrary("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
)
"""What an X11 screen needs beside that."""

WAYLAND = (
    SystemLibrary("libwayland-client.so.0", "libwayland-client0", "libwayland-client", "wayland"),
    SystemLibrary("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor", "wayland"),
)
"""What a Wayland screen needs beside that."""


def needed(environ: Mapping[str, str]) -> tuple[SystemLibrary, ...]:
    """What the window needs on this computer; nothing off Linux, nothing where there is no screen for it."""
    if not sys.platform.startswith("linux"):
        return ()
    screen = "xcb" if environ.get("DISPLAY") else "wayland" if environ.get("WAYLAND_DISPLAY") else ""
    platform = environ.get("QT_QPA_PLATFORM") or screen
    if not platform:
        return ()
    return OFFSCREEN + (X11 if "xcb" in platform else ()) + (WAYLAND if "wayland" in platform else ())


def missing(libraries: Sequence[SystemLibrary]) -> list[SystemLibrary]:
    """Those that the system's loader does not find."""
    return [library for library in libraries if not _loads(library.soname)]


def _loads(soname: str) -> bool:
    import ctypes

    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def install_command(libraries: Sequence[SystemLibrary]) -> str:
    """The command that installs them on this system; "" where the package manager is not known."""
    import shutil

    for tool, words, packages in (
        ("apt-get", "sudo apt-get install", [library.debian for library in libraries]),
        ("dnf", "sudo dnf install", [library.fedora for library in libraries]),
        ("pacman", "sudo pacman -S --needed", [library.arch for library in libraries]),
    ):
        if shutil.which(tool):
            return " ".join([words, *dict.fromkeys(packages)])
    return ""
