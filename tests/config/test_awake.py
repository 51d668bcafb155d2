"""Keeping the computer awake never stands in a render's way."""

from __future__ import annotations

import contextlib

import pytest

from wan_desktop.config.awake import NOT_POSSIBLE, KeepAwake
from wan_desktop.domain.events import AwakeState


class Mode:
    """What wakepy gives."""

    def __init__(self, active, leave=None):
        self.active, self._leave = active, leave

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._leave:
            raise self._leave


@pytest.fixture
def system(monkeypatch):
    """Let the system answer with a mode, or raise."""

    def answer(mode):
        def running(**_):
            if isinstance(mode, Exception):
                raise mode
            return mode

        monkeypatch.setattr("wakepy.keep.running", running)

    return answer


def test_it_says_that_it_holds_the_computer_awake(system):
    system(Mode(True))
    with KeepAwake(lambda: True).hold() as state:
        assert state == AwakeState(True)


@pytest.mark.parametrize("mode", [Mode(False), OSError("no bus"), Mode(False, leave=RuntimeError("gone"))])
def test_a_system_that_refuses_is_told_and_no_error(system, mode):
    system(mode)
    with KeepAwake(lambda: True).hold() as state:
        assert state == AwakeState(False, NOT_POSSIBLE)


def test_a_service_that_dies_meanwhile_is_no_error(system):
    system(Mode(True, leave=OSError("the bus is gone")))
    with KeepAwake(lambda: True).hold() as state:
        assert state.on


def test_what_fails_inside_is_not_swallowed(system):
    system(Mode(True))
    with contextlib.suppress(KeyError), KeepAwake(lambda: True).hold():
        raise KeyError
    with pytest.raises(KeyError), KeepAwake(lambda: True).hold():
        raise KeyError


def test_who_does_not_want_it_asks_nobody(system):
    system(AssertionError("asked"))
    with KeepAwake(lambda: False).hold() as state:
        assert state is None


def test_the_real_system_answers_somehow():
    with KeepAwake(lambda: True).hold() as state:
        assert isinstance(state.on, bool)
