"""Qt calls must not eat references to None, True and False, as PySide6 6.12.0 does on Python 3.11."""

from __future__ import annotations

import subprocess
import sys

CALLS = """
from PySide6.QtCore import QObject, Signal
class Thing(QObject):
    said = Signal(object)
thing = Thing()
thing.said.connect(lambda value: None)
for _ in range(50_000):
    thing.setObjectName("x")
    thing.said.emit(None)
print("alive")
"""


def test_a_window_may_call_qt_as_often_as_it_likes():
    done = subprocess.run([sys.executable, "-c", CALLS], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
