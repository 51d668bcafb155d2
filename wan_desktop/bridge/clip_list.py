"""The library as a list model: made for 10,000 clips, searched and sorted without asking the database."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUrl,
    Signal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Clip

    Index = QModelIndex | QPersistentModelIndex
    Key = tuple[float, str]


class ClipListModel(QAbstractListModel):
    """One row per clip of the session that fits the search, newest or oldest first.

    ClipRole: the Clip. SecondsRole: its length. New clips come in row by row. `count_changed` carries how many
    rows there are after every change.
    """

    ClipRole = Qt.ItemDataRole.UserRole + 1
    SecondsRole = ClipRole + 1
    count_changed = Signal(int)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._newest_first = True
        self._words: tuple[str, ...] = ()
        self._texts: dict[str, str] = {}
        self._keys: list[Key] = []
        self._row_keys: dict[str, Key] = {}
        session.loaded.connect(self.reload)
        session.clip_added.connect(self._add)
        session.clip_removed.connect(self._remove)
        self.reload()

    # ---- what views ask

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """The number of clips that fit."""
        return 0 if parent.isValid() else len(self._keys)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The value of a role, see the class."""
        clip = self.clip_at(index.row())
        if clip is None:
            return None
        match role:
            case self.ClipRole:
                return clip
            case self.SecondsRole:
                return seconds(clip)
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return prompt(clip)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{prompt(clip)} · {seconds(clip):.1f} s"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Clips can be dragged out."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def supportedDragActions(self) -> Qt.DropAction:
        """A clip that is dragged out is copied, never moved."""
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        """Clips leave as files."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The clips' files, for a file manager or the drop zone."""
        clips = (self.clip_at(index.row()) for index in indexes)
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(clip.path) for clip in clips if clip is not None])
        return data

    # ---- what the panel asks

    @property
    def newest_first(self) -> bool:
        """True when the newest clip is in the first row."""
        return self._newest_first

    @property
    def searching(self) -> bool:
        """True while a search hides what does not fit."""
        return bool(self._words)

    def set_newest_first(self, newest_first: bool) -> None:
        """Choose the order."""
        if newest_first != self._newest_first:
            self._newest_first = newest_first
            self.reload()

    def search(self, text: str) -> None:
        """Show only clips whose prompt has every word of `text`, in any place and case."""
        words = tuple(text.casefold().split())
        if words != self._words:
            self._words = words
            self.reload()

    def clip_at(self, row: int) -> Clip | None:
        """The clip in that row, or None."""
        if not 0 <= row < len(self._keys):
            return None
        return self._session.clips.get(self._keys[row][1])

    def row_of(self, clip_id: str) -> int:
        """The row of a clip, or -1."""
        key = self._row_keys.get(clip_id)
        return -1 if key is None else bisect_left(self._keys, key)

    # ---- what the session tells

    def reload(self) -> None:
        """Take all the session's clips anew."""
        self.beginResetModel()
        self._row_keys = {
            clip.id: self._key(clip) for clip in self._session.clips.values() if self._fits(clip)
        }
        self._keys = sorted(self._row_keys.values())
        self.endResetModel()
        self.count_changed.emit(len(self._keys))

    def _add(self, clip: Clip) -> None:
        self._texts.pop(clip.id, None)
        self._remove(clip.id)
        if not self._fits(clip):
            return
        key = self._key(clip)
        row = bisect_left(self._keys, key)
        self.beginInsertRows(QModelIndex(), row, row)
        self._keys.insert(row, key)
        self._row_keys[clip.id] = key
        self.endInsertRows()
        self.count_changed.emit(len(self._keys))

    def _remove(self, clip_id: str) -> None:
        row = self.row_of(clip_id)
        if row < 0:
            return
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._keys[row]
        del self._row_keys[clip_id]
        self.endRemoveRows()
        self.count_changed.emit(len(self._keys))

    def _key(self, clip: Clip) -> Key:
        return (-clip.created_at if self._newest_first else clip.created_at), clip.id

    def _fits(self, clip: Clip) -> bool:
        if not self._words:
            return True
        text = self._texts.get(clip.id)
        if text is None:
            text = self._texts[clip.id] = prompt(clip).casefold()
        return all(word in text for word in self._words)


def prompt(clip: Clip) -> str:
    """The clip's prompt, "" when its recipe has none."""
    return str(clip.request.get("prompt") or "")


def seconds(clip: Clip) -> float:
    """The clip's length by its recipe; 0.0 when that does not say."""
    request = clip.request
    frames, fps = request.get("num_frames"), request.get("fps")
    if not isinstance(frames, int | float) or not isinstance(fps, int | float) or not fps:
        return 0.0
    return frames / fps
