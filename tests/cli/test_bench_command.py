"""`wan-desktop bench`: measured in a process of its own, told in a sentence, kept for the window."""

import json

import pytest

from wan_desktop import child
from wan_desktop.app import benchmark
from wan_desktop.cli import bench as command
from wan_desktop.cli.main import run
from wan_desktop.config.paths import find_paths
from wan_desktop.domain.benchmark import Benchmark
from wan_desktop.domain.errors import OutOfMemory

FOUND = {
    "device": "cuda:0",
    "device_name": "A card",
    "torch": "2.13.0",
    "linear": 0.0,
    "squared": 0.0,
    "transfer": 3.0,
    "decode": 0.0,
    "text": 6.0,
    "plan": "streamed",
    "scaled": False,
    "measured_at": 1.0,
}


def quick(conn, settings):
    """A measuring process that knows everything already."""
    conn.send(("step", "memory", 0, 2))
    conn.send(("step", "decoder", 1, 2))
    conn.send(("found", FOUND | {"device": settings["device"]}))


def refused(conn, settings):
    conn.send(("failed", OutOfMemory("The card is full.", action="Close other programs")))


def dies(conn, settings):
    conn.close()


def test_what_was_found_is_told_and_kept(monkeypatch, capsys):
    monkeypatch.setattr(child, "bench", quick)
    assert run(["bench", "--device", "cuda:0"]) == 0
    out, err = capsys.readouterr()
    assert out == "5 s at 720p will take about 5 min on A card, with the memory plan “streamed”.\n"
    assert err == "Looking at the memory (1/2)\nThe decoder (2/2)\n"
    assert benchmark.last(find_paths().data) == Benchmark(**FOUND)
    assert run(["bench", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clip_seconds"] == 306.0


@pytest.mark.parametrize(("process", "words"), [(refused, "The card is full"), (dies, "ended early")])
def test_what_goes_wrong_is_a_sentence(monkeypatch, capsys, process, words):
    monkeypatch.setattr(child, "bench", process)
    assert run(["bench"]) == 3
    assert words in capsys.readouterr().err
    assert benchmark.last(find_paths().data) is None


def test_a_file_that_cannot_be_read_is_no_measurement(tmp_path):
    (tmp_path / "benchmark.json").write_text('{"device": 1}')
    assert benchmark.last(tmp_path) is None


def test_a_processor_is_told_honestly():
    told = command.sentence(Benchmark(**FOUND | {"scaled": True, "transfer": 5000.0}))
    assert "Without a graphics card" in told
    assert "5.8 days" in told


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s"), (100, "100 s"), (500, "8 min"), (10_000, "2.8 hours"), (10**6, "12 days")],
)
def test_durations(seconds, words):
    assert command.duration(seconds) == words
