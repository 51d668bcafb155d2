"""The player on real clips: every frame where it belongs, by the system's player and without it."""

from __future__ import annotations

import builtins
import itertools
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from support.bench import Bench
from support.videos import make_video

from wan_desktop.ui.widgets import playback, player_controls
from wan_desktop.ui.widgets.clip_opener import ClipOpener
from wan_desktop.ui.widgets.playback import FramesPlayback, MediaPlayback
from wan_desktop.ui.widgets.player import Player

LAST = 24


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def clip(bench):
    return bench.add_clip("a", real=True)


@pytest.fixture
def player(qtbot):
    player = Player()
    player.resize(640, 480)
    qtbot.addWidget(player)
    player.show()
    qtbot.waitExposed(player)
    yield player
    player.close_clip()


@pytest.fixture
def no_multimedia(monkeypatch):
    """As where QtMultimedia's system libraries are missing."""
    real = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("PySide6.QtMultimedia"):
            raise ImportError("libpulse.so.0: cannot open shared object file")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)


@pytest.fixture(params=["system", "frames"])
def opened(request, qtbot, player, clip):
    """A player with the clip's first frame on the screen."""
    if request.param == "frames":
        request.getfixturevalue("no_multimedia")
    with qtbot.waitSignal(player.first_frame):
        player.open_clip(clip)
    kind = FramesPlayback if request.param == "frames" else MediaPlayback
    assert isinstance(player._playback, kind)
    return player


def drawn(player):
    """The number of the frame that is painted: its white column moves two pixels a frame."""
    image = player.screen.image
    row = image.height() // 2
    lit = [x for x in range(image.width()) if QColor(image.pixel(x, row)).red() > 140]
    return round(lit[0] / 2)


def test_the_thumbnail_is_there_before_the_first_frame(qtbot, player, clip, monkeypatch):
    monkeypatch.setattr(ClipOpener, "_play_media", lambda self, info: None)
    player.open_clip(clip)
    qtbot.waitUntil(lambda: not player.screen.image.isNull())
    assert player.frame == -1
    assert not player.controls.play.isEnabled()


def test_the_first_frame_shows_and_stands(opened):
    assert opened.frame == 0
    assert drawn(opened) == 0
    assert not opened.playing
    assert opened.controls.bar.maximum() == LAST
    assert opened.controls.total.text() == "0:01.56"


def test_every_seek_shows_exactly_that_frame(qtbot, opened):
    for number in (3, 24, 0, 17, 16, 1):
        opened.seek(number)
        qtbot.waitUntil(lambda number=number: opened.frame == number and drawn(opened) == number)
    assert opened.controls.bar.value() == 1


def test_comma_and_period_step_one_frame(qtbot, opened):
    opened.setFocus()
    for key, number in ((".", 1), (".", 2), (",", 1), (",", 0), (",", 0)):
        QTest.keyClick(opened, key)
        qtbot.waitUntil(lambda number=number: opened.frame == number and drawn(opened) == number)
    QTest.keyClick(opened, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: drawn(opened) == LAST)
    QTest.keyClick(opened, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: drawn(opened) == 0)


def test_space_plays_every_frame_in_order_and_pauses(qtbot, opened):
    opened.controls.loop.click()
    seen = []
    opened._playback.frame_shown.connect(lambda _image, number: seen.append(number))
    QTest.keyClick(opened, Qt.Key.Key_Space)
    assert opened.controls.play.accessibleName() == "Pause"
    qtbot.waitUntil(lambda: seen[-1:] == [LAST])
    qtbot.waitUntil(lambda: not opened.playing)
    assert seen == sorted(seen)
    assert len(set(seen)) > 15
    QTest.keyClick(opened, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: opened.playing and opened.frame in range(1, LAST))
    QTest.keyClick(opened, Qt.Key.Key_Space)
    assert not opened.playing
    assert opened.controls.play.accessibleName() == "Play"


def test_loop_begins_again(qtbot, opened):
    seen = []
    opened._playback.frame_shown.connect(lambda _image, number: seen.append(number))
    opened.seek(20)
    opened.toggle()
    qtbot.waitUntil(lambda: any(a > b for a, b in itertools.pairwise(seen)))
    assert opened.playing


