"""What every test shares: `support` is importable, no display is needed, nobody's own folders or keyring touched."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

sys.path.insert(0, str(Path(__file__).parent))

if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

os.environ["PYTHON_KEYRING_BACKEND"] = (
    "keyring.backends.fail.Keyring"  # for every process that a test starts, too
)


class PatientBot(QtBot):
    """Waits until a busy machine gets there, too: only what does not happen at all takes longer to tell."""

    def waitUntil(self, callback, *, timeout=60_000):
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal, *, timeout=60_000, **named):
        return super().waitSignal(signal, timeout=timeout, **named)

    def waitSignals(self, signals, *, timeout=60_000, **named):
        return super().waitSignals(signals, timeout=timeout, **named)


@pytest.fixture
def qtbot(qapp, request):
    """pytest-qt's own, with more patience."""
    return PatientBot(request)


@pytest.fixture
def safe_keyring():
    """There is a keyring while the test runs: in memory."""
    import keyring
    from support.keyrings import Safe

    before, safe = keyring.get_keyring(), Safe()
    keyring.set_keyring(safe)
    yield safe
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """Every test has its own data, settings, cache, log and library folders."""
    home = tmp_path_factory.mktemp("home")
    for kind in ("DATA", "CONFIG", "CACHE", "LOGS"):
        monkeypatch.setenv(f"WAN_DESKTOP_{kind}", str(home / kind.lower()))
    return home
