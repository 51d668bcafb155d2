"""A card that gets too small while a clip is made, and a card that is given back. Prints and writes what was seen.

    python -m benchmarks.card_faults [--json FILE] [--folder DIR]
    python -m benchmarks.card_faults --tiny     # the same course on the processor; refusals are thrown in

The program's own host, runner and render process render with random weights of the 5 B's width (8 of 30 blocks, a
small decoder, 3 GB) and with the built-in model. Each plan is seen undisturbed first; its peaks then say which
caps of PyTorch's allocator run out in drawing and in developing. In one run another process has taken the card, so
that the driver itself refuses. Used memory is asked of the driver, from outside. Frames stay raw: no PyAV is needed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.card_course import Course
from benchmarks.card_host import CardHost, Vram
from wan_desktop.domain.errors import WanError

if TYPE_CHECKING:
    from collections.abc import Callable

CONTRAST = {"vae": 0.06}
"""With smaller numbers its frames would be grey, and grey frames are always alike."""
RESOURCES = Path(__file__).resolve().parents[1] / "resources"


def main() -> None:
    """Run everything; ends with code 1 when something is not as it must be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/card_faults.json"))
    parser.add_argument("--folder", type=Path, default=Path("build") / "random-small", help="for the weights")
    parser.add_argument("--tiny", action="store_true", help="on the processor, in a minute")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the render process does
    with tempfile.TemporaryDirectory(prefix="wan-desktop-card-") as folder:
        seen = run(Path(folder), arguments.folder, arguments.json, tiny=arguments.tiny, say=_say)
        if seen["problems"]:
            _say(_last_words(Path(folder)))
    print("\n".join(seen["problems"]) or "everything as it must be")
    sys.exit(1 if seen["problems"] else 0)


def run(folder: Path, weights: Path, file: Path, *, tiny: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything in `folder`; what was seen, which `file` has after each part.

    `problems` are sentences on what is not as it must be.
    """
    from benchmarks import loading_memory, random_5b
    from benchmarks.engine_cuda_check import _model

    began = time.monotonic()
    sizes = random_5b.TINY if tiny else _configs(loading_memory.FULL, loading_memory.SMALL)
    large, demo = random_5b.random_of(weights, sizes, CONTRAST), _model(RESOURCES / "models" / "demo")
    vram = Vram(card=not tiny)
    before = vram.used()
    host = CardHost(folder, "cpu" if tiny else "auto", RESOURCES, large, replace(demo, presets=large.presets))
    course = Course(host, vram, large.id, tiny=tiny)
    seen: dict[str, Any] = {"before_mib": before, "tiny": tiny, "problems": course.problems}
    try:
        for name, part in course.parts():
            try:
                seen[name] = part()
            except (
                WanError,
                RuntimeError,
                OSError,
                LookupError,
            ) as error:  # the other parts are worth as much
                course.must(False, f"{name}: {type(error).__name__}: {error}")
            say(f"[{time.monotonic() - began:6.1f} s] {name}: {json.dumps(seen.get(name))}")
            write(file, seen)
    finally:
        host.close()
    seen |= {"after_the_end": course.gone(), "device": host.device}
    seen["seconds"] = round(time.monotonic() - began)
    write(file, seen)
    return seen


def write(file: Path, seen: dict[str, Any]) -> None:
    """Write what was seen."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(seen, indent=1) + "\n", "utf-8")


def _configs(full: dict[str, Any], small: dict[str, Any]) -> dict[str, Any]:
    """The 5 B's width in a few blocks; its decoder narrow, as a processor develops frames too."""
    return {
        "transformer": full["transformer"] | {"num_layers": 8, "text_dim": 512},
        "vae": small["vae"],
        "text_encoder": small["text_encoder"],
    }


def _say(line: str) -> None:
    print(line, flush=True)


def _last_words(folder: Path) -> str:
    """The end of what the render process has logged."""
    logs = [file.read_text("utf-8", "replace") for file in sorted((folder / "logs").glob("*.log"))]
    return "\n".join("\n".join(log.splitlines()[-40:]) for log in logs)


if __name__ == "__main__":
    main()
