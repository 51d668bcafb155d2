"""The player shows the colours that the file says, as thumbnails and start images do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from support.bench import Bench
from support.videos import BACKGROUND, make_video

from wan_desktop.media.clips import frame_at
from wan_desktop.ui.widgets.player import Player
from wan_desktop.ui.widgets.video_image import to_image


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize(("width", "height"), [(256, 160), (160, 256), (102, 66), (1280, 704)])
def test_the_player_agrees_with_the_decoder(bench, qtbot, tmp_path, width, height, tagged):
    file = make_video(tmp_path / "a.mp4", width=width, height=height, tagged=tagged)
    player = Player()
    qtbot.addWidget(player)
    player.show()
    with qtbot.waitSignal(player.first_frame):
        player.open_clip(replace(bench.add_clip(), path=str(file)))
    shown, decoded = player.screen.image, frame_at(file, 0)
    player.close_clip()
    assert (shown.width(), shown.height()) == (width, height)
    for x, y in ((3, 3), (width // 2, height // 2), (width - 1, height - 1)):
        assert shown.pixelColor(x, y).getRgb()[:3] == pytest.approx(decoded.getpixel((x, y)), abs=2)
    assert shown.pixelColor(width // 2, 3).getRgb()[:3] == pytest.approx(BACKGROUND, abs=5)


@pytest.fixture
def grey_bars():
    """Makes frames as hardware decoders give them: NV12, left half dark, right half light, chroma of pure blue."""
    from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

    def make(full_range=False):
        form = QVideoFrameFormat(QSize(66, 34), QVideoFrameFormat.PixelFormat.Format_NV12)
        form.setColorSpace(QVideoFrameFormat.ColorSpace.ColorSpace_BT709)
        if full_range:
            form.setColorRange(QVideoFrameFormat.ColorRange.ColorRange_Full)
        frame = QVideoFrame(form)
        assert frame.map(QVideoFrame.MapMode.WriteOnly)
        luma = np.frombuffer(frame.bits(0), np.uint8).reshape(-1, frame.bytesPerLine(0))
        chroma = np.frombuffer(frame.bits(1), np.uint8).reshape(-1, frame.bytesPerLine(1))
        luma[:, :33], luma[:, 33:] = 16, 235
        chroma[:] = 128
        frame.unmap()
        return frame

    return make


@pytest.mark.parametrize(("full_range", "dark", "light"), [(False, 0, 255), (True, 16, 235)])
def test_frames_of_hardware_decoders_and_their_range(grey_bars, full_range, dark, light):
    image = to_image(grey_bars(full_range))
    assert (image.width(), image.height()) == (66, 34)
    for x, level in ((2, dark), (64, light)):
        assert QColor(image.pixel(x, 17)).getRgb()[:3] == pytest.approx((level,) * 3, abs=1)
