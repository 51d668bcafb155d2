"""Twenty kills of the real program and its render process while it draws, changes of its memory plan included:
nothing is lost, doubled or different."""

from __future__ import annotations

import sys

import pytest

from benchmarks import kill_campaign

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


@pytest.mark.timeout(900)
def test_twenty_kills_lose_nothing_and_work_goes_on_from_its_snapshot(tmp_path):
    report = kill_campaign.run(tmp_path, kills=20, seed=7)
    assert report["problems"] == []
    assert report["kills"] == 20
    assert report["hit_denoising"] >= 5
    assert report["resumed_from_a_step"] * 2 >= report["hit_denoising"]
    assert report["hit_changing_the_plan"] >= 2
    assert report["clips_with_another_plan"] >= 1
    assert set(report["by_aim"]) == {f"{victim}: {aim}" for victim, aim in kill_campaign.DECK}
