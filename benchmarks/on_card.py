"""Everything that wants a card, in one go: each part a process of its own with a limit, none stops the next.

    python -m benchmarks.on_card --out DIR [--within SECONDS] [--only full_size bench ...]
    python -m benchmarks.on_card --out DIR --tiny       # the same on the processor, to try it

Parts come in the order of their worth. A part is left out when less than half of the time it needs is left, and
ended when its own is over: what it had found by then is in its JSON file all the same. In DIR: NAME.json, what a part
found; logs.txt, what all of them said; on_card.json, how each ended. Needs torch, diffusers and what loading needs;
neither Qt nor PyAV.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Part:
    """A command, `python -m` left out; about how many `seconds` it takes on an H200, and when it is ended.

    `json`: does it write its file itself? Else that is what it prints. `tiny`: its arguments on the processor.
    """

    name: str
    command: tuple[str, ...]
    seconds: int
    limit: int
    tiny: tuple[str, ...] = ("--tiny",)
    json: bool = True


PARTS = (
    Part("full_size", ("benchmarks.full_size", "--quick", "--profile", "--clip"), 270, 360),
    Part(
        "six_gib",
        ("benchmarks.memory_plans", "--quick", "--once", "--real", "--no-decoders", "--cards", "6"),
        150,
        220,
    ),
    Part("bench", ("wan_desktop", "bench", "--json"), 25, 90, ("--device", "cpu"), json=False),
    Part("growth", ("benchmarks.growth", "--quick"), 90, 200),
)


def main() -> None:
    """Run the parts; ends with code 1 when one of them did not end well."""
    arguments = _arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    began, told = time.monotonic(), []
    with (arguments.out / "logs.txt").open("ab") as log:
        for part in PARTS:
            if arguments.only and part.name not in arguments.only:
                continue
            left = arguments.within - (time.monotonic() - began)
            told.append(_run(part, arguments, left, log))
            print(f"[{time.monotonic() - began:5.0f} s] {json.dumps(told[-1])}", flush=True)
            (arguments.out / "on_card.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    sys.exit(0 if all(row["ended"] == "well" for row in told) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="a folder for what is found")
    parser.add_argument("--within", type=float, default=3600, help="seconds for everything")
    parser.add_argument("--only", nargs="*", choices=[part.name for part in PARTS], help="these parts alone")
    parser.add_argument("--tiny", action="store_true", help="small networks on the processor")
    return parser.parse_args()


def _run(part: Part, arguments: argparse.Namespace, left: float, log: IO[bytes]) -> dict[str, Any]:
    """Run one part if there is time for it; how it ended."""
    if left < part.seconds / 2:
        return {"part": part.name, "ended": f"left out: {left:.0f} s were left"}
    found = arguments.out / f"{part.name}.json"
    command = [sys.executable, "-u", "-m", *part.command]
    command += part.tiny if arguments.tiny else ()
    command += ["--json", str(found)] if part.json else ()
    log.write(f"\n===== {part.name}: {' '.join(command[1:])}\n".encode())
    log.flush()
    began = time.monotonic()
    with contextlib.ExitStack() as files:
        out = log if part.json else files.enter_context(found.open("wb"))
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=log, env=_environment(), start_new_session=True
        )
        try:
            code = process.wait(min(part.limit, left))
            ended = "well" if code == 0 else f"with code {code}"
        except subprocess.TimeoutExpired:
            ended = "its time was over"
        finally:
            with contextlib.suppress(ProcessLookupError):  # what it started too
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return {"part": part.name, "ended": ended, "seconds": round(time.monotonic() - began, 1)}


def _environment() -> dict[str, str]:
    """As the render process has it, and this tree before an installed one."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "OMP_WAIT_POLICY": "PASSIVE", "PYTHONUNBUFFERED": "1"}


if __name__ == "__main__":
    main()
