"""A clip that came out wrong: its likely mend is one click on the stage, on its card and in its menu."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from support.bench import Bench

from wan_desktop.domain.errors import BadOutput
from wan_desktop.domain.events import BackendState
from wan_desktop.domain.job import JobState
from wan_desktop.domain.mending import BLACK
from wan_desktop.domain.request import Draft
from wan_desktop.ui import i18n
from wan_desktop.ui.panels.queue import QueuePanel
from wan_desktop.ui.panels.stage import StagePanel

OVERFLOW = BadOutput("The numbers overflowed.", action="Use the exact precision")
CARD = BackendState("ready", {"device": "cuda:0", "plans": 5})


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path, render=True)
    yield bench
    bench.close()


@pytest.fixture
def show(qtbot):
    stages = []

    def make(kind, bench):
        panel = kind(bench.session)
        panel.resize(744 if kind is StagePanel else 348, 700)
        qtbot.addWidget(panel)
        panel.show()
        qtbot.waitExposed(panel)
        if kind is StagePanel:
            stages.append(panel)
        return panel

    yield make
    for stage in stages:
        stage.clip_page.close_clip()


def ended(qtbot, bench, prompt, **values):
    """The job of a draft, once it has ended."""
    values = {"num_frames": 5, "num_inference_steps": 3, "seed": 7, "guidance_scale": 5.0} | values
    with qtbot.waitSignal(bench.session.submitted) as told:
        bench.session.submit(Draft(prompt=prompt, **values))
    job_id = told.args[0].id
    qtbot.waitUntil(lambda: job_id in bench.session.jobs)
    qtbot.waitUntil(lambda: bench.session.jobs[job_id].state.ended)
    return bench.session.jobs[job_id]


def mended(qtbot, bench, press):
    """The new job that `press` makes, once it is done."""
    with qtbot.waitSignal(bench.session.submitted) as told:
        press()
    job_id = told.args[0].id
    qtbot.waitUntil(lambda: job_id in bench.session.jobs)
    qtbot.waitUntil(lambda: bench.session.jobs[job_id].state is JobState.DONE)
    return bench.session.jobs[job_id]


def test_numbers_that_overflowed_are_drawn_again_in_the_exact_precision(qtbot, bench, show):
    stage = show(StagePanel, bench)
    bench.backend.script("overflows", fail=OVERFLOW, after=2)
    job = ended(qtbot, bench, "it overflows", precision="fp8")
    page = stage.ended_page
    qtbot.waitUntil(lambda: page.isVisible() and page.job is not None and page.job.state is JobState.FAILED)
    assert page.mend_button.isVisible()
    assert page.mend_button.text() == page.mend_button.accessibleName() == "Draw again in the exact precision"
    assert page.mend_button.property("kind") == "primary"
    assert page.resume_button.property("kind") != "primary", "one way stands out"
    bench.backend.script("overflows")
    new = mended(qtbot, bench, lambda: qtbot.mouseClick(page.mend_button, Qt.MouseButton.LeftButton))
    assert (new.request.precision, new.request.seed) == ("exact", 7)
    old = bench.session.jobs[job.id]
    assert (old.state, old.kept_step) == (JobState.FAILED, 2), "it keeps what it has"
    assert bench.host.library.keeps(old)
    qtbot.waitUntil(lambda: stage._pages.currentWidget() is stage.clip_page)


def test_a_failure_that_nothing_mends_shows_no_such_button(qtbot, bench, show):
    stage = show(StagePanel, bench)
    bench.backend.script("broken", fail=ValueError("x"))
    ended(qtbot, bench, "broken")
    qtbot.waitUntil(lambda: stage.ended_page.isVisible())
    assert not stage.ended_page.mend_button.isVisible()
    assert stage.ended_page.retry_button.property("kind") == "primary"


def test_black_frames_offer_their_mend_beside_the_clip(qtbot, bench, show):
    stage = show(StagePanel, bench)
    bench.backend.script("black", notes=(BLACK,))
    job = ended(qtbot, bench, "black")
    button = stage.clip_page.mend_button
    qtbot.waitUntil(button.isVisible)
    assert button.text() == "Draw again with guidance 3"
    bench.backend.script("black")
    new = mended(qtbot, bench, lambda: qtbot.mouseClick(button, Qt.MouseButton.LeftButton))
    assert new.request.guidance_scale == 3.0
    assert bench.session.jobs[job.id].clip_id in bench.session.clips, "the black clip stays"
    qtbot.waitUntil(lambda: stage.clip_page.clip is not None and stage.clip_page.clip.id == new.clip_id)
    assert not button.isVisible(), "nothing is wrong with this one"


def test_on_a_graphics_card_black_frames_are_made_again_on_the_processor(qtbot, bench, show):
    bench.backend.tell(CARD)
    stage = show(StagePanel, bench)
    bench.backend.script("black", notes=(BLACK,))
    job = ended(qtbot, bench, "black")
    button = stage.clip_page.mend_button
    qtbot.waitUntil(button.isVisible)
    assert button.text() == "Develop again on the processor"
    bench.backend.script("black")
    new = mended(qtbot, bench, button.click)
    assert (new.latents_of, new.plan) == (job.id, 4)


def test_the_card_and_its_menu_offer_it(qtbot, bench, show):
    panel = show(QueuePanel, bench)
    bench.backend.script("overflows", fail=OVERFLOW)
    job = ended(qtbot, bench, "it overflows", speed="fast")
    index = panel.model.index(panel.model.row_of(job.id))
    card = panel._delegate.card_rect(panel.view.visualRect(index))
    spot = panel._delegate.buttons(card, job)["mend"].center().toPoint()
    tip = QHelpEvent(QEvent.Type.ToolTip, spot, panel.view.viewport().mapToGlobal(spot))
    QApplication.sendEvent(panel.view.viewport(), tip)
    assert QToolTip.text() == "Draw again with every step computed"
    panel.select(job.id)
    menu = panel.context_menu()
    items = {action.text(): action for action in menu.actions()}
    assert {"Draw again with every step computed", "Draw again with guidance 3"} <= set(items)
    bench.backend.script("overflows")
    new = mended(qtbot, bench, items["Draw again with another seed"].trigger)
    assert new.request.seed != 7
    menu.close()
    press = lambda: QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)  # noqa: E731
    index = panel.model.index(panel.model.row_of(job.id))
    card = panel._delegate.card_rect(panel.view.visualRect(index))
    spot = panel._delegate.buttons(card, job)["mend"].center().toPoint()
    assert mended(qtbot, bench, press).request.speed == "exact"


def test_it_speaks_chinese(qtbot, bench, show, qapp):
    i18n.use("zh_CN") if hasattr(i18n, "use") else pytest.skip()
