"""`wan-desktop bench`: how long this computer will take for a clip of the 5 B, before the model is there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from wan_desktop.cli.devices import device
from wan_desktop.cli.output import DONE, print_json

if TYPE_CHECKING:
    import argparse

    from wan_desktop.domain.benchmark import Benchmark

_WORDS = {
    "memory": "Looking at the memory",
    "transfer": "The way to the card",
    "transformer": "A block of the transformer",
    "attention": "Attention",
    "decoder": "The decoder",
}
CLIP, FORWARDS = (1280, 704, 121), 100
"""Five seconds at 720p, with the official recipe of 50 guided steps."""


def bench_parser(commands: Any) -> None:
    """Add the command `bench` to the program's commands."""
    bench = commands.add_parser("bench", help="measure how long clips will take here, before any download")
    bench.add_argument("--device", metavar="NAME", default="auto", help="auto, cpu, cuda or cuda:N")
    bench.add_argument("--json", action="store_true", help="print JSON")
    bench.set_defaults(run=_bench)


def _bench(args: argparse.Namespace) -> int:
    from wan_desktop.app import benchmark

    bar = sys.stderr.isatty()
    found = benchmark.measure(device(args.device) or "auto", _Teller(bar=bar))
    if bar:
        sys.stderr.write("\r\x1b[K")
    if args.json:
        return print_json(found.to_json() | {"clip_seconds": found.seconds(*CLIP, FORWARDS)})
    print(sentence(found))
    return DONE


class _Teller:
    """A bar on a terminal, a line a step in a pipe, both on standard error."""

    def __init__(self, *, bar: bool) -> None:
        self._bar = bar

    def __call__(self, name: str, number: int, count: int) -> None:
        words = _WORDS.get(name, name)
        if not self._bar:
            print(f"{words} ({number + 1}/{count})", file=sys.stderr, flush=True)
            return
        filled = round(30 * number / count)
        sys.stderr.write(f"\r\x1b[K[{'█' * filled}{'·' * (30 - filled)}] {words}")
        sys.stderr.flush()


def sentence(found: Benchmark) -> str:
    """What a person wants to know of `found`."""
    time = duration(found.seconds(*CLIP, FORWARDS))
    if found.scaled:
        return (
            f"Without a graphics card that can be used, 5 s at 720p will take about {time} on {found.device_name}: "
            "scaled up from a small part by the number of operations."
        )
    return f"5 s at 720p will take about {time} on {found.device_name}, with the memory plan “{found.plan}”."


def duration(seconds: float) -> str:
    """About how long, in the unit that a person would use."""
    for unit, size in (("days", 86400), ("hours", 3600), ("min", 60)):
        if seconds >= 2 * size:
            count = seconds / size
            return f"{count:.1f} {unit}" if count < 10 and unit != "min" else f"{count:.0f} {unit}"
    return f"{max(1, round(seconds))} s"
