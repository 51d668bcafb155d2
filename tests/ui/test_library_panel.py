"""The library panel through its real grid: search, hover, open, delete with undo, drag out."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QDesktopServices, QEnterEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from support.bench import Bench

from wan_desktop.domain.events import ClipAdded
from wan_desktop.ui import reveal
from wan_desktop.ui.panels.library import LibraryPanel
from wan_desktop.ui.widgets.clip_grid import ClipDelegate
from wan_desktop.ui.widgets.toast import Toast, show_toast


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def panel(bench, qtbot):
    panel = LibraryPanel(bench.session)
    panel.resize(348, 700)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def prompts(panel):
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def middle(panel, clip):
    return panel.grid.visualRect(panel.model.index(panel.model.row_of(clip.id))).center()


def toast(panel):
    found = panel.findChild(Toast, "toast")
    return found if found is not None and found.isVisible() else None


def test_an_empty_library_says_how_it_fills(bench, panel):
    assert panel._empty.isVisible()
    assert not panel.grid.isVisible()
    bench.add_clip("a")
    assert panel.grid.isVisible()
    assert panel.count_label.text() == "1 clip"


def test_two_cards_stand_beside_each_other_at_the_panels_width(bench, panel):
    clips = [bench.add_clip(name, float(n)) for n, name in enumerate("cba")]
    places = [
        panel.grid.visualRect(panel.model.index(panel.model.row_of(clip.id))) for clip in reversed(clips)
    ]
    assert places[0].top() == places[1].top()
    assert places[2].top() > places[0].top()
    assert places[1].right() <= panel.grid.viewport().width()
    panel.resize(620, 700)
    QApplication.processEvents()
    tops = [panel.grid.visualRect(panel.model.index(row)).top() for row in range(3)]
    assert len(set(tops)) == 1


def test_typing_searches(bench, panel):
    for name in ("a red cat", "a blue dog"):
        bench.add_clip(name)
    QTest.keyClicks(panel.search_field, "cat")
    assert prompts(panel) == ["a red cat"]
    assert panel.count_label.text() == "1 of 2 clips"
    QTest.keyClicks(panel.search_field, " nothing like it")
    assert panel._empty.isVisible()
    panel.search_field.clear()
    assert len(prompts(panel)) == 2


def test_the_order_turns_and_the_selection_stays(bench, panel):
    first, _second = bench.add_clip("old", 1.0), bench.add_clip("new", 2.0)
    panel.select(first.id)
    panel.sort_button.click()
    assert prompts(panel) == ["old", "new"]
    assert panel.sort_button.text() == "Oldest first"
    assert [clip.id for clip in panel.selected()] == [first.id]


def test_thumbnails_come_from_another_thread(bench, panel, qtbot):
    clip = bench.add_clip("a", real=True)
    pictures = panel.grid.pictures
    with qtbot.waitSignal(pictures.ready):
        panel.grid.viewport().update()
    found = pictures.peek(clip.thumbnail)
    assert found.pixmap.width() == 256
    assert not found.missing


def test_a_clip_whose_file_is_gone_says_so(bench, panel, qtbot):
    clip = bench.add_clip("a", real=True)
    Path(clip.path).unlink()
    qtbot.waitUntil(lambda: (found := panel.grid.pictures.peek(clip.thumbnail)) is not None and found.missing)


def test_a_damaged_thumbnail_leaves_a_placeholder(bench, panel, qtbot):
    clip = bench.add_clip("a")
    Path(clip.thumbnail).write_bytes(b"no picture")
    bench.session._on_event(ClipAdded(clip))
    qtbot.waitUntil(lambda: panel.grid.pictures.peek(clip.thumbnail) is not None)
    assert panel.grid.pictures.peek(clip.thumbnail).pixmap.isNull()
    assert not panel.grid.grab().isNull()


def test_a_clip_plays_under_the_mouse_and_stops_when_it_leaves(bench, panel, qtbot):
    clip = bench.add_clip("a", real=True)
    film = panel.grid.film
    QTest.mouseMove(panel.grid.viewport(), middle(panel, clip))
    qtbot.waitUntil(lambda: film.picture(clip.id) is not None)
    first = film.picture(clip.id).toImage()
    qtbot.waitUntil(lambda: film.picture(clip.id).toImage() != first)
    QApplication.sendEvent(panel.grid.viewport(), QEvent(QEvent.Type.Leave))
    assert film.picture(clip.id) is None


def test_hovering_a_clip_that_cannot_be_read_keeps_its_thumbnail(bench, panel, qtbot):
    clip = bench.add_clip("a")
    film = panel.grid.film
    film.hover(clip)
    qtbot.wait(400)
    assert film.picture(clip.id) is None


@pytest.mark.parametrize("how", ["double click", "enter"])
def test_a_clip_opens(bench, panel, qtbot, how):
    clip = bench.add_clip("a")
    with qtbot.waitSignal(panel.clip_opened) as opened:
        if how == "enter":
            panel.select(clip.id)
            QTest.keyClick(panel.grid, Qt.Key.Key_Return)
        else:
            QTest.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=middle(panel, clip))
            QTest.mouseDClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=middle(panel, clip))
    assert opened.args == [clip]


def test_delete_moves_to_the_bin_and_the_toast_brings_back(bench, panel, qtbot):
    clip = bench.add_clip("a", real=True)
    panel.select(clip.id)
    panel.grid.setFocus()
    QTest.keyClick(panel.grid, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: toast(panel) is not None)
    assert prompts(panel) == []
    assert not Path(clip.path).exists()
    assert toast(panel)._label.text() == "Clip deleted"
    QTest.mouseClick(toast(panel)._button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: prompts(panel) == ["a"])
    assert Path(clip.path).exists()
    assert toast(panel)._label.text() == "Brought back"


def test_undo_brings_back_the_last_group_then_the_one_before(bench, panel, qtbot):
    clips = [bench.add_clip(name, float(-n), real=True) for n, name in enumerate("abc")]
    panel.select(clips[0].id)
    panel.delete_selected()
    qtbot.waitUntil(lambda: prompts(panel) == ["b", "c"])
    panel.grid.selectAll()
    panel.delete_selected()
    qtbot.waitUntil(lambda: prompts(panel) == [] and toast(panel)._label.text() == "2 clips deleted")
    bench.add_clip("d", 9.0)
    panel.undo_delete()
    qtbot.waitUntil(lambda: prompts(panel) == ["d", "b", "c"])
    panel.undo_delete()
    qtbot.waitUntil(lambda: prompts(panel) == ["d", "a", "b", "c"])
    panel.undo_delete()
    qtbot.wait(50)
    assert prompts(panel) == ["d", "a", "b", "c"]


def test_the_toast_stays_while_the_mouse_is_on_it(panel, qtbot, monkeypatch):
    monkeypatch.setattr("wan_desktop.ui.widgets.toast.STAY_MS", 100)
    shown = show_toast(panel, "A sentence", "Undo", lambda: None)
    assert toast(panel) is shown
    where = QPoint(5, 5).toPointF()
    QApplication.sendEvent(shown, QEnterEvent(where, where, shown.mapToGlobal(where)))
    qtbot.wait(250)
    assert shown.isVisible()
    QApplication.sendEvent(shown, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: not shown.isVisible())


def test_there_is_one_toast_and_it_stays_inside_the_window(panel):
    first = show_toast(panel, "One")
    second = show_toast(panel, "A much longer sentence " * 10)
    assert first is second
    panel.resize(360, 420)
    assert panel.rect().contains(second.geometry())


def test_the_menu(bench, panel, qtbot):
    clip = bench.add_clip("a red ball")
    assert panel.context_menu() is None
    panel.select(clip.id)
    menu = {a.text(): a for a in panel.context_menu().actions() if a.text()}
    copying = {"Copy path", "Copy as ComfyUI workflow"}
    assert set(menu) == {"Open", "Reuse settings", "Show in folder", *copying, "Delete"}
    with qtbot.waitSignal(panel.clip_opened):
        menu["Open"].trigger()
    with qtbot.waitSignal(panel.reuse_requested) as reused:
        menu["Reuse settings"].trigger()
    assert (reused.args[0].prompt, reused.args[0].seed) == ("a red ball", 7)
    menu["Copy path"].trigger()
    assert QGuiApplication.clipboard().text() == clip.path
    bench.add_clip("another")
    panel.grid.selectAll()
    assert [a.text() for a in panel.context_menu().actions() if a.text()] == ["Delete"]


def test_show_in_folder_opens_the_folder_where_the_file_manager_cannot_select(
    bench, panel, qtbot, monkeypatch
):
    clip = bench.add_clip("a", real=True)
    opened = []
    monkeypatch.setattr(reveal, "_reveal", lambda path: False)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    panel._actions.show_in_folder(clip, panel)
    qtbot.waitUntil(lambda: opened == [str(Path(clip.path).parent)])


@pytest.mark.parametrize(
    ("platform", "command"), [("win32", ["explorer", "/select,{}"]), ("darwin", ["open", "-R", "{}"])]
)
def test_the_file_manager_is_asked_to_select_the_file(bench, monkeypatch, platform, command):
    clip = bench.add_clip("a", real=True)
    asked = []

    def run(arguments, check):
        asked.append(arguments)
        return subprocess.CompletedProcess(arguments, 0)

    monkeypatch.setattr(reveal.sys, "platform", platform)
    monkeypatch.setattr(reveal.subprocess, "run", run)
    assert reveal._reveal(Path(clip.path))
    assert asked == [[part.format(clip.path) for part in command]]


def test_show_in_folder_of_a_missing_file_says_so(bench, panel, qtbot):
    clip = bench.add_clip("a")
    panel._actions.show_in_folder(clip, panel)
    qtbot.waitUntil(lambda: toast(panel) is not None)
    assert "is not there" in toast(panel)._label.text()


def test_of_ten_thousand_clips_only_what_is_seen_is_painted_and_read(bench, qtbot, monkeypatch):
    painted, paint = [], ClipDelegate.paint
    monkeypatch.setattr(ClipDelegate, "paint", lambda *given: painted.append(given) or paint(*given))
    clip = bench.add_clip("a cat")
    for n in range(10_000):
        bench.session.clips[str(n)] = replace(clip, id=str(n), created_at=float(n))
    panel = LibraryPanel(bench.session)
    qtbot.addWidget(panel)
    panel.resize(348, 700)
    panel.show()
    panel.grid.grab()
    panel.grid.verticalScrollBar().setValue(panel.grid.verticalScrollBar().maximum())
    panel.grid.grab()
    assert 0 < len(painted) < 200
    assert len(panel.grid.pictures._waiting) < 100
