"""The tables of docs/performance.md are those of the stored results."""

import json
import shutil
import sys

import pytest

from benchmarks import card_tables


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Document and results to write to, as they are in the repository."""
    shutil.copytree(card_tables.RESULTS, tmp_path / "results")
    shutil.copyfile(card_tables.DOCUMENT, tmp_path / "performance.md")
    monkeypatch.setattr(card_tables, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(card_tables, "DOCUMENT", tmp_path / "performance.md")
    return tmp_path


def test_the_document_says_what_is_stored(elsewhere, monkeypatch):
    before = (elsewhere / "performance.md").read_text("utf-8")
    monkeypatch.setattr(sys, "argv", ["x"])
    card_tables.main()
    assert (elsewhere / "performance.md").read_text("utf-8") == before


def test_what_a_run_left_is_taken_in(elsewhere, monkeypatch):
    row = {
        "size": [832, 480, 25], "tokens": 2730, "forward_s": 0.05, "decode_s": 0.4, "clip_s": 6.6,
        "peak_gib": {"denoising": 10.0, "decoding": 3.0}, "foretold_gib": {"denoising": 9.5, "decoding": 3.1},
    }  # fmt: skip
    device = {"device_name": "A card"}
    left = {
        "device": device,
        "python": "3.12",
        "torch": "2.11",
        "text_s": 1.2,
        "rows": [row, {"size": [1, 2, 3]}],
    }
    (elsewhere / "out").mkdir()
    (elsewhere / "out" / "growth.json").write_text(json.dumps(left))
    (elsewhere / "out" / "bench.json").write_text("")  # it was ended before it had found anything
    bench_before = (elsewhere / "results" / "bench.json").exists()
    monkeypatch.setattr(sys, "argv", ["x", str(elsewhere / "out")])
    card_tables.main()
    text = (elsewhere / "performance.md").read_text("utf-8")
    assert "| 832×480 | 25 | 2730 | 0.050 s | 0.40 s | 7 s | 10.00 (9.50) GiB | 3.00 (3.10) GiB |" in text
    assert "| 1×2 | 3 |" in text
    assert "one A card" in text
    assert (elsewhere / "results" / "bench.json").exists() == bench_before
