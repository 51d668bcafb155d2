"""`python -m wan_desktop`, and what the console scripts call."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from multiprocessing import freeze_support

    freeze_support()  # a frozen render process starts here too and must go no further
    from wan_desktop.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
