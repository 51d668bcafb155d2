"""What people are told of precisions and speeds was measured, on this model and these tables."""

import json

import torch

from benchmarks import deviation
from benchmarks.fresh import RESULTS
from wan_desktop.domain.exactness import EXACT, PRECISIONS, SPEEDS, name_of, read_deviations
from wan_desktop.engine import fast

AGAIN = "measure again: python -m benchmarks.deviation"


def stored():
    return json.loads((RESULTS / "deviation.json").read_text(encoding="utf-8"))


def test_every_choice_was_measured_on_twenty_prompts():
    told = read_deviations(deviation.RESOURCE.parent)
    wanted = {name_of(precision, speed) for precision in PRECISIONS for speed in SPEEDS} - {EXACT}
    assert wanted <= told.keys(), AGAIN
    for name, found in told.items():
        values = stored()["rows"][name]["psnr"]
        assert len(values) == found.prompts == 20
        assert min(values) == found.worst_psnr < found.median_psnr


def test_it_was_measured_on_this_model_and_this_table():
    now = deviation.about(deviation.PROMPTS, stored()["frames"])
    assert stored()["model"] == now["model"] == json.loads(deviation.RESOURCE.read_text())["model"], AGAIN
    assert stored()["table"] == fast.TABLE, AGAIN


def test_rows_that_are_not_measured_again_stay(tmp_path):
    result, resource = tmp_path / "result.json", tmp_path / "told.json"
    row = {"median_psnr": 40.0, "worst_psnr": 30.0, "psnr": [30.0, 50.0]}
    found = {"model": "a", "prompts": 2, "rows": {"fp8": row, "fast": row}}
    deviation.write(found, result, resource)
    better = row | {"worst_psnr": 35.0}
    deviation.write(found | {"rows": {"fast": better}}, result, resource)
    told = json.loads(resource.read_text())["rows"]
    assert (told["fp8"]["worst_psnr"], told["fast"]["worst_psnr"]) == (30.0, 35.0)
    deviation.write(found | {"model": "b", "rows": {"fast": row}}, result, resource)
    assert json.loads(resource.read_text())["rows"].keys() == {"fast"}


def test_the_script_measures_each_way():
    """One prompt, five frames: each way draws, none is exact, and none is somewhere else."""
    threads = torch.get_num_threads()
    found = deviation.of_some(deviation.PROMPTS[:1], 5, tuple(deviation.WAYS))
    torch.set_num_threads(threads)
    assert found.keys() == deviation.WAYS.keys()
    assert all(10 < value < 90 for (value,) in found.values())
