"""The queue as a model: rows follow the session one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from wan_desktop.bridge.job_list import JobListModel
from wan_desktop.domain.events import JobChanged, JobRemoved, Note, Pausing, Progress
from wan_desktop.domain.job import JobState, Stage


@pytest.fixture
def model(session):
    model = JobListModel(session)
    model.tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    resets = []
    model.modelReset.connect(lambda: resets.append(1))
    yield model
    assert not resets, "rows must come and go one by one"


def prompts(model):
    return [job.request.prompt for job in model.jobs()]


def values(model, role):
    return [model.index(row).data(role) for row in range(model.rowCount())]


def change(session, job, **fields):
    changed = replace(job, **fields)
    session._on_event(JobChanged(changed))
    return changed


def test_running_first_then_waiting_in_order_then_ended_newest_first(bench, session, model):
    bench.add_job("done early", JobState.DONE, finished_at=10.0)
    b = bench.add_job("b")
    bench.add_job("a failure", JobState.FAILED, finished_at=20.0)
    bench.add_job("c")
    assert prompts(model) == ["b", "c", "a failure", "done early"]
    change(session, b, state=JobState.RUNNING, started_at=30.0)
    assert prompts(model) == ["b", "c", "a failure", "done early"]
    change(session, b, state=JobState.CANCELLED, started_at=30.0, finished_at=40.0)
    assert prompts(model) == ["c", "b", "a failure", "done early"]
    assert values(model, JobListModel.PlaceRole) == [1, 0, 0, 0]


def test_a_paused_job_keeps_its_row_and_is_not_counted(bench, session, model):
    jobs = [bench.add_job(name) for name in "abc"]
    change(session, jobs[1], state=JobState.PAUSED, kept_step=5, kept_steps=10)
    assert prompts(model) == ["a", "b", "c"]
    assert values(model, JobListModel.PlaceRole) == [1, 0, 2]
    assert 0.4 < model.index(1).data(JobListModel.FractionRole) < 0.6
    session._on_event(JobRemoved(jobs[1].id))
    assert values(model, JobListModel.PlaceRole) == [1, 2]


def test_pausing_and_notes_touch_the_whole_card(bench, session, model):
    bench.add_job("waits")
    job = bench.add_job("runs", JobState.RUNNING, started_at=1.0)
    seen = []
    model.dataChanged.connect(lambda first, last, roles: seen.append((first.row(), last.row(), roles)))
    session._on_event(Pausing(job.id))
    session._on_event(Note(job.id, "Something to know."))
    assert seen == [(0, 0, []), (0, 0, [])]


def test_a_new_order_moves_one_row(bench, session, model):
    jobs = [bench.add_job(name) for name in "abcd"]
    moves = []
    model.rowsMoved.connect(lambda *_: moves.append(1))
    change(session, jobs[3], order=0.5)
    assert prompts(model) == ["a", "d", "b", "c"]
    change(session, jobs[0], order=99.0)
    assert prompts(model) == ["d", "b", "c", "a"]
    change(session, jobs[0], order=98.0)
    assert len(moves) == 2
    assert [model.row_of(job.id) for job in jobs] == [3, 1, 2, 0]


def test_progress_touches_only_its_row(bench, session, model):
    bench.add_job("waits")
    job = bench.add_job("runs", JobState.RUNNING, started_at=1.0)
    seen = []
    model.dataChanged.connect(lambda first, last, roles: seen.append((first.row(), last.row(), roles)))
    session._on_event(Progress(job.id, Stage.DENOISING, 10, 20))
    assert seen == [(0, 0, [JobListModel.FractionRole, JobListModel.ProgressRole])]
    assert 0.4 < model.index(0).data(JobListModel.FractionRole) < 0.6
    assert model.index(1).data(JobListModel.FractionRole) == 0


def test_a_removed_job_leaves(bench, session, model):
    jobs = [bench.add_job(name) for name in "abc"]
    session._on_event(JobRemoved(jobs[1].id))
    session._on_event(JobRemoved("never there"))
    assert prompts(model) == ["a", "c"]
    assert values(model, JobListModel.PlaceRole) == [1, 2]
    assert model.row_of(jobs[1].id) == -1
    assert model.index(0).data(model.JobRole) == jobs[0]


@pytest.mark.parametrize(
    ("move", "order"),
    [
        (lambda m, ids: m.move_up(ids[2]), "acbd"),
        (lambda m, ids: m.move_up(ids[0]), "abcd"),
        (lambda m, ids: m.move_down(ids[0]), "bacd"),
        (lambda m, ids: m.move_down(ids[2]), "abdc"),
        (lambda m, ids: m.move_down(ids[3]), "abcd"),
        (lambda m, ids: m.move_before([ids[3]], 1), "adbc"),
        (lambda m, ids: m.move_before([ids[0]], 2), "bacd"),
        (lambda m, ids: m.move_before([ids[0]], 4), "bcda"),
        (lambda m, ids: m.move_before([ids[3], ids[0]], 2), "badc"),
        (lambda m, ids: m.move_before([ids[1]], 1), "abcd"),
    ],
)
def test_reordering_goes_through_the_queue(qtbot, bench, session, model, move, order):
    ids = [bench.add_job(name).id for name in "abcd"]
    move(model, ids)
    qtbot.waitUntil(lambda: prompts(model) == list(order))
    assert [job.request.prompt for job in bench.host.jobs().result()] == list(order)


def test_it_says_a_job_in_words(bench, model):
    bench.add_job("a cat")
    model.describe = lambda job, place, progress: f"{job.request.prompt} is number {place}"

    assert model.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "a cat is number 1"
