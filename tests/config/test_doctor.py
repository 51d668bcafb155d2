"""The doctor tells what is here and what is missing, without importing anything slow."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from wan_desktop.config import doctor, graphics, system_libraries
from wan_desktop.config.graphics import Card, Graphics, TorchBuild
from wan_desktop.config.paths import Paths

ROOT = Path(__file__).parents[2]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")

CARD = Card("NVIDIA GeForce RTX 4090", 24 * 2**30, 20 * 2**30, 8.9)
DRIVER = Graphics("580.65.06", "13.0", (CARD,))


@pytest.fixture
def paths(tmp_path):
    return Paths(*(tmp_path / name for name in ("data", "config", "cache", "logs")))


@pytest.fixture
def examine(paths, tmp_path):
    """The report, and its checks by name."""

    def run(environ=None):
        report = doctor.examine(paths, tmp_path / "library", environ or {"QT_QPA_PLATFORM": "offscreen"})
        return report, {check["name"]: check for check in report["checks"]}

    return run


def test_the_report_is_plain_data_with_the_facts(examine, tmp_path):
    report, checks = examine()
    assert json.loads(json.dumps(report)) == report
    assert report["python"] == ".".join(map(str, sys.version_info[:3]))
    assert report["packages"]["pillow"] == importlib.metadata.version("pillow")
    assert report["memory"]["total"] > 2**28
    assert report["folders"]["library"]["path"] == str(tmp_path / "library")
    assert report["folders"]["data"]["free"] > 0
    assert {"packages", "graphics card", "demo model", "library folder", "window"} <= set(checks)
    assert all(re.search(r"[.!]$", check["sentence"]) for check in report["checks"])
    assert report["ok"] is all(check["state"] != "missing" for check in report["checks"])


def test_the_levers_that_the_last_render_found_are_told(examine, paths):
    """As the engine wrote them down."""
    from wan_desktop.engine import levers

    assert "first render" in examine()[1]["speed"]["sentence"]
    levers.keep(paths.cache, "NVIDIA H100", levers.Levers(cudnn=True, eight_bits=True, compiler=True))
    told = examine()[1]["speed"]["sentence"]
    assert told == (
        "NVIDIA H100, on: cuDNN's attention, products of eight-bit numbers, PyTorch's compiler; "
        "off: GELU within matrix products, a decoder with channels last, its convolutions over pictures, "
        "its activations in one kernel, rounding to eight bits in one kernel, "
        "norms, gates and rotations in own kernels."
    )
    assert set(levers.NONE.told()) == set(doctor._LEVERS)
    (paths.cache / "levers.json").write_text("[]")
    assert "first render" in examine()[1]["speed"]["sentence"]


def test_looking_makes_no_folder(examine, tmp_path):
    examine()
    assert list(tmp_path.iterdir()) == []


def test_the_text_holds_every_check_and_puts_the_worst_last(examine, monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("pillow", "no-such-package"))
    report, _ = examine()
    text = doctor.as_text(report)
    assert all(check["sentence"] in text for check in report["checks"])
    assert text.splitlines()[-1].startswith("missing")
    assert text.splitlines()[0].startswith("Wan Desktop")


def test_neither_torch_nor_qt_is_imported(tmp_path):
    code = (
        "import sys; from wan_desktop.app import asked; asked.doctor();"
        "print([n for n in ('torch', 'PySide6', 'diffusers', 'numpy') if n in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_packages_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {line.partition("==")[0] for line in project["dependencies"]} == set(doctor.PACKAGES)


def test_a_missing_package_is_missing(examine, monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("pillow", "no-such-package"))
    report, checks = examine()
    assert checks["packages"]["state"] == "missing"
    assert "no-such-package" in checks["packages"]["sentence"]
    assert "launch.py" in checks["packages"]["sentence"]
    assert report["ok"] is False


def test_another_version_than_the_tested_one_needs_attention(examine, monkeypatch):
    here = importlib.metadata.version("pillow")
    monkeypatch.setattr(
        importlib.metadata, "requires", lambda name: ["pillow==0.0.1", 'x==1; extra == "test"']
    )
    _, checks = examine()
    assert checks["versions"]["state"] == "attention"
    assert f"pillow {here} instead of 0.0.1" in checks["versions"]["sentence"]


def test_a_local_tag_is_no_other_version(examine, monkeypatch):
    here = importlib.metadata.version("torch").partition("+")[0]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: [f"torch=={here}"])
    assert "versions" not in examine()[1]


# ---- the graphics card


@pytest.mark.parametrize(
    ("seen", "torch", "state", "words"),
    [
        (DRIVER, TorchBuild("2.13.0", "13.0"), "ok", r"RTX 4090 \(24 GB\)"),
        (Graphics(), TorchBuild("2.13.0+cpu", ""), "attention", "No NVIDIA driver"),
        (Graphics("580.65.06", "13.0"), TorchBuild("2.13.0", "13.0"), "attention", "finds no card"),
        (
            DRIVER,
            TorchBuild("2.13.0+cpu", ""),
            "attention",
            r"torch==2\.13\.0\+cu130 --index-url .*/whl/cu130$",
        ),
        (
            replace(DRIVER, cards=(replace(CARD, capability=6.1),)),
            TorchBuild("2.13.0+cpu", ""),
            "attention",
            "cu126$",
        ),
        (replace(DRIVER, driver_cuda="12.4"), TorchBuild("2.13.0", "13.0"), "attention", "too old .* update"),
        (replace(DRIVER, driver_cuda="13.0"), TorchBuild("2.13.0", "13.2"), "ok", "RTX 4090"),
    ],
)
def test_whether_clips_render_on_the_card(seen, torch, state, words):
    verdict, sentence = graphics.judge(seen, torch)
    assert verdict == state
    assert re.search(words, sentence)


def test_on_windows_the_launcher_mends_a_build_without_cuda(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert "launch.py" in graphics.judge(DRIVER, TorchBuild("2.13.0+cpu", ""))[1]


def test_the_installed_torch_is_read_from_its_files():
    build = graphics.torch_build()
    code = "import torch; print(torch.__version__, torch.version.cuda or '')"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip("\n")
    assert f"{build.version} {build.cuda}" == said


@pytest.mark.parametrize("line", ["cuda: Optional[str] = '13.0'", "cuda = '13.0'"])
def test_a_cuda_build_is_recognised(tmp_path, monkeypatch, line):
    (tmp_path / "version.py").write_text(f"__version__ = '2.13.0+cu130'\n{line}\nhip: Optional[str] = None\n")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(graphics.importlib.util, "find_spec", lambda name: spec)
    assert graphics.torch_build() == TorchBuild("2.13.0+cu130", "13.0")


def test_no_torch_at_all(examine, monkeypatch):
    monkeypatch.setattr(graphics.importlib.util, "find_spec", lambda name: None)
    report, checks = examine()
    assert report["torch"] is None
    assert "graphics card" not in checks
    assert "not installed" in doctor.as_text(report)


def test_cards_are_read_from_the_driver(monkeypatch):
    import pynvml

    answers = {
        "nvmlInit": None,
        "nvmlShutdown": None,
        "nvmlSystemGetDriverVersion": b"580.65.06",
        "nvmlSystemGetCudaDriverVersion_v2": 13000,
        "nvmlDeviceGetCount": 1,
        "nvmlDeviceGetHandleByIndex": object(),
        "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=24 * 2**30, free=20 * 2**30),
        "nvmlDeviceGetCudaComputeCapability": (8, 9),
        "nvmlDeviceGetName": "NVIDIA GeForce RTX 4090",
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, lambda *_, answer=answer: answer)
    assert graphics.look() == DRIVER

    def lost(*_):
        raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)

    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lost)
    assert graphics.look() == Graphics("580.65.06")


# ---- folders and window


def test_a_folder_that_cannot_be_written_to_is_missing(examine, paths):
    paths.data.write_text("a file where the folder should be")
    report, checks = examine()
    assert checks["data folder"]["state"] == "missing"
    assert str(paths.data) in checks["data folder"]["sentence"]
    assert report["ok"] is False


def test_little_space_needs_attention(examine, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: SimpleNamespace(free=2**29))
    _, checks = examine()
    assert checks["library folder"]["state"] == "attention"
    assert "0.5 GB" in checks["library folder"]["sentence"]


@linux
def test_no_display_needs_attention_and_names_the_way_out(examine):
    report, checks = examine({"PATH": os.environ["PATH"]})
    assert report["display"] == ""
    assert checks["window"]["state"] == "attention"
    assert "wan-desktop render" in checks["window"]["sentence"]


@linux
def test_a_missing_system_library_is_named_with_its_package(examine, monkeypatch):
    gone = system_libraries.SystemLibrary("libwan-none.so.9", "libwan-none9", "wan-none", "wan-none")
    monkeypatch.setattr(system_libraries, "OFFSCREEN", (gone,))
    _, checks = examine()
    assert checks["window"]["state"] == "missing"
    assert "libwan-none.so.9" in checks["window"]["sentence"]
