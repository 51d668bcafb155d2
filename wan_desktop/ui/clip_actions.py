"""What can be done with a clip, wherever it is shown: delete with undo, show in folder, copy its path or workflow."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from wan_desktop.ui.reveal import show_in_folder
from wan_desktop.ui.widgets.toast import show_toast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Clip
    from wan_desktop.domain.request import RenderRequest


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
        show_in_folder(self, Path(clip.path), anchor)

    def copy_path(self, clip: Clip, anchor: QWidget) -> None:
        """Put the file's path on the clipboard."""
        QGuiApplication.clipboard().setText(clip.path)
        show_toast(anchor, self.tr("Path copied"))

    def copy_workflow(self, request: RenderRequest, anchor: QWidget) -> None:
        """Put the request on the clipboard as a ComfyUI workflow."""
        QGuiApplication.clipboard().setText(self._session.workflow_of(request))
        show_toast(anchor, self.tr("ComfyUI workflow copied"))

    def _deleted(self, group: list[Clip], anchor: QWidget, gone: Clip) -> None:
        group.append(gone)
        count = len(group)
        text = self.tr("Clip deleted") if count == 1 else self.tr("{count} clips deleted").format(count=count)
        show_toast(anchor, text, self.tr("Undo"), partial(self.undo, anchor))


def clip_actions(session: Session) -> ClipActions:
    """The session's ClipActions."""
    found: ClipActions | None = session.findChild(ClipActions)
    return found or ClipActions(session)
