"""What can be done with a clip, wherever it is shown: delete with undo, show in folder, copy its path."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from wan_desktop.bridge.background import in_background
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, LibraryProblem
from wan_desktop.ui import texts
from wan_desktop.ui.widgets.toast import show_toast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.job import Clip


class ClipActions(QObject):
    """One per session (`clip_actions`), so that undo works wherever a clip was deleted.

    `anchor` is a widget of the window that shall tell what happened. `deleting` carries the ids of clips whose
    files are about to move: who has them open must let go.
    """

    deleting = Signal(list)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._binned: list[list[Clip]] = []

    def delete(self, clips: Sequence[Clip], anchor: QWidget) -> None:
        """Move clips to the library's bin, and offer to undo it."""
        if not clips:
            return
        window = anchor.window()  # panels are rebuilt when the language changes, the window stays
        group: list[Clip] = []
        self._binned.append(group)
        self.deleting.emit([clip.id for clip in clips])
        for clip in clips:
            self._session.delete_clip(clip, partial(self._deleted, group, window))

    def undo(self, anchor: QWidget) -> None:
        """Bring back what was deleted last, if anything was."""
        while self._binned:
            group = self._binned.pop()
            if group:
                for clip in group:
                    self._session.restore_clip(clip)
                show_toast(anchor, self.tr("Brought back"))
                return

    def show_in_folder(self, clip: Clip, anchor: QWidget) -> None:
        """Open the file manager at the clip, with the clip selected where the system can do that."""
        path = Path(clip.path)
        in_background(
            self,
            lambda: _reveal(path),
            lambda shown: None if shown else self._open_folder(path.parent, anchor),
            lambda error: self._tell(error, anchor),
        )

    def copy_path(self, clip: Clip, anchor: QWidget) -> None:
        """Put the file's path on the clipboard."""
        QGuiApplication.clipboard().setText(clip.path)
        show_toast(anchor, self.tr("Path copied"))

    def _deleted(self, group: list[Clip], anchor: QWidget, gone: Clip) -> None:
        group.append(gone)
        count = len(group)
        text = self.tr("Clip deleted") if count == 1 else self.tr("{count} clips deleted").format(count=count)
        show_toast(anchor, text, self.tr("Undo"), partial(self.undo, anchor))

    def _open_folder(self, folder: Path, anchor: QWidget) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            show_toast(anchor, self.tr("The clip is in {folder}").format(folder=folder))

    def _tell(self, error: WanError, anchor: QWidget) -> None:
        show_toast(anchor, texts.sentence(error))


def clip_actions(session: Session) -> ClipActions:
    """The session's ClipActions."""
    found: ClipActions | None = session.findChild(ClipActions)
    return found or ClipActions(session)


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
