"""Playing a clip: by the system's player (QtMultimedia), or from decoded frames where that shows nothing.

Both have the same signals and verbs: `frame_shown(QImage, int)` carries a picture and its number from 0,
`playing_changed(bool)`, and MediaPlayback's `failed()` says that it cannot show this clip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QLoggingCategory, QObject, QTimer, QUrl, Signal

from wan_desktop.ui.widgets.video_image import to_image

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

GIVE_UP_MS = 4000
"""Without a frame after this time the system's player is given up; its first frame takes 0.1 to 0.4 s."""


_QUIET = "\n".join(f"qt.multimedia.*.{level}=false" for level in ("debug", "info", "warning"))
"""What the player tells a terminal otherwise: every file's streams, and each sound system that is not there."""


def load_multimedia() -> None:
    """Load the system's player; takes longer than a frame may, so call it in the background. Raises ImportError."""
    QLoggingCategory.setFilterRules(_QUIET)
    import PySide6.QtMultimedia  # noqa: F401


class MediaPlayback(QObject):
    """QtMultimedia. Raises ImportError where its system libraries are missing."""

    frame_shown = Signal(object, int)
    playing_changed = Signal(bool)
    failed = Signal()

    def __init__(
        self, path: str, fps: float, num_frames: int, *, loop: bool, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        from PySide6.QtMultimedia import QMediaPlayer, QVideoSink

        self._fps, self._count = fps, num_frames
        self._at, self._frames = 0, 0
        self._given_up = False
        self._sink = QVideoSink(self)
        self._player = QMediaPlayer(self)
        self._player.setVideoSink(self._sink)
        self._sink.videoFrameChanged.connect(self._take_frame)
        self._player.playingChanged.connect(self.playing_changed)
        self._player.mediaStatusChanged.connect(self._status)
        self._player.errorOccurred.connect(self._give_up)
        QTimer.singleShot(GIVE_UP_MS, self, self._check_frames)
        self._set_loops(loop)
        self._player.setSource(QUrl.fromLocalFile(path))
        self._player.pause()

    @property
    def playing(self) -> bool:
        """True while it runs."""
        return self._player.isPlaying()

    def play(self) -> None:
        """Run, from the beginning if it stands at the end."""
        if self._at >= self._count - 1:
            self.seek(0)
        self._player.play()

    def pause(self) -> None:
        """Stand still."""
        self._player.pause()

    def seek(self, frame: int) -> None:
        """Go to a frame: to the middle of its time, so that rounding never hits its neighbour."""
        self._at = min(max(frame, 0), self._count - 1)
        self._player.setPosition(int((self._at + 0.5) * 1000 / self._fps))

    def set_loop(self, loop: bool) -> None:
        """Begin again at the end, or stop there."""
        self._set_loops(loop)
        self.seek(self._at)  # several rounds of a short clip are read ahead: a seek drops them

    def _set_loops(self, loop: bool) -> None:
        from PySide6.QtMultimedia import QMediaPlayer

        loops = QMediaPlayer.Loops.Infinite if loop else QMediaPlayer.Loops.Once
        self._player.setLoops(loops.value)

    def close(self) -> None:
        """Let the file go."""
        self._given_up = True
        self._player.stop()
        self._player.setSource(QUrl())

    def _take_frame(self) -> None:
        frame = self._sink.videoFrame()  # the newest: those that came while the window was busy are skipped
        if not frame.isValid() or self._given_up:
            return
        image = to_image(frame)
        if image.isNull():
            return
        self._frames += 1
        if frame.startTime() >= 0:
            self._at = min(round(frame.startTime() * self._fps / 1e6), self._count - 1)
        self.frame_shown.emit(image, self._at)

    def _status(self) -> None:
        from PySide6.QtMultimedia import QMediaPlayer

        status = self._player.mediaStatus()
        if status == QMediaPlayer.MediaStatus.InvalidMedia:
            self._give_up()
        elif status == QMediaPlayer.MediaStatus.EndOfMedia:
            self._check_frames()  # a codec it cannot decode runs to the end without an error and without a frame

    def _check_frames(self) -> None:
        if self._frames == 0:
            self._give_up()

    def _give_up(self) -> None:
        if not self._given_up:
            self.close()
            self.failed.emit()


class FramesPlayback(QObject):
    """Plays pictures that are already decoded."""

    frame_shown = Signal(object, int)
    playing_changed = Signal(bool)

    def __init__(
        self, images: list[QImage], fps: float, *, loop: bool, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._images, self._fps = images, fps
        self._at, self._started_at = 0, 0
        self._loop = loop
        self._clock = QElapsedTimer()
        self._beat = QTimer(self)
        self._beat.setInterval(max(8, int(500 / fps)))
        self._beat.timeout.connect(self._tick)
        QTimer.singleShot(0, self, self._show)

    @property
    def playing(self) -> bool:
        """True while it runs."""
        return self._beat.isActive()

    def play(self) -> None:
        """Run, from the beginning if it stands at the end."""
        self._started_at = 0 if self._at >= len(self._images) - 1 else self._at
        self._clock.start()
        self._beat.start()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stand still."""
        if self._beat.isActive():
            self._beat.stop()
            self.playing_changed.emit(False)

    def seek(self, frame: int) -> None:
        """Go to a frame."""
        self._at = self._started_at = min(max(frame, 0), len(self._images) - 1)
        self._clock.start()
        self._show()

    def set_loop(self, loop: bool) -> None:
        """Begin again at the end, or stop there."""
        self._loop = loop

    def close(self) -> None:
        """Stop."""
        self.pause()

    def _tick(self) -> None:
        at = self._started_at + int(self._clock.elapsed() * self._fps / 1000)
        if at >= len(self._images) and not self._loop:
            self.pause()
        at = at % len(self._images) if self._loop else min(at, len(self._images) - 1)
        if at != self._at:
            self._at = at
            self._show()

    def _show(self) -> None:
        self.frame_shown.emit(self._images[self._at], self._at)
