"""The queue panel through its real view: mouse, keyboard, menu, drop."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from support.bench import Bench
from support.scripted_backend import moving_frames

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.events import JobChanged, Preview, Progress
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.ui import job_words
from wan_desktop.ui.panels.queue import QueuePanel
from wan_desktop.ui.widgets.job_card import JobDelegate


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def panel(bench, qtbot):
    panel = QueuePanel(bench.session)
    panel.resize(348, 700)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def order(panel):
    return [job.request.prompt for job in panel.model.jobs()]


def state(bench, job):
    return bench.session.jobs[job.id].state


def rect(panel, job):
    return panel.view.visualRect(panel.model.index(panel.model.row_of(job.id)))


def button(panel, job, name):
    """Where a card's small button is, in the viewport."""
    card = panel._delegate.card_rect(rect(panel, job))
    return (
        panel._delegate.buttons(card, panel.model.job_at(panel.model.row_of(job.id)))[name].center().toPoint()
    )


def click(panel, at, keys=Qt.KeyboardModifier.NoModifier):
    QTest.mouseMove(panel.view.viewport(), at)
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, keys, at)


def test_an_empty_queue_says_what_to_do(bench, panel):
    assert panel._empty.isVisible()
    assert not panel.view.isVisible()
    bench.add_job("a")
    assert panel.view.isVisible()
    assert not panel._empty.isVisible()


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"state": JobState.QUEUED}, "Waiting · 2nd"),
        ({"state": JobState.RUNNING, "started_at": 1.0}, "Rendering · 47 %"),
        ({"state": JobState.DONE, "started_at": 10.0, "finished_at": 22.0}, "Done · 12 s"),
        ({"state": JobState.CANCELLED}, "Cancelled"),
        ({"state": JobState.INTERRUPTED}, "Interrupted · was rendering when the app stopped"),
        (
            {
                "state": JobState.FAILED,
                "error": DiskProblem("The disk of {place} is full.", place="/x").to_json(),
            },
            "Failed · The disk of /x is full.",
        ),
    ],
)
def test_a_state_is_told_in_words(bench, panel, fields, line):
    job = replace(bench.add_job("a"), **fields)
    assert job_words.state_line(job, 2, Progress(job.id, Stage.DENOISING, 10, 20)) == line
    bench.session._on_event(JobChanged(job))
    text = panel.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert text.startswith(f"a. {line.split(' · ')[0]}")
    assert not panel.grab().isNull()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (21, "21st"),
        (113, "113th"),
    ],
)
def test_places_are_told_as_people_say_them(number, text):
    assert job_words.ordinal(number) == text


def test_clicking_a_card_selects_its_job(bench, panel, qtbot):
    bench.add_job("a")
    job = bench.add_job("b")
    with qtbot.waitSignal(panel.job_selected) as selected:
        click(panel, rect(panel, job).center())
    assert selected.args == [job]
    assert panel.verbs.stop_button.isVisible()
    assert not panel.verbs.retry_button.isVisible()


def test_the_small_buttons_cancel_retry_and_remove(bench, panel, qtbot):
    job = bench.add_job("a")
    click(panel, button(panel, job, "cancel"))
    qtbot.waitUntil(lambda: state(bench, job) is JobState.CANCELLED)
    click(panel, button(panel, job, "retry"))
    qtbot.waitUntil(lambda: state(bench, job) is JobState.QUEUED)
    click(panel, button(panel, job, "cancel"))
    qtbot.waitUntil(lambda: state(bench, job) is JobState.CANCELLED)
    click(panel, button(panel, job, "remove"))
    qtbot.waitUntil(lambda: job.id not in bench.session.jobs)
    assert panel._empty.isVisible()


def test_a_small_button_does_not_select_and_says_what_it_does(bench, panel, qtbot):
    job = bench.add_job("a")
    at = button(panel, job, "cancel")
    event = QHelpEvent(QEvent.Type.ToolTip, at, panel.view.viewport().mapToGlobal(at))
    QApplication.sendEvent(panel.view.viewport(), event)
    assert QToolTip.text() == "Cancel"
    with qtbot.assertNotEmitted(panel.job_selected):
        click(panel, at)


def test_the_buttons_below_act_on_the_selection(bench, panel, qtbot):
    jobs = [bench.add_job(name, JobState.CANCELLED, finished_at=10.0 - n) for n, name in enumerate("abc")]
    click(panel, rect(panel, jobs[0]).center())
    click(panel, rect(panel, jobs[1]).center(), Qt.KeyboardModifier.ControlModifier)
    assert [job.id for job in panel.selected()] == [jobs[0].id, jobs[1].id]
    panel.verbs.remove_button.click()
    qtbot.waitUntil(lambda: order(panel) == ["c"])
    click(panel, rect(panel, jobs[2]).center())
    panel.verbs.retry_button.click()
    qtbot.waitUntil(lambda: state(bench, jobs[2]) is JobState.QUEUED)
    panel.verbs.stop_button.click()
    qtbot.waitUntil(lambda: state(bench, jobs[2]) is JobState.CANCELLED)


def test_clear_finished_keeps_what_waits(bench, panel, qtbot):
    bench.add_job("waits")
    bench.add_job("ended", JobState.DONE, finished_at=1.0)
    assert panel.verbs.clear_button.isVisible()
    panel.verbs.clear_button.click()
    qtbot.waitUntil(lambda: order(panel) == ["waits"])
    assert not panel.verbs.clear_button.isVisible()


