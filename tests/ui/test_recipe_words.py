"""What made a clip, in words, whoever made it and in whichever version."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

from wan_desktop.ui import recipe_words, theme

HERE = {
    "app": "0.1.0",
    "torch": "2.13.0+cpu",
    "diffusers": "0.36.0",
    "device": "cuda:0",
    "device_name": "NVIDIA RTX 4090",
    "dtype": "bfloat16",
    "model_fingerprint": "abc123",
    "plan": "tiled",
    "seconds": {"loading": 0.0, "encoding": 0.42, "denoising": 31.26, "decoding": 4.0},
    "peak_memory": 6_420_000_000,
    "resumed_step": 12,
    "levers": ["cudnn", "channels_last"],
    "new_thing": 5,
}
THERE = {
    "device": "cuda:0 NVIDIA H100 : cudaMallocAsync",
    "remote": {
        "server": "studio",
        "address": "https://studio",
        "comfyui": "0.3.75",
        "torch": "2.9",
        "model": "x",
    },
    "came_as": "vp9",
    "seconds": {"total": 200.4, "waiting": 65.2},
}
CHANGES = {
    "sampler": {"ours": "dpm++", "theirs": "dpmpp_2m/simple"},
    "speed": {"ours": "fast", "theirs": "exact"},
    "precision": {"ours": "fp8", "theirs": ""},
    "seed": {"ours": "7", "theirs": ""},
}
OLD = {
    "sampler": "dpm++ → dpmpp_2m/simple",
    "speed": "fast → exact",
    "precision": "fp8 → the server's own",
    "seed": "7: ComfyUI draws other noise from it",
}


def rows(made):
    return dict(recipe_words.made_by({"made_by": made}))


def test_a_clip_of_this_computer_is_told_in_words():
    assert rows(HERE) == {
        "Device": "NVIDIA RTX 4090",
        "Software": "Wan Desktop 0.1.0 · PyTorch 2.13.0+cpu · Diffusers 0.36.0",
        "Numbers": "bfloat16",
        "Memory plan": "Blocks come and go, frames in tiles",
        "Peak memory": "6.42 GB",
        "Sped up by": "cudnn, channels_last",
        "Time": "Reading the prompt 0.4 s · Drawing 31.3 s · Developing frames 4.0 s",
        "Went on": "after step 12",
        "Model's hash": "abc123",
        "New thing": "5",
    }


@pytest.mark.parametrize("told", [{"changes": CHANGES}, OLD], ids=["now", "before"])
def test_a_clip_of_a_server_says_what_was_otherwise(told):
    found = rows({**THERE, "remote": THERE["remote"] | told})
    assert found == {
        "Device": "NVIDIA H100",
        "Software": "ComfyUI 0.3.75 · PyTorch 2.9",
        "Otherwise there": "Sampler: dpmpp_2m/simple instead of dpm++\nSpeed: Exact instead of Fast\n"
        "Precision: its own instead of Eight bits (fp8)\nThe seed gives another clip there than here",
        "Sent as": "VP9",
        "Time": "3 min 20 s, of which it waited 1 min 5 s",
    }


def test_another_wan_desktop_is_named():
    remote = {"comfyui": "0.3.75", "wan_desktop": "0.2.0", "changes": {}}
    assert rows({"remote": remote}) == {"Software": "Wan Desktop 0.2.0"}


@pytest.mark.parametrize(
    "made", [None, {}, [], {"remote": 5, "seconds": None, "peak_memory": None, "levers": None}]
)
def test_what_a_foreign_file_holds_breaks_nothing(made):
    assert recipe_words.made_by({"made_by": made}) == []


def test_in_chinese_nothing_stays_english(qapp):
    translator = QTranslator()
    assert translator.load(str(theme.resources() / "i18n" / "wan_desktop_zh_CN.qm"))
    english = rows(HERE | THERE | {"remote": THERE["remote"] | {"changes": CHANGES}})
    QCoreApplication.installTranslator(translator)
    try:
        chinese = rows(HERE | THERE | {"remote": THERE["remote"] | {"changes": CHANGES}})
    finally:
        QCoreApplication.removeTranslator(translator)
    assert not set(english) & set(chinese) - {"New thing"}
    for word in ("instead", "seed", "waited", "Blocks", "step", "Fast", "Exact"):
        assert not any(word in text for text in chinese.values()), word
