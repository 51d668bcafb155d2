"""A long job's end is told where it is seen; never a crash without a desktop."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget
from support.bench import Bench

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.events import JobChanged
from wan_desktop.domain.job import JobState
from wan_desktop.domain.settings import Settings
from wan_desktop.ui.notify import Notifier
from wan_desktop.ui.widgets.toast import Toast


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path, settings=Settings(notify_after_s=30))
    yield bench
    bench.close()


@pytest.fixture
def window(qtbot):
    window = QWidget()
    window.resize(600, 400)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def notifier(bench, window, monkeypatch):
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    return Notifier(bench.session, window)


def end(bench, state=JobState.DONE, seconds=45.0, **fields):
    job = bench.add_job("a red ball")
    job = replace(job, state=state, started_at=100.0, finished_at=100.0 + seconds, **fields)
    bench.session._on_event(JobChanged(job))
    return job


def toast(window):
    found = window.findChild(Toast, "toast")
    return found._label.text() if found is not None and found.isVisible() else None


@pytest.fixture
def alerts(monkeypatch):
    seen = []
    monkeypatch.setattr(QApplication, "alert", lambda window: seen.append(window))
    return seen


def test_without_a_tray_the_window_asks_for_attention(bench, window, notifier, alerts):
    end(bench)
    assert alerts == [window]
    assert toast(window) == "Your clip is done · 45 s · a red ball"


def test_a_failure_is_told_too(bench, window, notifier, alerts):
    end(bench, JobState.FAILED, error=DiskProblem("The disk is full.").to_json())
    assert toast(window) == "A render failed · a red ball"


def test_a_render_that_had_to_pause_is_told_once(bench, window, notifier, alerts):
    job = end(bench, JobState.PAUSED, 1.0, error=DiskProblem("The disk is full.").to_json())
    assert toast(window) == "A render had to pause · a red ball"
    bench.session._on_event(JobChanged(replace(job, state=JobState.QUEUED, error=None)))
    bench.session._on_event(JobChanged(job))
    assert alerts == [window]


@pytest.mark.parametrize(
    ("state", "seconds"), [(JobState.DONE, 29.0), (JobState.CANCELLED, 99.0), (JobState.PAUSED, 99.0)]
)
def test_short_and_unfinished_jobs_are_not_told(bench, window, notifier, alerts, state, seconds):
    end(bench, state, seconds)
    assert alerts == []
    assert toast(window) is None


def test_what_is_only_told_again_is_no_news(bench, window, notifier, alerts):
    job = end(bench)
    bench.session._on_event(JobChanged(replace(job, kept_latents=False)))  # what it kept was swept
    assert alerts == [window]


def test_who_looks_at_the_window_is_not_told(bench, window, notifier, alerts, monkeypatch):
    monkeypatch.setattr(window, "isActiveWindow", lambda: True)
    end(bench)
    assert alerts == []
    assert toast(window) is None


def test_the_setting_counts_as_it_is_now(bench, window, notifier, alerts):
    bench.session.change_settings(Settings(notify_after_s=60))
    end(bench)
    assert alerts == []


def test_with_a_tray_the_system_tells_it_and_a_click_raises_the_window(
    bench, window, notifier, alerts, monkeypatch, qtbot
):
    told = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)
    monkeypatch.setattr(
        QSystemTrayIcon, "showMessage", lambda _tray, title, text, _icon: told.append((title, text))
    )
    end(bench)
    end(bench, JobState.FAILED, error=DiskProblem("The disk is full.").to_json())
    assert told == [
        ("Your clip is done · 45 s", "a red ball"),
        ("A render failed", "a red ball\nThe disk is full."),
    ]
    assert alerts == []
    with qtbot.waitSignal(bench.session.raise_requested):
        notifier._tray.messageClicked.emit()
