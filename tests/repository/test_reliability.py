"""The table of faults names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TABLE = (REPOSITORY / "docs/reliability.md").read_text("utf-8")


def names(file: Path) -> set[str]:
    """The tests of the file, as pytest names them."""
    found: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {prefix + each.name for each in inside if isinstance(each, ast.FunctionDef)}
    return found


def test_every_fault_has_a_test_and_every_test_is_there() -> None:
    rows = [
        line
        for line in TABLE.splitlines()
        if line.startswith("| ") and not line.startswith(("| Fault", "| ---"))  # the tables' heads
    ]
    assert len(rows) >= 25
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", row)
        assert named, f"no test: {row}"
        for file, name in named:
            assert name in names(REPOSITORY / file), f"{file}::{name}"


def test_files_that_the_page_names_exist() -> None:
    for file in re.findall(r"`(tests/[\w/]+\.py)", TABLE) + re.findall(r"\]\(\.\./([^)]+)\)", TABLE):
        assert (REPOSITORY / file).is_file(), file
    for module in re.findall(r"python -m (benchmarks\.\w+)", TABLE):
        assert (REPOSITORY / f"{module.replace('.', '/')}.py").is_file(), module