def test_the_keyboard_moves_removes_and_shows(bench, panel, qtbot):
    jobs = [bench.add_job(name) for name in "abc"]
    panel.select(jobs[2].id)
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: order(panel) == ["a", "c", "b"])
    assert [job.id for job in panel.selected()] == [jobs[2].id]
    QTest.keyClick(panel.view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: order(panel) == ["a", "b", "c"])
    with qtbot.waitSignal(panel.job_selected):
        QTest.keyClick(panel.view, Qt.Key.Key_Return)
    QTest.keyClick(panel.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: order(panel) == ["a", "b"])


def test_delete_leaves_a_running_job_alone(bench, panel, qtbot):
    job = bench.add_job("runs", JobState.RUNNING, started_at=1.0)
    panel.select(job.id)
    with qtbot.assertNotEmitted(bench.session.refused, wait=100):
        panel.verbs.remove()
    assert order(panel) == ["runs"]


def test_dropping_a_card_reorders(bench, panel, qtbot, monkeypatch):
    jobs = [bench.add_job(name) for name in "abcd"]
    panel.select(jobs[3].id)
    monkeypatch.setattr(QDropEvent, "source", lambda _event: panel.view)
    place = rect(panel, jobs[1])
    event = QDropEvent(
        QPointF(place.center().x(), place.top() + 4),
        Qt.DropAction.MoveAction,
        panel.model.mimeData([panel.model.index(3)]),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    panel.view.dropEvent(event)
    assert event.isAccepted()
    qtbot.waitUntil(lambda: order(panel) == ["a", "d", "b", "c"])
    assert not panel.model.removeRows(0, 1), "a drag that moved would make the view remove rows"


def test_a_drop_from_elsewhere_is_not_taken(bench, panel):
    bench.add_job("a")
    event = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.MoveAction,
        QMimeData(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    panel.view.dropEvent(event)
    assert not event.isAccepted()


def test_the_menu_offers_what_fits(bench, panel, qtbot):
    waiting = bench.add_job("waits")
    ended = bench.add_job("ended", JobState.FAILED, finished_at=1.0)

    def words(*jobs):
        panel.view.clearSelection()
        for job in jobs:
            index = panel.model.index(panel.model.row_of(job.id))
            panel.view.selectionModel().select(index, panel.view.selectionModel().SelectionFlag.Select)
        menu = panel.context_menu()
        return {a.text(): a for a in menu.actions() if a.text()} if menu else {}

    assert words() == {}
    menu = words(waiting)
    assert {"Show", "Move up", "Move down", "Cancel"} <= set(menu)
    assert not {"Try again", "Remove from the queue"} & set(menu)
    menu = words(ended)
    assert {"Show", "Try again", "Remove from the queue", "Copy prompt"} <= set(menu)
    menu["Copy prompt"].trigger()
    assert QGuiApplication.clipboard().text() == "ended"
    with qtbot.waitSignal(panel.reuse_requested) as reused:
        menu["Reuse settings"].trigger()
    assert (reused.args[0].prompt, reused.args[0].seed) == ("ended", 7)
    assert "Show" not in words(waiting, ended)
    menu["Try again"].trigger()
    qtbot.waitUntil(lambda: state(bench, ended) is JobState.QUEUED)


def test_a_card_shows_its_last_preview_then_its_clip(bench, panel, qtbot):
    job = bench.add_job("runs", JobState.RUNNING, started_at=1.0)
    assert panel._delegate.picture(job) is None
    bench.session._on_event(Preview(job.id, 3, moving_frames(64, 40, 4)))
    assert panel._delegate.picture(job).pixmap.width() == 64
    clip = bench.add_clip("runs", real=True)
    done = replace(job, state=JobState.DONE, clip_id=clip.id, finished_at=2.0)
    bench.session._on_event(JobChanged(done))
    qtbot.waitUntil(
        lambda: (found := panel._delegate.picture(done)) is not None and found.pixmap.width() == 256
    )


def test_a_card_shows_its_start_image(bench, panel, qtbot, picture):
    stored = bench.session.keep_image(picture("start.png", 640, 360))
    job = bench.add_job("moves")
    job = replace(job, request=replace(job.request, image=stored))
    bench.session._on_event(JobChanged(job))
    qtbot.waitUntil(
        lambda: (found := panel._delegate.picture(job)) is not None and found.pixmap.width() == 320
    )


def test_of_five_hundred_jobs_only_what_is_seen_is_painted(bench, panel, qtbot, monkeypatch):
    painted, paint = [], JobDelegate.paint
    monkeypatch.setattr(JobDelegate, "paint", lambda *given: painted.append(given) or paint(*given))
    job = bench.add_job("a job with a prompt that takes two lines on its card in the queue")
    for n in range(500):
        bench.session.jobs[str(n)] = replace(job, id=str(n), order=float(n))
    bench.session.loaded.emit()
    panel.view.scrollToBottom()
    bench.session._on_event(Progress("3", Stage.DENOISING, 1, 20))
    panel.view.grab()
    assert 0 < len(painted) < 50
    assert panel.view.indexAt(QPoint(60, panel.view.viewport().height() - 40)).row() == 500


def test_a_card_is_as_tall_as_its_words_need_in_the_width_it_has(bench, panel):
    error = {
        "template": "A sentence that takes several lines on a narrow card. " * 3,
        "values": {},
        "code": "x",
    }
    job = bench.add_job("long", JobState.FAILED, error=error, finished_at=1.0)
    heights = []
    for width in (700, 348, 700):
        panel.resize(width, 500)
        panel.grab()
        heights.append(rect(panel, job).height())
    assert heights[0] < heights[1]
    assert heights[0] == heights[2]
