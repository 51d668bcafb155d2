"""API servers that end with their test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.served import Served, serve

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch):
    """Nobody's real keyring is touched."""
    import keyring
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def start(tmp_path):
    """Makes servers; all end with the test."""
    started: list[Served] = []

    def make(folder: Path = tmp_path, **what: Any) -> Served:
        started.append(serve(folder, **what))
        return started[-1]

    yield make
    for served in started:
        served.close()


@pytest.fixture
def served(start):
    """One server."""
    return start()
