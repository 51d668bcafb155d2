"""Showing a file in the system's file manager."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QDesktopServices

from wan_desktop.bridge.background import in_background
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, LibraryProblem
from wan_desktop.ui import texts
from wan_desktop.ui.widgets.toast import show_toast

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QWidget


def show_in_folder(owner: QObject, path: Path, anchor: QWidget) -> None:
    """Open the file manager at the file, selected where the system can do that; else its folder.

    `anchor` is a widget of the window that shall tell when that cannot be done; nothing happens once `owner` is gone.
    """
    in_background(
        owner,
        lambda: _reveal(path),
        lambda shown: None if shown else _open_folder(path.parent, anchor),
        lambda error: show_toast(anchor, texts.sentence(error)),
    )


def _open_folder(folder: Path, anchor: QWidget) -> None:
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        words = QCoreApplication.translate("reveal", "It is in {folder}")
        show_toast(anchor, words.format(folder=folder))


def _reveal(path: Path) -> bool:
    """Show and select the file in the file manager; False where that cannot be done. Not on the window's thread."""
    if not path.is_file():
        raise LibraryProblem(
            QT_TRANSLATE_NOOP("errors", "The file {path} is not there: bring it back, or delete the clip."),
            path=path,
        )
    if sys.platform == "win32":
        return subprocess.run(["explorer", f"/select,{path}"], check=False).returncode in (0, 1)
    if sys.platform == "darwin":
        return subprocess.run(["open", "-R", str(path)], check=False).returncode == 0
    return _reveal_by_dbus(path)


def _reveal_by_dbus(path: Path) -> bool:
    """Ask the desktop's file manager by the interface org.freedesktop.FileManager1."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    name = "org.freedesktop.FileManager1"
    message = QDBusMessage.createMethodCall(name, "/org/freedesktop/FileManager1", name, "ShowItems")
    message.setArguments([[QUrl.fromLocalFile(str(path)).toString()], ""])
    return bus.call(message, timeout=2000).type() != QDBusMessage.MessageType.ErrorMessage
