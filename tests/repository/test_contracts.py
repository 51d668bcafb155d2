"""The import contracts hold, and each of them can fail: a fault planted in a copy of the package is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

FAULTS = {
    "one-way layers": ("wan_desktop/domain/sizes.py", "from wan_desktop.jobs import cancel"),
    "one-way layers: siblings": ("wan_desktop/encode/mp4.py", "import wan_desktop.library.folder"),
    "one-way layers: a stray package": ("wan_desktop/utils/__init__.py", ""),
    "torch only in the engine": ("wan_desktop/library/folder.py", "def _later():\n    import torch"),
    "torch only in the engine: through others": (
        "wan_desktop/ui/theme.py",
        "import wan_desktop.engine.loading",
    ),
    "Qt only in the window": ("wan_desktop/jobs/queue.py", "def _later():\n    import PySide6.QtCore"),
    "the command line": (
        "wan_desktop/cli/render.py",
        "def _later():\n    import wan_desktop.engine.renderer",
    ),
    "the host's composition root": (
        "wan_desktop/app/headless.py",
        "def _later():\n    import wan_desktop.engine.renderer",
    ),
    "no cycles": ("wan_desktop/domain/errors.py", "def _later():\n    import wan_desktop.domain.validate"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the checkout in `folder`, whose package goes before the installed one."""
    command = (
        "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    )
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(
        REPOSITORY / "wan_desktop", folder / "wan_desktop", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold(copy: Path) -> None:
    checked = lint_imports(copy)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 broken" in checked.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(copy: Path, fault: str) -> None:
    file, line = FAULTS[fault]
    path = copy / file
    before = path.read_text("utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{line}\n", "utf-8")
    try:
        checked = lint_imports(copy)
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before, "utf-8")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    broken = {row.removesuffix(" BROKEN") for row in checked.stdout.splitlines() if row.endswith(" BROKEN")}
    assert any(name.startswith(fault.partition(":")[0]) for name in broken), checked.stdout


def test_every_layer_is_either_allowed_torch_and_qt_or_forbidden_them() -> None:
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    by_name = {contract["name"]: contract for contract in contracts}
    layers = {part.strip() for row in by_name["one-way layers"]["layers"] for part in row.split("|")}
    for start, allowed in (
        ("torch only", {"engine", "child", "app", "cli", "__main__"}),
        ("Qt only", {"ui", "bridge", "app", "cli", "__main__"}),
    ):
        contract = next(contract for name, contract in by_name.items() if name.startswith(start))
        forbidden = {module.removeprefix("wan_desktop.") for module in contract["source_modules"]}
        assert forbidden == layers - allowed
