"""The library as a model: sorted, searched, incremental."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from wan_desktop.bridge.clip_list import ClipListModel, prompt, seconds
from wan_desktop.domain.events import ClipAdded, ClipRemoved


@pytest.fixture
def model(session):
    model = ClipListModel(session)
    model.tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    return model


def shown(model):
    return [prompt(model.clip_at(row)) for row in range(model.rowCount())]


def test_newest_first_or_oldest_first(bench, model):
    for at, name in ((2.0, "b"), (3.0, "c"), (1.0, "a")):
        bench.add_clip(name, at)
    assert shown(model) == ["c", "b", "a"]
    model.set_newest_first(False)
    assert shown(model) == ["a", "b", "c"]


def test_clips_come_and_go_row_by_row(bench, session, model):
    first, second = bench.add_clip("a", 1.0), bench.add_clip("b", 2.0)
    changes = []
    model.rowsInserted.connect(lambda _p, at, _l: changes.append(("in", at)))
    model.rowsRemoved.connect(lambda _p, at, _l: changes.append(("out", at)))
    model.modelReset.connect(lambda: changes.append("reset"))
    bench.add_clip("c", 1.5)
    session._on_event(ClipRemoved(first.id))
    session._on_event(ClipRemoved("never there"))
    session._on_event(ClipAdded(replace(second, created_at=0.5)))
    assert changes == [("in", 1), ("out", 2), ("out", 0), ("in", 1)]
    assert shown(model) == ["c", "b"]


def test_search_wants_every_word_in_any_case(bench, session, model):
    for name in ("A red CAT sleeps", "a red ball", "Straße am Abend"):
        bench.add_clip(name)
    counts = []
    model.count_changed.connect(counts.append)
    model.search("cat RED")
    assert shown(model) == ["A red CAT sleeps"]
    assert model.searching
    bench.add_clip("another red cat")
    bench.add_clip("a blue cat")
    assert model.rowCount() == 2
    model.search("STRASSE")
    assert shown(model) == ["Straße am Abend"]
    model.search("  ")
    assert model.rowCount() == 5
    assert not model.searching
    assert counts == [1, 2, 1, 5]


def test_a_clip_leaves_as_a_file(bench, model):
    clip = bench.add_clip("a")
    urls = model.mimeData([model.index(0)]).urls()
    assert [url.toLocalFile() for url in urls] == [clip.path]
    assert model.flags(model.index(0)) & Qt.ItemFlag.ItemIsDragEnabled
    assert model.supportedDragActions() == Qt.DropAction.CopyAction


def test_length_is_told_even_of_odd_recipes(bench):
    clip = bench.add_clip("a")
    assert seconds(clip) == 25 / 16
    for fps in (0, None, "x"):
        odd = replace(clip, recipe={"request": {**clip.request, "fps": fps, "prompt": None}})
        assert seconds(odd) == 0.0
        assert prompt(odd) == ""


def test_ten_thousand_clips_are_searched_in_one_go(qtbot, bench, session, model):
    clip = bench.add_clip("a cat")
    for n in range(10_000):
        session.clips[str(n)] = replace(clip, id=str(n), created_at=float(n))
    session.loaded.emit()
    resets = []
    model.modelReset.connect(lambda: resets.append(model.rowCount()))
    with qtbot.assertNotEmitted(model.rowsInserted):
        model.search("cat")
    assert resets == [10_001]
