"""How far from exact a render is, as it is read and named."""

import json

import pytest

from wan_desktop.domain.exactness import Deviation, name_of, read_deviations


def test_what_was_measured_is_read(tmp_path):
    rows = {"fp8": {"median_psnr": 40.25, "worst_psnr": 31, "more": 1}}
    (tmp_path / "deviation.json").write_text(json.dumps({"prompts": 20, "rows": rows}))
    assert read_deviations(tmp_path) == {"fp8": Deviation(40.25, 31.0, 20)}


@pytest.mark.parametrize("text", ["", "[]", '{"rows": {}, "x"', '{"rows": {"fp8": 3}, "prompts": 20}'])
def test_without_a_file_that_can_be_read_nothing_is_said(tmp_path, text):
    assert read_deviations(tmp_path) == {}
    (tmp_path / "deviation.json").write_text(text)
    assert read_deviations(tmp_path) == {}


def test_names():
    assert [name_of(p, s) for p in ("exact", "fp8") for s in ("exact", "fast")] == [
        "exact",
        "fast",
        "fp8",
        "fast+fp8",
    ]