def test_a_click_on_the_bar_goes_there_and_a_drag_follows(qtbot, opened):
    bar = opened.controls.bar
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.rect().center())
    qtbot.waitUntil(lambda: drawn(opened) == LAST // 2)
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=bar.rect().center())
    for part in (0.6, 0.7, 0.75):
        at = bar.rect().center()
        at.setX(round(bar.width() * part))
        QTest.mouseMove(bar, at)
    qtbot.waitUntil(lambda: drawn(opened) == 18)
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=at)
    assert bar.value() == 18
    assert opened.controls.time.text() == "0:01.12"


def test_the_bar_takes_arrow_keys(qtbot, opened):
    QTest.keyClick(opened.controls.bar, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: drawn(opened) == 1)


def test_a_click_on_the_picture_plays(qtbot, opened):
    QTest.mouseClick(opened.screen, Qt.MouseButton.LeftButton, pos=opened.screen.rect().center())
    assert opened.playing
    opened.pause()


def test_pixel_for_pixel(qtbot, opened):
    assert opened.screen.image_rect().width() == pytest.approx(opened.screen.width())
    opened.controls.fit.click()
    assert opened.screen.image_rect().width() * opened.devicePixelRatioF() == 256
    opened.controls.fit.click()
    assert not opened.screen.pixel_size


def test_full_screen_by_f_and_back_by_escape(qtbot, opened):
    QTest.keyClick(opened, Qt.Key.Key_F)
    full = opened._full
    assert full.isFullScreen()
    assert not full.screen.image.isNull()
    QTest.keyClick(full, ".")
    qtbot.waitUntil(lambda: full.screen.image == opened.screen.image and opened.frame == 1)
    QTest.keyClick(full, Qt.Key.Key_Escape)
    assert opened._full is None


def test_it_stands_still_while_hidden(qtbot, opened):
    opened.toggle()
    opened.hide()
    assert not opened.playing


def test_play_on_opening(qtbot, player, clip):
    player.open_clip(clip, play=True)
    qtbot.waitUntil(lambda: player.playing and player.frame > 0)


def test_closing_lets_the_file_go_and_empties_the_screen(qtbot, opened):
    opened.close_clip()
    assert opened.screen.image.isNull()
    assert not opened.controls.play.isEnabled()
    assert opened.frame == -1


def test_another_clip_replaces_the_first_even_while_that_is_read(qtbot, player, bench, clip):
    other = bench.add_clip("b", real=True)
    player.open_clip(clip)
    with qtbot.waitSignal(player.first_frame):
        player.open_clip(other)
    assert player._clip is other


@pytest.mark.parametrize(
    ("damage", "words"),
    [(lambda p: p.unlink(), "is not there"), (lambda p: p.write_bytes(b"x"), "cannot be read")],
)
def test_a_missing_or_damaged_file_is_told_in_a_sentence(qtbot, player, clip, damage, words):
    from pathlib import Path

    damage(Path(clip.path))
    with qtbot.waitSignal(player.problem):
        player.open_clip(clip)
    assert words in player.screen._words
    assert player.screen.image.isNull()
    assert not player.controls.play.isEnabled()


def test_without_the_systems_player_it_says_so(qtbot, player, clip, no_multimedia):
    with qtbot.waitSignal(player.first_frame):
        player.open_clip(clip)
    assert player.note.isVisible()
    assert "frames" in player.note.text()


def test_a_player_that_shows_no_frame_is_given_up(qtbot, player, clip, monkeypatch):
    monkeypatch.setattr(playback, "GIVE_UP_MS", 50)
    monkeypatch.setattr(MediaPlayback, "_take_frame", lambda self: None)
    with qtbot.waitSignal(player.first_frame):
        player.open_clip(clip)
    assert isinstance(player._playback, FramesPlayback)
    assert drawn(player) == 0


def test_a_large_clip_keeps_its_own_size(qtbot, player, bench, clip, tmp_path):
    file = make_video(tmp_path / "large.mp4", num_frames=5, width=1280, height=704, fps=24)
    with qtbot.waitSignal(player.first_frame):
        player.open_clip(replace(clip, path=str(file)))
    assert player.screen.image.width() == 1280


@pytest.mark.parametrize(
    ("frame", "fps", "text"), [(0, 24, "0:00.00"), (52, 24, "0:02.16"), (1500, 24, "1:02.50")]
)
def test_times_read_as_people_expect(frame, fps, text):
    assert player_controls._time(frame, fps) == text
