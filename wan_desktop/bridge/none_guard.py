"""Keeps `None` alive: PySide6 6.12.0 drops one reference to it per call that returns nothing.

From Python 3.12 on None is immortal and that does no harm; on 3.11 the interpreter aborts ("deallocating None")
after some thousand calls, which is seconds in a window. PySide6 6.11 has no such fault.
"""

from __future__ import annotations

import ctypes
import sys

PLENTY = 2**60
"""References lent to None: more than any window can lose."""


def keep_none_alive() -> None:
    """Lend None enough references for the life of the process; safe to call again. CPython, 64 bit."""
    if sys.version_info < (3, 12) and sys.maxsize > 2**32 and sys.getrefcount(None) < PLENTY // 2:
        ctypes.c_ssize_t.from_address(id(None)).value += PLENTY  # ob_refcnt is an object's first field
