"""The benchmark of a card that gets too small runs from end to end on the processor, where refusals are thrown in."""

import pytest

from benchmarks import card_course, card_faults


@pytest.mark.timeout(300)
def test_every_plan_takes_over_from_the_last_step(tmp_path):
    seen = card_faults.run(tmp_path, tmp_path / "weights", tmp_path / "seen.json", tiny=True, say=print)
    assert seen["problems"] == []
    assert seen["drawing"]["tries"] == ["whole", "by stage"]
    assert seen["drawing"]["resumed_after"] == [2]
    assert seen["drawing"]["recipe"] == {"plan": "by stage", "resumed_step": 2}
    assert seen["developing"]["resumed_after"] == [card_course.STEPS]
    assert seen["no_plan_is_left"]["kept_step"] == 3
    assert seen["paused"]["continued"]["psnr_db"] == 99.0
