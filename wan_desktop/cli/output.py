"""Exit codes, and JSON for programs."""

from __future__ import annotations

import json
from typing import Any

DONE, RENDER_FAILED, BAD_INPUT, CANNOT_START, CANCELLED = 0, 1, 2, 3, 130
"""Exit codes: done; the render failed; bad input, nothing was queued; cannot start; cancelled by Ctrl-C."""
FAILED = RENDER_FAILED

EXIT_CODES = "exit codes: 0 done, 1 the render failed, 2 bad input, 3 cannot start, 130 cancelled"


def line(**values: Any) -> None:
    """One JSON object on a line of its own, at once."""
    print(json.dumps(values, ensure_ascii=False), flush=True)


def print_json(data: Any) -> int:
    """JSON for a person's eyes too; the exit code."""
    print(json.dumps(data, ensure_ascii=False, indent=2))
    return DONE
