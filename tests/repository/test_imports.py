"""What each process really imports, seen from inside: the static contracts cannot see what happens at run time."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "wan_desktop"
INITS = sorted(PACKAGE.rglob("__init__.py"))
TORCH = {"torch", "diffusers", "transformers", "accelerate"}
HEAVY = TORCH | {"PySide6", "numpy", "PIL", "av", "cv2", "sqlite3", "tokenizers", "safetensors", "asyncio"}


def modules_after(code: str, *arguments: str) -> set[str]:
    """The top-level names in sys.modules after a fresh interpreter has run `code`."""
    code += "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_window_never_imports_torch() -> None:
    everything = """
import importlib, pkgutil
for name in ("wan_desktop.ui", "wan_desktop.bridge"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
import wan_desktop.app.asked, wan_desktop.app.headless, wan_desktop.app.window, wan_desktop.child
"""
    imported = modules_after(everything)
    assert "PySide6" in imported
    assert not imported & TORCH


def test_the_host_imports_no_torch_while_it_renders() -> None:
    render = """
from wan_desktop.cli.main import run
assert run(["render", "a red ball", "--frames", "5", "--steps", "1"]) == 0
"""
    imported = modules_after(render)  # what the render process sends must not bring its modules along
    assert not imported & TORCH


def test_the_version_imports_nothing_heavy() -> None:
    version = """
from wan_desktop.__main__ import main
try:
    main()
except SystemExit as end:
    assert end.code in (0, None), end.code
"""
    assert not modules_after(version, "--version") & HEAVY


def test_the_render_process_is_spawned_light() -> None:
    assert not modules_after("import wan_desktop.child") & HEAVY


@pytest.mark.parametrize("init", INITS, ids=lambda path: str(path.relative_to(PACKAGE.parent)))
def test_packages_import_nothing(init: Path) -> None:
    found = [
        n for n in ast.walk(ast.parse(init.read_text("utf-8"))) if isinstance(n, ast.Import | ast.ImportFrom)
    ]
    assert [ast.unparse(node) for node in found] == []


BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "shiboken6"):
            raise ImportError(f"{name} is blocked in this test")

sys.meta_path.insert(0, Blocker())
"""


def test_render_needs_no_qt(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(BLOCKER)  # the render process, spawned, reads it too
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PACKAGE.parent}"}
    blocked = subprocess.run(
        [sys.executable, "-c", "import PySide6"], env=environ, capture_output=True, text=True
    )
    assert "is blocked in this test" in blocked.stderr
    clip = tmp_path / "clip.mp4"
    short = ["--frames", "5", "--steps", "2", "--out", str(clip)]
    done = subprocess.run(
        [sys.executable, "-m", "wan_desktop", "render", "a red ball over a blue background", *short],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert clip.stat().st_size > 1000
