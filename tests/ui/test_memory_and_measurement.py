"""The memory plan in the window, and an estimate from the measurement of this computer, before there is any clip."""

import dataclasses

import pytest

from wan_desktop.domain.benchmark import Benchmark
from wan_desktop.domain.events import BackendState
from wan_desktop.domain.memory import PLAN_NAMES
from wan_desktop.domain.request import Draft
from wan_desktop.domain.validate import resolve
from wan_desktop.models.wan22_ti2v_5b import make_spec
from wan_desktop.ui.panels.create import estimate

FOUND = Benchmark(
    device="cuda:0",
    device_name="A card",
    torch="2.13.0",
    linear=0.0,
    squared=0.0,
    transfer=3.0,
    decode=0.0,
    text=6.0,
    plan="streamed",
    scaled=False,
    measured_at=1.0,
)


def test_a_plan_is_chosen_shown_and_taken_back(panel, qtbot):
    memory = panel.advanced.memory
    assert [memory.plan.itemData(i) for i in range(memory.plan.count())] == list(PLAN_NAMES)
    assert panel.draft().plan is None
    with qtbot.waitSignal(memory.edited):
        memory.plan.setCurrentIndex(2)
    assert panel.draft().plan == "streamed"
    panel.fill(Draft(prompt="x", plan="least"))
    assert memory.values() == {"plan": "least"}
    panel.advanced.fields["plan"].reset.emit()
    assert memory.values() == {"plan": None}
    assert memory.plan.accessibleName()


def test_the_measurement_speaks_for_the_5b_on_that_device_alone():
    model = make_spec("/models/5b", "x")
    a_request = resolve(Draft(prompt="x", num_inference_steps=10, guidance_scale=5.0), model)
    guess = estimate.measured(FOUND, model, "A card", a_request)
    assert guess.seconds == pytest.approx(6.0 + 3.0 * 20)
    assert guess.bytes > 0
    assert estimate.measured(FOUND, model, "Another card", a_request) is None
    assert estimate.measured(FOUND, dataclasses.replace(model, demo=True), "A card", a_request) is None


def test_without_a_clip_the_measurement_is_shown(panel, desk, qtbot):
    """The built-in model is another: for it there is nothing to tell yet."""
    session = desk.session
    session.benchmark = FOUND
    session.backend = BackendState("ready", {"device_name": "A card", "device": "cuda:0"})
    session.backend_changed.emit(session.backend)
    qtbot.waitUntil(lambda: "No estimate yet" in panel.foot.note.text())
    panel._model = make_spec("/models/5b", "x")
    session.backend_changed.emit(session.backend)
    qtbot.waitUntil(lambda: "on this GPU" in panel.foot.note.text())
