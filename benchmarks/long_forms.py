"""The long forms of what the suite shows in short: two hundred kills, a soak, and a card that refuses memory.

    python -m benchmarks.long_forms

About half an hour on two cores, and two minutes more with a card. Each part goes on when another has failed, writes
its own result into `benchmarks/results/` and says what was wrong; this ends with code 1 when something was. The
card's part is left out, with a line, where there is no NVIDIA card.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = (("kill_campaign", "--kills", "200", "--seed", "8"), ("soak", "--jobs", "100"))
CARD = ("card_faults",)


def main() -> None:
    """Run the parts one after the other."""
    parts = [*PARTS, *([CARD] if shutil.which("nvidia-smi") else [])]
    if CARD not in parts:
        print("No NVIDIA card here: card_faults is left out.", flush=True)
    failed = [name for name, *arguments in parts if not _ends_well(name, arguments)]
    print(f"Not as it must be: {', '.join(failed)}." if failed else "Everything is as it must be.")
    sys.exit(1 if failed else 0)


def _ends_well(name: str, arguments: list[str]) -> bool:
    print(f"===== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=ROOT).returncode == 0


if __name__ == "__main__":
    main()
