"""The benchmark of the full-size model, run whole on a small one: it must work at the first try on a card."""

import json
import os
import subprocess
import sys
from pathlib import Path

from wan_desktop.engine import fast

ROOT = Path(__file__).parents[2]
NOT_THERE = ("PySide6", "av", "aiohttp")
"""A machine that only measures has none of these."""


def test_the_same_code_runs_on_a_small_network(tmp_path):
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in NOT_THERE)
    code = f"import sys\n{blocked}from benchmarks import full_size\nfull_size.main()"
    arguments = ["--tiny", "--quick", "--clip", "--profile", "--json", str(tmp_path / "found.json")]
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert json.loads(ran.stdout.splitlines()[-1]) == found
    forward, decode = found["forward"], found["decode"]
    for kind in ("text", "image"):
        assert forward[f"{kind}: relative difference"] <= 1e-4
        assert 0 < forward[f"{kind}, fp8: relative difference to ours"] <= 0.1
        quick = fast.forwards(fast.TABLE)
        for way, forwards in (("exact", 100), ("fast", quick), ("fast + fp8", quick)):
            clip = found[f"whole clip, {kind}, {way}"]
            assert clip["forwards"] == forwards
            assert min(clip["stock"], clip["ours"]) > 0
            assert abs(clip["ratio"] - clip["stock"] / clip["ours"]) < 0.02 * clip["ratio"]
    assert decode["ours to stock float32, dB"] > 50
    assert min(found[f"real clip, {speed}"]["total"] for speed in ("exact", "fast")) > 0


def test_a_part_that_fails_is_told_and_the_rest_goes_on(tmp_path, capsys):
    from argparse import Namespace

    from benchmarks.full_size_bench import Bench

    bench = Bench(Namespace(device="cpu", tiny=True, json=str(tmp_path / "found.json")))
    bench.attempt("this", lambda: {}["that"])
    bench.attempt("other", lambda: bench.say("other", seconds=1.0))
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert "KeyError" in found["failed"]["this"]
    assert found["other"] == {"seconds": 1.0}
    assert "Traceback" in capsys.readouterr().err
