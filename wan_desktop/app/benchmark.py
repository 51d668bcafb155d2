"""Measures this computer in a process of its own, and keeps what was found for the estimates in the window."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from wan_desktop.config.paths import find_paths, resources_dir
from wan_desktop.domain.benchmark import FILE, Benchmark
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, OutOfMemory, WanError
from wan_desktop.media.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGAIN = QT_TRANSLATE_NOOP("errors", "Close other programs that use the graphics card")


def measure(device: str, told: Callable[[str, int, int], None]) -> Benchmark:
    """Measure `device` ("auto", "cpu", "cuda:0"); `told` gets each step's name, its number and how many there are.

    What was found is kept. Raises WanError when it could not be measured or kept.
    """
    from wan_desktop import child
    from wan_desktop.process.child_process import ChildProcess

    paths = find_paths().create()
    settings = {"device": device, "log_dir": paths.logs, "resources_dir": resources_dir()}
    process = ChildProcess(child.bench, settings)
    found: Benchmark | None = None
    try:
        for message in process.messages():
            match message:
                case ("step", name, number, count):
                    told(str(name), int(number), int(count))
                case ("found", data):
                    found = Benchmark.from_json(data)
                case ("failed", error) if isinstance(error, WanError):
                    raise error
    finally:
        process.kill()
        process.reap()
    if found is None:
        raise OutOfMemory(
            QT_TRANSLATE_NOOP(
                "errors", "This computer could not be measured: the measuring process ended early."
            ),
            action=AGAIN,
        )
    write_atomically(paths.data / FILE, json.dumps(found.to_json()).encode())
    return found


def last(data: Path) -> Benchmark | None:
    """What was found last, as kept in the folder `data`; None when there is nothing that can be read."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        told: dict[str, Any] = json.loads((data / FILE).read_text(encoding="utf-8"))
        return Benchmark.from_json(told)
    return None
