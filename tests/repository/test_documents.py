"""What the documents say is so: files that they name exist, commands that they show are understood."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from wan_desktop.cli import output

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text("utf-8")
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
DECISIONS = sorted((REPOSITORY / "docs/decisions").glob("*.md"))
ROOTS = "wan_desktop|tests|training|benchmarks|docs|packaging|resources|\\.ci"


def commands(text: str) -> list[list[str]]:
    """The commands of the shell blocks, each split into words, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [
        shlex.split(line, comments=True) for block in blocks for line in block.splitlines() if line.strip()
    ]


def ours(text: str) -> list[list[str]]:
    """The arguments of every shown command that goes to wan-desktop."""
    shown = [line[1:] if line[0] == "wan-desktop" else line[2:] for line in commands(text) if is_ours(line)]
    return [arguments for arguments in shown if arguments and arguments[0] != "test"]


def is_ours(line: list[str]) -> bool:
    return line[0] == "wan-desktop" or line[:2] == ["python3", "launch.py"]


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "benchmarks/README.md", "packaging/README.md"]
)
def test_files_that_a_document_names_exist(document: str) -> None:
    text = (REPOSITORY / document).read_text("utf-8")
    named = set(re.findall(rf"`((?:{ROOTS})/[^`\s]*)`", text))
    linked = set(re.findall(r"\]\(([^)#:]+)\)", text))
    assert named or linked
    missing = [name for name in named if not (REPOSITORY / name.partition("<")[0]).parent.is_dir()]
    missing += [name for name in named if "<" not in name and not (REPOSITORY / name).exists()]
    missing += [link for link in linked if not ((REPOSITORY / document).parent / link).exists()]
    assert missing == []


def test_the_map_names_the_extension_points() -> None:
    rows = re.findall(r"^\| an? ([^|]+?) \|", CONTRIBUTING, re.MULTILINE)
    for thing in ("sampler", "export format", "panel", "model or weight format", "HTTP route", "translation"):
        assert thing in rows
    assert any(row.startswith("backend") for row in rows)


def test_every_layer_is_on_the_map() -> None:
    for path in (REPOSITORY / "wan_desktop").iterdir():
        if path.name not in ("__init__.py", "__pycache__", "py.typed"):
            assert f"`wan_desktop/{path.name}" in CONTRIBUTING, path.name


@pytest.mark.parametrize("arguments", ours(README), ids=" ".join)
def test_the_readmes_commands_are_understood(arguments: list[str]) -> None:
    command = [word for word in arguments[:2] if re.fullmatch("[a-z]+", word)]
    usage = subprocess.run(
        [sys.executable, "-m", "wan_desktop", *command, "--help"], capture_output=True, text=True, timeout=60
    )
    assert usage.returncode == 0, usage.stderr
    for word in arguments:
        if word.startswith("--"):
            assert re.search(rf"{word}\b", usage.stdout), f"{word} is not in {usage.stdout}"


def test_every_command_and_option_stands_in_the_readme() -> None:
    for command in ("", "render", "queue", "library", "serve", "doctor"):
        usage = subprocess.run(
            [sys.executable, "-m", "wan_desktop", *command.split(), "--help"], capture_output=True, text=True
        ).stdout
        for option in re.findall(r"--[a-z]+", usage):
            assert option in README or option == "--help", f"{command} {option}"
        for name in re.findall(r"^    ([a-z]+) ", usage, re.MULTILINE) if not command else ():
            assert f"wan-desktop {name}" in README, name


def test_the_exit_codes_are_those_of_the_program() -> None:
    told = {int(code): words for code, words in re.findall(r"^\| (\d+) \| (\w+)", README, re.MULTILINE)}
    codes = {output.DONE, output.RENDER_FAILED, output.BAD_INPUT, output.CANNOT_START, output.CANCELLED}
    assert set(told) == codes
    assert told[output.CANCELLED] == "cancelled"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    table = README.partition("## What it is built on")[2].partition("\n## ")[0].lower()
    for pin in project["dependencies"]:
        name, _, version = pin.partition("==")
        assert version, f"{pin} is not pinned exactly"
        assert (name.lower() in table) or name.startswith("PySide6-"), name


@pytest.mark.parametrize("record", DECISIONS, ids=lambda path: path.stem)
def test_decision_records_have_their_parts(record: Path) -> None:
    text = record.read_text("utf-8")
    assert re.match(rf"# {int(record.name[:4])}\. ", text)
    for part in ("Context", "Choice", "Measured", "Cost"):
        assert f"**{part}.**" in text


def test_the_licence_is_whole() -> None:
    licence = (REPOSITORY / "LICENSE").read_text("utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
