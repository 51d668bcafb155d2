"""Brings the translations up to date with the code: `python resources/i18n/update.py`, then translate, then again.

It collects every marked string of the program into wan_desktop_zh_CN.ts (Qt Linguist opens it; so does any text
editor) and compiles that into the .qm file that the window loads. New strings stand there as unfinished.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parent.parent / "wan_desktop"
NAME = "wan_desktop_zh_CN"


def collect(ts: Path) -> None:
    """Merge every marked string of the program into `ts`; strings that are gone leave it."""
    files = sorted(str(path) for path in SOURCES.rglob("*.py"))
    _run("lupdate", *files, "-no-obsolete", "-locations", "none", "-target-language", "zh_CN", "-ts", str(ts))


def compile_qm(ts: Path, qm: Path) -> None:
    """Compile `ts` into what QTranslator reads."""
    _run("lrelease", str(ts), "-qm", str(qm))


def _run(tool: str, *arguments: str) -> None:
    beside = Path(sys.executable).parent / f"pyside6-{tool}"
    program = str(beside) if beside.exists() else shutil.which(f"pyside6-{tool}")
    if program is None:
        raise SystemExit(f"pyside6-{tool} is not installed: it comes with PySide6-Essentials")
    subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    collect(HERE / f"{NAME}.ts")
    compile_qm(HERE / f"{NAME}.ts", HERE / f"{NAME}.qm")
