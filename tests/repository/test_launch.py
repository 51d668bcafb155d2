"""launch.py, in a small checkout of its own: it really makes the environment, installs and runs; no network."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "wan-desktop"
version = "0"
dependencies = ["torch==0.1"]

[project.optional-dependencies]
test = ["pytest==0.1"]
"""

BACKEND = """
import pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "wan_desktop-0-py3-none-any.whl"
    info = "wan_desktop-0.dist-info/"
    metadata = "Metadata-Version: 2.1\\nName: wan-desktop\\nVersion: 0\\nRequires-Dist: torch==0.1\\n"
    metadata += "Provides-Extra: test\\nRequires-Dist: pytest==0.1; extra == 'test'\\n"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as wheel:
        wheel.writestr("_wan_desktop.pth", str(pathlib.Path.cwd()))
        wheel.writestr(info + "METADATA", metadata)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""

PROGRAM = """
import os, signal, sys, time, torch
print("program", sys.argv[1:], os.getcwd(), flush=True)
if sys.argv[1:] == ["wait"]:
    signal.signal(signal.SIGINT, lambda *_: sys.exit(44))
    print("waiting", flush=True)
    time.sleep(60)
sys.exit(7)
"""


def load_launch():
    spec = importlib.util.spec_from_file_location("launch", REPOSITORY / "launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def add_wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    info = f"{name}-0.1.dist-info/"
    with zipfile.ZipFile(folder / f"{name}-0.1-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(info + "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        wheel.writestr(
            info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(info + "RECORD", "")


class Checkout:
    """A folder with launch.py, a program of three lines, and a shelf of wheels in place of the internet."""

    def __init__(self, root: Path, wheels: Path) -> None:
        self.root = root
        package = root / "wan_desktop"
        (package / "config").mkdir(parents=True)
        wheels.mkdir()
        shutil.copy(REPOSITORY / "launch.py", root)
        shutil.copy(REPOSITORY / "wan_desktop/config/system_libraries.py", package / "config")
        (package / "__init__.py").write_text("")
        (package / "config/__init__.py").write_text("")
        (package / "__main__.py").write_text(PROGRAM)
        (root / "backend.py").write_text(BACKEND)
        (root / "pyproject.toml").write_text(PYPROJECT)
        add_wheel(wheels, "torch", {"torch.py": "real = True\n"})
        runner = "import sys, os; print('tests', sys.argv[1:], os.getcwd())"
        add_wheel(wheels, "pytest", {"pytest/__init__.py": "", "pytest/__main__.py": runner})
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "QT_", "PYTHON"))}
        self.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels), PIP_CONFIG_FILE=os.devnull)
        self.environ["PATH"] = os.defpath

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "launch.py"), *arguments]

    def launch(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root.parent,
            env={**self.environ, **more},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=200,
        )

    @property
    def stamp(self) -> Path:
        return self.root / ".venv/installed.json"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    folder = tmp_path_factory.mktemp("somewhere")
    checkout = Checkout(folder / "Wan's ünï 猫", folder / "wheels")
    first = checkout.launch("render", "a red ball", "--steps", "4")
    assert first.returncode == 7, first.stderr
    assert first.stdout.splitlines()[:3] == [
        "Making the environment…",
        "Installing PyTorch (once; 200 MB, with CUDA up to 3 GB)…",
        "Installing Wan Desktop and its other libraries (once; about 400 MB)…",
    ]
    assert f"program ['render', 'a red ball', '--steps', '4'] {folder}" in first.stdout
    return checkout


def test_the_second_start_installs_nothing_and_passes_everything_on(checkout: Checkout) -> None:
    before = checkout.stamp.stat().st_mtime_ns
    second = checkout.launch("render", "--out", "a b.mp4")
    assert (second.returncode, second.stderr) == (7, "")
    assert second.stdout == f"program ['render', '--out', 'a b.mp4'] {checkout.root.parent}\n"
    assert checkout.stamp.stat().st_mtime_ns == before


def test_a_file_named_torch_in_the_users_folder_is_not_run(checkout: Checkout) -> None:
    (checkout.root.parent / "torch.py").write_text("raise SystemExit('the wrong torch')")
    assert checkout.launch("doctor").returncode == 7


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_reaches_the_program(checkout: Checkout) -> None:
    process = subprocess.Popen(
        checkout.command("wait"), env=checkout.environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert "waiting\n" in [process.stdout.readline(), process.stdout.readline()]
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 44
    process.stdout.close()


def test_a_changed_pyproject_installs_again(checkout: Checkout) -> None:
    (checkout.root / "pyproject.toml").write_text(PYPROJECT + "# changed\n")
    changed = checkout.launch("doctor")
    assert changed.returncode == 7
    assert "Making the environment" not in changed.stdout
    assert "Installing Wan Desktop" in changed.stdout
    assert "Installing" not in checkout.launch("doctor").stdout


def test_test_adds_the_test_extra_and_runs_the_tests_in_the_checkout(checkout: Checkout) -> None:
    json.loads(checkout.stamp.read_text())  # there is an environment without the extra
    tested = checkout.launch("test", "tests/domain", "-x")
    assert tested.returncode in (0, 3), tested.stderr
    if tested.returncode == 3:
        assert "system libraries" in tested.stderr  # said rightly on a computer without them
        pytest.skip("the system libraries of the window are missing here")
    assert f"tests ['tests/domain', '-x'] {checkout.root}" in tested.stdout
    assert json.loads(checkout.stamp.read_text())["extras"] == ["test"]
    (checkout.root / "pyproject.toml").write_text(PYPROJECT + "# changed again\n")
    checkout.launch("doctor")
    assert json.loads(checkout.stamp.read_text())["extras"] == ["test"], "a later install keeps the extra"


def test_an_install_that_was_cut_off_starts_from_nothing(checkout: Checkout) -> None:
    checkout.stamp.write_text('{"state": "installing"}')
    (checkout.root / ".venv/left-behind").touch()
    again = checkout.launch("doctor")
    assert again.returncode == 7
    assert "Making the environment" in again.stdout
    assert not (checkout.root / ".venv/left-behind").exists()


def test_a_folder_that_moved_gets_a_new_environment(checkout: Checkout) -> None:
    stamp = json.loads(checkout.stamp.read_text())
    checkout.stamp.write_text(json.dumps({**stamp, "root": "/elsewhere"}))
    moved = checkout.launch("doctor")
    assert moved.returncode == 7
    assert "Making the environment" in moved.stdout


def test_what_pip_cannot_get_is_a_sentence_and_leaves_a_way_on(checkout: Checkout) -> None:
    (checkout.root / "pyproject.toml").write_text(PYPROJECT.replace("torch==0.1", "torch==9"))
    failed = checkout.launch("doctor")
    assert failed.returncode == 3
    assert failed.stderr.startswith("Wan Desktop cannot start. Installing PyTorch")
    assert "could not be reached" in failed.stderr
    assert "Traceback" not in failed.stderr
    (checkout.root / "pyproject.toml").write_text(PYPROJECT)
    assert checkout.launch("doctor").returncode == 7


# ---- without an environment


def test_an_old_python_can_read_it() -> None:
    for file in ("launch.py", "wan_desktop/config/system_libraries.py", "wan_desktop/config/__init__.py"):
        ast.parse((REPOSITORY / file).read_text("utf-8"), feature_version=(3, 7))


def test_an_old_python_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    launch = load_launch()
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setenv("PATH", "")
    assert launch.main(["doctor"]) == 3
    assert "needs a 64-bit Python 3.11 to 3.14" in capsys.readouterr().err


def test_only_the_window_and_the_tests_need_system_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    launch = load_launch()
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)

    def names(*arguments: str) -> set[str]:
        return {library.soname for library in launch.needed_libraries(list(arguments))}

    assert names("render", "x") == names("--version") == names() == set()
    assert "libEGL.so.1" in names("test")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert {"libEGL.so.1", "libwayland-client.so.0"} <= names()
    monkeypatch.setenv("DISPLAY", ":0")
    assert {"libEGL.so.1", "libxcb-cursor.so.0"} <= names()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert names() == names("test") == set()


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("apt-get", "sudo apt-get install libegl1 libxcb-cursor0"),
        ("dnf", "sudo dnf install libglvnd-egl xcb-util-cursor"),
        ("pacman", "sudo pacman -S --needed libglvnd xcb-util-cursor"),
    ],
)
def test_missing_system_libraries_are_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tool: str, command: str
) -> None:
    launch = load_launch()
    rows = launch.system_libraries.OFFSCREEN[1:2] + launch.system_libraries.X11[:1]
    monkeypatch.setattr(launch.system_libraries, "_loads", lambda _: False)
    monkeypatch.setattr(launch, "is_apt_root", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: name if name == tool else None)
    with pytest.raises(launch.CannotStart) as said:
        launch.ensure_libraries(rows)
    assert command in str(said.value)
    assert "libEGL.so.1, libxcb-cursor.so.0" in str(said.value)
    assert "launch.py render" in str(said.value)


def test_root_on_debian_gets_the_missing_ones_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    launch = load_launch()
    here: set[str] = set()
    monkeypatch.setattr(launch.system_libraries, "_loads", here.__contains__)
    monkeypatch.setattr(launch, "is_apt_root", lambda: True)
    calls = []

    def call(command, what):
        calls.append(command[1])
        if command[1] == "install" and calls.count("install") == 1:
            return "E: Unable to locate package libegl1"  # as on a machine that never asked for the lists
        here.update(library.soname for library in launch.system_libraries.OFFSCREEN)
        return ""

    monkeypatch.setattr(launch, "call", call)
    launch.ensure_libraries(launch.system_libraries.OFFSCREEN)
    assert calls == ["install", "update", "install"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("Max retries exceeded ... NameResolutionError", "needs the internet"),
        ("ERROR: No matching distribution found for torch", "nothing for this computer"),
        ("something new", "The last words were:\n  something new"),
    ],
)
def test_a_failure_becomes_a_sentence(said: str, sentence: str) -> None:
    assert sentence in load_launch().reason_of(said)


@pytest.mark.parametrize(
    ("answer", "build"), [("8.9\n", "cu130"), ("6.1\n", "cu126"), ("6.1\n12.0\n", "cu130"), ("", "cu130")]
)
def test_windows_with_an_nvidia_card_gets_a_cuda_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, build: str
) -> None:
    launch = load_launch()
    asked = []
    monkeypatch.setattr(launch, "has_nvidia_on_windows", lambda: True)
    monkeypatch.setattr(launch, "pip", lambda venv, arguments, what: asked.append(arguments))
    answered = subprocess.CompletedProcess([], 0, stdout=answer)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answered)
    launch.install(tmp_path, [])
    pins = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    torch = next(pin for pin in pins if pin.startswith("torch=="))
    assert asked[0] == [f"{torch}+{build}", "--index-url", f"https://download.pytorch.org/whl/{build}"]
    assert asked[1] == ["-e", str(REPOSITORY)]


def test_a_read_only_checkout_keeps_its_environment_in_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    launch = load_launch()
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    assert launch.environment_folder() == tmp_path / ".venv"
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    name = hashlib.sha256(str(tmp_path).encode()).hexdigest()[:8]
    assert launch.environment_folder() == tmp_path / "cache/wan-desktop" / f"environment-{name}"
