"""`wan-desktop render` as people and scripts use it: real processes, the built-in model, real files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest

from wan_desktop.config.paths import resources_dir
from wan_desktop.domain.exactness import read_deviations

SMALL = ["--size", "128x96", "--frames", "5", "--steps", "2", "--seed", "1"]


def wan(*args, **options):
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "wan_desktop", *args], capture_output=True, text=True, timeout=180, **options
    )


def started(*args):
    """The program, running, with its output readable line by line."""
    return subprocess.Popen(
        [sys.executable, "-m", "wan_desktop", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def frames_of(path):
    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


@pytest.fixture
def picture(tmp_path):
    from PIL import Image

    path = tmp_path / "it's a “start” 😀.png"
    Image.new("RGB", (320, 200), (200, 60, 40)).save(path)
    return path


def test_a_sentence_becomes_a_clip_in_the_library_and_a_copy(tmp_path):
    copy = tmp_path / "copy.mp4"
    done = wan("render", "a red ball", *SMALL, "--out", str(copy))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(copy)
    assert "Drawing" in done.stderr
    assert "\x1b" not in done.stderr
    assert len(frames_of(copy)) == 5
    listed = json.loads(wan("library", "list", "--json").stdout)
    assert [clip["recipe"]["request"]["prompt"] for clip in listed] == ["a red ball"]
    assert Path(listed[0]["path"]).read_bytes() == copy.read_bytes()
    (job,) = json.loads(wan("queue", "list", "--json").stdout)
    assert job["state"] == "done"


def test_json_events_tell_the_whole_story(picture):
    done = wan("render", "it moves right", *SMALL, "--image", str(picture), "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"] == "queued"
    assert events[-1]["event"] == "done"
    stages = [e["stage"] for e in events if e["event"] == "progress"]
    assert list(dict.fromkeys(stages)) == ["loading", "encoding", "denoising", "decoding", "saving"]
    assert len(frames_of(events[-1]["path"])) == 5


BAD = [
    (["render"], "prompt"),
    (["render", "x", "--steps", "many"], "steps"),
    (["render", "x", "--steps", "nan"], "steps"),
    (["render", "x", "--guidance", "inf"], "guidance"),
    (["render", "x", "--size", "128"], "size"),
    (["render", "x", "--size", "130x96"], "size"),
    (["render", "x", "--frames", "6"], "frames"),
    (["render", "x", "--image", "/no/such/picture.png"], "image"),
    (["render", "x", "--model", "/no/such/model"], "model"),
    (["render", "x", "--out", "/no/such/folder/clip.mp4"], "out"),
    (["render", "x", "--device", "gpu"], "device"),
    (["render", "x", "--device", "cuda:one"], "device"),
    (["bench", "--device", "gpu"], "device"),
    (["serve", "--device", ""], "device"),
]


@pytest.mark.parametrize(("args", "field"), BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(args, field):
    done = wan(*args, "--json")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (event,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (event["event"], event["field"]) == ("error", field)


def test_a_card_that_is_not_there_is_told_and_the_clip_is_made():
    done = wan("render", "a red ball", *SMALL, "--device", "cuda:31", "--json")
    assert done.returncode == 0, done.stderr
    notes = [json.loads(line) for line in done.stdout.splitlines() if '"note"' in line]
    assert [note["sentence"] for note in notes if "cuda:31" in note["sentence"]], done.stdout


def test_nothing_of_a_refused_render_is_queued():
    assert wan("render", "x", "--frames", "6").returncode == 2
    assert json.loads(wan("queue", "list", "--json").stdout) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_cancels_cleanly():
    render = started(
        "render", "a red ball", "--size", "256x256", "--frames", "49", "--steps", "200", "--json"
    )
    for line in render.stdout:
        if json.loads(line).get("stage") == "denoising":
            break
    render.send_signal(signal.SIGINT)
    rest, errors = render.communicate(timeout=60)
    assert render.returncode == 130, errors
    assert json.loads(rest.splitlines()[-1])["event"] == "cancelled"
    assert "Traceback" not in errors
    (job,) = json.loads(wan("queue", "list", "--json").stdout)
    assert job["state"] == "cancelled"
    assert json.loads(wan("library", "list", "--json").stdout) == []


def test_a_second_render_is_a_client_of_the_first():
    first = started("render", "first", "--size", "256x160", "--frames", "25", "--steps", "20", "--json")
    for line in first.stdout:
        if json.loads(line)["event"] == "queued":
            break
    second = wan("render", "second", *SMALL, "--json")
    assert second.returncode == 0, second.stderr
    first.communicate(timeout=120)
    assert first.returncode == 0
    listed = json.loads(wan("library", "list", "--json").stdout)
    assert sorted(clip["recipe"]["request"]["prompt"] for clip in listed) == ["first", "second"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are asked for on Linux")
def test_without_a_display_the_window_says_what_works_instead():
    without = {
        k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = wan(env=without)
    assert done.returncode == 3
    assert 'render "a red ball' in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_tells_how_far_from_exact_each_choice_was_measured():
    told = " ".join(wan("render", "--help").stdout.split())
    for name, found in read_deviations(resources_dir()).items():
        row = f"{name}: median {found.median_psnr:.0f} dB, lowest {found.worst_psnr:.0f} dB"
        assert (row in told) == (name != "bf16"), row  # what a card computes in counts as exact
    assert "says nothing about the 5 B" in told


def test_version_and_doctor():
    assert wan("--version").stdout.startswith("Wan Desktop ")
    report = wan("doctor")
    assert report.returncode == 0, report.stderr
    assert "PyTorch" in report.stdout
