"""What the window shows first loads nothing slow."""

from __future__ import annotations

import subprocess
import sys

PANELS = """
import sys
import wan_desktop.ui.notify
from wan_desktop.ui.panels import library, queue, stage
slow = ("PIL", "av", "numpy", "torch", "cv2")
print([m for m in sys.modules if m.split(".")[0] in slow or m == "PySide6.QtMultimedia"])
"""


def test_importing_the_panels_loads_no_player_and_no_decoder():
    done = subprocess.run([sys.executable, "-c", PANELS], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
