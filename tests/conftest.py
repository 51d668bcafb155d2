"""What every test shares: helpers importable as `support`, no display needed, nobody's own folders touched."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """Every test has its own data, settings, cache, log and library folders."""
    home = tmp_path_factory.mktemp("home")
    for kind in ("DATA", "CONFIG", "CACHE", "LOGS"):
        monkeypatch.setenv(f"WAN_DESKTOP_{kind}", str(home / kind.lower()))
    return home
