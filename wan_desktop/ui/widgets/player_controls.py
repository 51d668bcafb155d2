"""The player's row: play, step, time, bar, loop, pixel for pixel, full screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from wan_desktop.ui import theme
from wan_desktop.ui.icons import icon
from wan_desktop.ui.widgets.scrub_bar import ScrubBar

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

ROOM_FOR_TOTAL = 440


class PlayerControls(QWidget):
    """Buttons and bar; what they do is the player's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fps = 1.0
        self.play = _button("play", "")
        self.back = _button("step-back", self.tr("One frame back"), ",")
        self.forward = _button("step-forward", self.tr("One frame on"), ".")
        self.loop = _button("loop", self.tr("Loop"), "L", checkable=True)
        self.loop.setChecked(True)
        self.fit = _button("", self.tr("Pixel for pixel"), checkable=True)
        self.fit.setText("1:1")
        self.full = _button("fullscreen", self.tr("Full screen"), "F")
        self.time, self.total = QLabel(), QLabel()
        self.bar = ScrubBar()
        self.bar.setAccessibleName(self.tr("Position in the clip"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self.play, self.back, self.forward):
            row.addWidget(button)
        row.addSpacing(6)
        for widget, stretch in ((self.time, 0), (self.bar, 1), (self.total, 0)):
            row.addWidget(widget, stretch)
            row.addSpacing(8)
        for label in (self.time, self.total):
            theme.set_kind(label, "value")
        for button in (self.loop, self.fit, self.full):
            row.addWidget(button)
        self.reset()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow column the bar needs the room more than the clip's length does."""
        super().resizeEvent(event)
        self.total.setVisible(self.width() >= ROOM_FOR_TOTAL)

    def reset(self) -> None:
        """No clip."""
        self.bar.setMaximum(0)
        self.time.setText(_time(0, 1.0))
        self.total.setText("")
        self.show_playing(False)
        self.set_ready(False)

    def set_clip(self, num_frames: int, fps: float) -> None:
        """A clip of so many frames."""
        self._fps = fps
        self.bar.setMaximum(max(0, num_frames - 1))
        self.bar.setPageStep(max(1, round(fps)))
        self.total.setText(_time(num_frames, fps))

    def set_ready(self, ready: bool) -> None:
        """There is something to play."""
        for widget in (self.play, self.back, self.forward, self.bar, self.full):
            widget.setEnabled(ready)

    def show_frame(self, number: int) -> None:
        """The frame on the screen; a bar that is being dragged stays with the mouse."""
        if not self.bar.isSliderDown():
            self.bar.blockSignals(True)
            self.bar.setValue(number)
            self.bar.blockSignals(False)
            self.bar.update()
            self.show_time(number)

    def show_time(self, frame: int) -> None:
        """The time of a frame."""
        self.time.setText(_time(frame, self._fps))

    def show_playing(self, playing: bool) -> None:
        """Play becomes Pause, and back."""
        words = self.tr("Pause") if playing else self.tr("Play")
        self.play.setIcon(icon("pause" if playing else "play"))
        self.play.setAccessibleName(words)
        self.play.setToolTip(self.tr("{action} (Space)").format(action=words))


def _button(name: str, words: str, keys: str = "", *, checkable: bool = False) -> QToolButton:
    button = QToolButton()
    theme.set_kind(button, "quiet")
    if name:
        button.setIcon(icon(name, "secondary" if checkable else "text", "accent" if checkable else None))
    button.setAccessibleName(words)
    button.setToolTip(f"{words} ({keys})" if keys else words)
    button.setCheckable(checkable)
    return button


def _time(frame: int, fps: float) -> str:
    hundredths = int(frame * 100 / fps)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes}:{rest // 100:02}.{rest % 100:02}"
