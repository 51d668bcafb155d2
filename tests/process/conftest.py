"""A real render process around the scripted child, and a way to wait for its states."""

from __future__ import annotations

import threading

import pytest
from support import fake_child
from support.models import OneModel
from support.samples import FolderOfImages

from wan_desktop.process.patience import Limits
from wan_desktop.process.render_process import RenderProcess


class States:
    """Collects a backend's states and waits for one."""

    def __init__(self, backend):
        self.seen = []
        self._new = threading.Condition()
        self.stop = backend.subscribe(self._add)

    def _add(self, state):
        with self._new:
            self.seen.append(state)
            self._new.notify_all()

    @property
    def names(self):
        return [state.state for state in self.seen]

    def until(self, name, times=1):
        """The `times`-th state of that name."""
        self.wait(lambda: self.names.count(name) >= times)
        return [state for state in self.seen if state.state == name][times - 1]

    def wait(self, true):
        """Until `true()`."""
        with self._new:
            assert self._new.wait_for(true, timeout=30), self.seen


@pytest.fixture
def settings():
    """What the child is started with; tests change it."""
    return {}


@pytest.fixture
def limits():
    """How long the process may be silent; tests override it."""
    return Limits()


@pytest.fixture
def backend(settings, limits, tmp_path):
    made = RenderProcess(
        fake_child.main,
        lambda: dict(settings),
        models=OneModel(),
        images=FolderOfImages(tmp_path),
        limits=limits,
    )
    yield made
    made.close()


@pytest.fixture
def states(backend):
    return States(backend)
