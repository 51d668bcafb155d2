"""The driver of all benchmarks for a card: what fails or hangs keeps none of the others from running."""

import json
import sys

import pytest

from benchmarks import on_card
from benchmarks.on_card import Part

SLEEP = ("timeit", "-n1", "-r1", "-s", "import time", "time.sleep(60)")
PARTS = (
    Part("fails", ("json.tool", "/does/not/exist"), 1, 60, (), json=False),
    Part("hangs", SLEEP, 1, 1, (), json=False),
    Part("long", SLEEP, 1_000_000, 60, (), json=False),
    Part("prints", ("calendar", "2026"), 1, 60, (), json=False),
    Part("not asked for", SLEEP, 1, 60, (), json=False),
)


def test_every_part_is_told_and_none_stops_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(on_card, "PARTS", PARTS)
    names = [part.name for part in PARTS[:-1]]
    monkeypatch.setattr(
        sys, "argv", ["x", "--out", str(tmp_path / "out"), "--within", "300", "--only", *names]
    )
    with pytest.raises(SystemExit) as ended:
        on_card.main()
    assert ended.value.code == 1
    told = {row["part"]: row["ended"] for row in json.loads((tmp_path / "out" / "on_card.json").read_text())}
    assert list(told) == names
    assert told["fails"].startswith("with code")
    assert told["hangs"] == "its time was over"
    assert told["long"].startswith("left out")
    assert told["prints"] == "well"
    assert "February" in (tmp_path / "out" / "prints.json").read_text()
    assert "exist" in (tmp_path / "out" / "logs.txt").read_text()


def test_its_parts_are_commands_of_this_project():
    for part in on_card.PARTS:
        assert (on_card.ROOT / f"{part.command[0].replace('.', '/')}").with_suffix(".py").exists() or (
            on_card.ROOT / part.command[0] / "__main__.py"
        ).exists()
        assert part.seconds < part.limit


def test_growth_is_measured_for_every_size_and_length(tmp_path, monkeypatch):
    from benchmarks import growth

    seen = tmp_path / "seen.json"
    arguments = ["x", "--tiny", "--quick", "--folder", str(tmp_path / "weights"), "--json", str(seen)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        growth.main()
    assert ended.value.code == 0
    told = json.loads(seen.read_text())
    assert [row["size"] for row in told["rows"]] == [[64, 32, 5], [64, 32, 9], [96, 64, 5], [96, 64, 9]]
    for row in told["rows"]:
        assert row["clip_s"] == pytest.approx(
            told["text_s"] + 100 * row["forward_s"] + row["decode_s"], abs=0.06
        )
        assert set(row["foretold_gib"]) == {"encoding", "denoising", "decoding"}
    short, long = (row["decode_s"] for row in told["rows"][:2])
    assert 0 < short < long
