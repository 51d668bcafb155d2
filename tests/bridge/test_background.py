"""Work elsewhere, its outcome here."""

from __future__ import annotations

import threading

import pytest
import shiboken6
from PySide6.QtCore import QObject, QThreadPool

from wan_desktop.bridge.background import in_background
from wan_desktop.domain.errors import WanError


def test_work_runs_elsewhere_and_succeeds_here(qtbot):
    seen = []
    owner = QObject()
    in_background(
        owner, threading.get_ident, lambda there: seen.extend((there, threading.get_ident())), seen.append
    )
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen[0] != seen[1] == threading.get_ident()


def test_an_expected_error_goes_to_failure(qtbot):
    def work():
        raise WanError("No.")

    seen = []
    owner = QObject()
    in_background(owner, work, seen.append, lambda error: seen.append(error.sentence))
    qtbot.waitUntil(lambda: seen == ["No."])


def test_an_unexpected_error_is_raised_here(qtbot):
    owner = QObject()
    with qtbot.captureExceptions() as raised:
        in_background(owner, lambda: 1 / 0, print, print)
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError


@pytest.mark.parametrize("fails", [False, True])
def test_nobody_is_told_once_the_owner_is_gone(qtbot, fails):
    go, seen = threading.Event(), []

    def work():
        go.wait()
        if fails:
            raise WanError("No.")

    owner = QObject()
    in_background(owner, work, seen.append, seen.append)
    shiboken6.delete(owner)
    go.set()
    QThreadPool.globalInstance().waitForDone()
    after = QObject()
    in_background(after, lambda: "later", seen.append, seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == ["later"]
