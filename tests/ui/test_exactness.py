"""Precision and speed in the window: chosen, sent, shown again, and told for what they are."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale

from wan_desktop.config.paths import resources_dir
from wan_desktop.domain.exactness import PRECISIONS, SPEEDS, name_of, read_deviations
from wan_desktop.domain.request import Draft


def choose(box, value):
    box.setCurrentIndex(box.findData(value))


def test_exact_is_the_default_and_says_nothing(panel):
    exactness = panel.advanced.exactness
    assert exactness.values() == {"precision": None, "speed": None}
    assert exactness.note.isHidden()
    assert panel.draft().precision is None


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("speed", SPEEDS)
def test_each_choice_tells_what_was_measured(panel, qtbot, precision, speed):
    exactness = panel.advanced.exactness
    with (
        qtbot.assertNotEmitted(exactness.edited)
        if (precision, speed) == ("exact", "exact")
        else (qtbot.waitSignal(exactness.edited))
    ):
        choose(exactness.precision, precision)
        choose(exactness.speed, speed)
    name = name_of(precision, speed)
    assert exactness.note.isHidden() == (name == "exact")
    if name != "exact":
        found = read_deviations(resources_dir())[name]
        told = exactness.note.text()
        assert QLocale().toString(found.median_psnr, "f", 1) in told
        assert QLocale().toString(found.worst_psnr, "f", 1) in told
        assert "nothing about the 5 B" in told
    draft = panel.draft()
    assert (draft.precision or "exact", draft.speed or "exact") == (precision, speed)


def test_a_draft_is_shown_as_it_was(panel):
    panel.fill(Draft(prompt="x", precision="fp8", speed="fast"))
    assert panel.advanced.exactness.values() == {"precision": "fp8", "speed": "fast"}
    assert not panel.advanced.exactness.note.isHidden()
    panel.advanced.fields["speed"].reset.emit()
    assert panel.advanced.exactness.values() == {"precision": "fp8", "speed": None}
    panel.fill(Draft(prompt="x"))
    assert panel.advanced.exactness.values() == {"precision": None, "speed": None}


def test_what_was_never_measured_says_so(panel):
    exactness = panel.advanced.exactness
    exactness._measured = {}
    choose(exactness.precision, "fp8")
    assert "not been measured" in exactness.note.text()
