"""Finds out how one clip can be shown: by the system's player, or else from its frames, decoded here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from wan_desktop.bridge.background import in_background
from wan_desktop.ui.widgets.pictures import frame_image, read_thumbnail
from wan_desktop.ui.widgets.playback import FramesPlayback, MediaPlayback, load_multimedia

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.job import Clip
    from wan_desktop.media.clips import ClipInfo

FALLBACK_WIDTH, FALLBACK_FRAMES = 640, 241
"""Decoded frames that are shown when the system's player shows none: at most 240 MB."""


class ClipOpener(QObject):
    """Opens `clip`; `loop` is asked when there is something to play.

    `thumbnail` carries its QImage, `looked` the ClipInfo, and then `ready` a playback, a second time when the first
    turns out to show nothing; `failed` carries a WanError. After `close` nothing comes any more.
    """

    thumbnail = Signal(QImage)
    looked = Signal(object)
    ready = Signal(object)
    failed = Signal(object)

    def __init__(self, clip: Clip, loop: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._clip, self._loop = clip, loop
        self._info: ClipInfo | None = None

    def begin(self) -> None:
        """Read the thumbnail and the file, in the background."""
        thumbnail, path = self._clip.thumbnail, self._clip.path
        in_background(self, lambda: read_thumbnail(thumbnail)[0], self.thumbnail.emit, lambda _error: None)
        in_background(self, lambda: _look_at(path), self._play_media, self.failed.emit)

    def close(self) -> None:
        """Nobody wants the clip any more."""
        self.blockSignals(True)
        self.deleteLater()

    def _play_media(self, info: ClipInfo) -> None:
        if self.signalsBlocked():
            return
        self._info = info
        self.looked.emit(info)
        path, fps, count = self._clip.path, float(info.fps), info.num_frames
        try:
            playback = MediaPlayback(path, fps, count, loop=self._loop(), parent=self)
        except ImportError:
            self._decode()
        else:
            playback.failed.connect(self._decode)
            self.ready.emit(playback)

    def _decode(self) -> None:
        """The system's player shows nothing: decode the frames ourselves."""
        assert self._info is not None
        path, width = self._clip.path, min(self._info.width, FALLBACK_WIDTH)
        in_background(self, lambda: _decode(path, width), self._play_frames, self.failed.emit)

    def _play_frames(self, images: list[QImage]) -> None:
        assert self._info is not None
        if not self.signalsBlocked():
            self.ready.emit(FramesPlayback(images, float(self._info.fps), loop=self._loop(), parent=self))


def _look_at(path: str) -> ClipInfo:
    """The file's facts; loads the player's library on the way, which takes longer than a frame may."""
    import contextlib

    from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, LibraryProblem
    from wan_desktop.media.clips import probe

    with contextlib.suppress(ImportError):
        load_multimedia()
    info = probe(path)
    if info.num_frames == 0 or not info.fps:
        raise LibraryProblem(
            QT_TRANSLATE_NOOP("errors", "The video {path} has no frames: render it again."), path=path
        )
    return info


def _decode(path: str, width: int) -> list[QImage]:
    from wan_desktop.media.clips import hover_frames

    return [frame_image(frame) for frame in hover_frames(path, FALLBACK_FRAMES, width)]
