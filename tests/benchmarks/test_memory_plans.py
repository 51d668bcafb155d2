"""The benchmark of memory plans runs from end to end, with a tiny model on the processor."""

import json
import sys

import pytest

from benchmarks import memory_plans, random_5b


def test_every_plan_and_cut_is_measured(tmp_path, monkeypatch, capsys):
    seen = tmp_path / "seen.json"
    arguments = [
        "x",
        "--tiny",
        "--folder",
        str(tmp_path / "weights"),
        "--json",
        str(seen),
        "--cards",
        "12",
        "6",
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(memory_plans, "CUTS", ((1, 1), (1, 2), (3, 3), (2, 1)))
    with pytest.raises(SystemExit) as ended:
        memory_plans.main()
    assert ended.value.code == 0
    told = json.loads(seen.read_text())
    assert [row["plan"] for row in told["cards"]] == ["streamed", "tiled"]
    assert len(told["uncapped"]) == 2
    for row in (*told["uncapped"], *told["cards"]):
        assert row["finite"]
        assert row["clip_s"] == pytest.approx(
            row["text_s"] + 100 * row["forward_s"] + row["decode_s"], abs=0.02
        )
        assert all(row["foretold_gib"][stage] > 0 for stage in ("encoding", "denoising", "decoding"))
    assert all(row["psnr_to_first_db"] > 60 for row in told["cards"])
    assert all(row["ratios"]["clip_s"] > 0 for row in told["cards"])
    assert [row["cut"] for row in told["decoders"]] == [[1, 1], [1, 2], [2, 1]]
    assert len(capsys.readouterr().out.splitlines()) == 9


def test_weights_are_random_and_written_once(tmp_path):
    from safetensors.torch import load_file

    first = random_5b.random_model(tmp_path, tiny=True)
    file = tmp_path / "transformer.safetensors"
    weights = load_file(file)["blocks.0.ffn.net.0.proj.weight"].float()
    assert 0.015 < float(weights.std()) < 0.025
    before = file.stat().st_mtime_ns
    assert random_5b.random_model(tmp_path, tiny=True) == first
    assert file.stat().st_mtime_ns == before
