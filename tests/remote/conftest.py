"""A remote for each test: our own API server with a scripted backend, or a server that misbehaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.comfy_stub import ComfyStub
from support.jobs_elsewhere import Elsewhere
from support.served import Served, serve

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_keyring():
    """Nobody's real keyring is touched."""
    import keyring
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def start(tmp_path):
    """Makes servers of ours; all end with the test."""
    started: list[Served] = []

    def make(name: str = "there", **what: Any) -> Served:
        folder: Path = tmp_path / name
        folder.mkdir(exist_ok=True)
        started.append(serve(folder, **what))
        return started[-1]

    yield make
    for served in started:
        served.close()


@pytest.fixture
def elsewhere(tmp_path):
    """What is needed to render jobs on a server, without a host."""
    return Elsewhere(tmp_path / "here")


@pytest.fixture
def stub():
    """A small ComfyUI that does what the test says."""
    with ComfyStub() as running:
        yield running
