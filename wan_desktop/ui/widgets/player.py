"""The player: play, step, loop, scrub, pixel for pixel, full screen; by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QKeyEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from wan_desktop.ui import texts, theme
from wan_desktop.ui.widgets.clip_opener import ClipOpener
from wan_desktop.ui.widgets.full_screen import FullScreen
from wan_desktop.ui.widgets.playback import FramesPlayback
from wan_desktop.ui.widgets.player_controls import PlayerControls
from wan_desktop.ui.widgets.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.job import Clip
    from wan_desktop.media.clips import ClipInfo
    from wan_desktop.ui.widgets.playback import MediaPlayback

SEEK_MS = 40


class Player(QWidget):
    """Plays one clip. `first_frame` comes when its first frame is on the screen, `problem` with a WanError."""

    first_frame = Signal()
    problem = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Player"))
        self.screen = Screen()
        self.controls = PlayerControls()
        self.note = QLabel()
        self.note.setWordWrap(True)
        theme.set_kind(self.note, "attention")
        self._clip: Clip | None = None
        self._playback: MediaPlayback | FramesPlayback | None = None
        self._full: FullScreen | None = None
        self._opener: ClipOpener | None = None
        self._play_when_ready = False
        self._frame = -1
        self._failed = False
        self._seek_to = 0
        self._seek = QTimer(self)
        self._seek.setSingleShot(True)
        self._seek.setInterval(SEEK_MS)
        self._seek.timeout.connect(self._seek_now)
        self._build()
        self.close_clip()

    # ---- building

    def _build(self) -> None:
        controls = self.controls
        controls.play.clicked.connect(self.toggle)
        controls.back.clicked.connect(lambda: self.step(-1))
        controls.forward.clicked.connect(lambda: self.step(1))
        controls.loop.clicked.connect(self._apply_loop)
        controls.fit.clicked.connect(self._apply_fit)
        controls.full.clicked.connect(self.toggle_full_screen)
        controls.bar.valueChanged.connect(self._scrubbed)
        controls.bar.sliderMoved.connect(self._scrubbed)
        self.screen.clicked.connect(self._screen_clicked)
        self.screen.double_clicked.connect(self.toggle_full_screen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.screen, 1)
        column.addWidget(self.note)
        column.addWidget(controls)

    # ---- the clip

    @property
    def playing(self) -> bool:
        """True while the clip runs."""
        return self._playback is not None and self._playback.playing

    @property
    def frame(self) -> int:
        """The number of the frame on the screen, from 0; -1 while it is the thumbnail."""
        return self._frame

    def open_clip(self, clip: Clip, *, play: bool = False) -> None:
        """Show the thumbnail at once, then the first frame; `play` runs it from there."""
        self.close_clip()
        self._clip, self._play_when_ready = clip, play
        self._opener = ClipOpener(clip, self.controls.loop.isChecked, self)
        self._opener.thumbnail.connect(self._show_thumbnail)
        self._opener.looked.connect(self._show_facts)
        self._opener.ready.connect(self._use)
        self._opener.failed.connect(self._fail)
        self._opener.begin()

    def close_clip(self) -> None:
        """Let the clip's file go."""
        self._drop_playback()
        if self._opener is not None:
            self._opener.close()
        self._clip, self._opener, self._frame, self._failed = None, None, -1, False
        self.note.hide()
        self.screen.show_image(QImage())
        self.screen.set_message("", "")
        self.controls.reset()

    def _show_thumbnail(self, image: QImage) -> None:
        if self._frame < 0 and not self._failed:
            self.screen.show_image(image)

    def _show_facts(self, info: ClipInfo) -> None:
        self.controls.set_clip(info.num_frames, float(info.fps))

    def _use(self, playback: MediaPlayback | FramesPlayback) -> None:
        self._drop_playback()
        self._playback = playback
        if isinstance(playback, FramesPlayback):
            self.note.setText(
                self.tr(
                    "This system's video player cannot show this clip; these are its frames, made smaller."
                )
            )
            self.note.show()
        playback.frame_shown.connect(self._show_frame)
        playback.playing_changed.connect(self.controls.show_playing)
        self.controls.set_ready(True)
        if self._play_when_ready:
            playback.play()

    def _fail(self, error: WanError) -> None:
        self._failed = True
        self.screen.show_image(QImage())
        self.screen.set_message("warning", texts.sentence(error))
        self.problem.emit(error)

    def _drop_playback(self) -> None:
        if self._playback is not None:
            self._playback.close()
            self._playback.blockSignals(True)
            self._playback.deleteLater()
            self._playback = None
            self.controls.show_playing(False)

    # ---- verbs

    def toggle(self) -> None:
        """Play or pause."""
        if self._playback is not None:
            self._playback.pause() if self._playback.playing else self._playback.play()

    def pause(self) -> None:
        """Stand still."""
        if self._playback is not None:
            self._playback.pause()

    def step(self, frames: int) -> None:
        """Pause, and go some frames on or back."""
        self.seek(max(0, self._frame) + frames, pause=True)

    def seek(self, frame: int, *, pause: bool = False) -> None:
        """Go to a frame."""
        if self._playback is None:
            return
        if pause:
            self._playback.pause()
        self._seek_to = min(max(frame, 0), self.controls.bar.maximum())
        self._playback.seek(self._seek_to)

    def toggle_full_screen(self) -> None:
        """Fill the whole screen, or come back."""
        if self._full is not None:
            self._full.close()
        elif self._clip is not None:
            self._full = FullScreen(self)
            self._full.closed.connect(self._left_full_screen)
            self._full.screen.show_image(self.screen.image)
            self._full.showFullScreen()

    def handle_key(self, event: QKeyEvent) -> bool:
        """Do what a key means to the player; False when it means nothing."""
        actions: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Space: self.toggle,
            Qt.Key.Key_Comma: lambda: self.step(-1),
            Qt.Key.Key_Period: lambda: self.step(1),
            Qt.Key.Key_F: self.toggle_full_screen,
            Qt.Key.Key_L: self.controls.loop.click,
            Qt.Key.Key_Home: lambda: self.seek(0),
            Qt.Key.Key_End: lambda: self.seek(self.controls.bar.maximum()),
        }
        if event.key() == Qt.Key.Key_Escape and self._full is not None:
            self._full.close()
            return True
        action = actions.get(event.key())
        if action is None or self._playback is None or event.modifiers() & _CHORDS:
            return False
        action()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The player's keys."""
        if not self.handle_key(event):
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: stand still."""
        self.pause()

    # ---- what happens

    def _show_frame(self, image: QImage, number: int) -> None:
        first = self._frame < 0
        self._frame = number
        self.screen.show_image(image)
        if self._full is not None:
            self._full.screen.show_image(image)
        if not self._seek.isActive():
            self.controls.show_frame(number)
        if first:
            self.first_frame.emit()

    def _scrubbed(self, frame: int) -> None:
        self._seek_to = frame
        self.controls.show_time(frame)
        if not self._seek.isActive():
            self._seek.start()

    def _seek_now(self) -> None:
        if self._playback is not None:
            self._playback.seek(self._seek_to)

    def _apply_loop(self) -> None:
        if self._playback is not None:
            self._playback.set_loop(self.controls.loop.isChecked())

    def _apply_fit(self) -> None:
        self.screen.set_pixel_size(self.controls.fit.isChecked())

    def _screen_clicked(self) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.toggle()

    def _left_full_screen(self) -> None:
        self._full = None


_CHORDS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
