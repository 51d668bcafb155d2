"""The README's two pictures, from real renders of the built-in model: `python docs/pictures.py` (about two minutes).

The program as it is, on folders of its own; only the clicks are this script's.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.request import Draft
    from wan_desktop.ui.main_window import MainWindow

FOLDER = ROOT / "docs" / "images"
SIZE, SIDE = (1440, 900), 348
CLIPS = (
    ("a green heart drifting left over a white background", 4),
    ("an orange ball moving right over a purple background", 7),
    ("a yellow star moving up over a purple background", 4),
    ("a blue triangle moving left over a green background", 3),
    ("a white ring moving down over a blue background", 5),
    ("a red ball moving right over a blue background", 4),
)


def main() -> None:
    """Render the clips; the light picture shows the last one, the dark one the next render half-way."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("DATA", "CONFIG", "CACHE", "LOGS"):
            os.environ[f"WAN_DESKTOP_{kind}"] = str(Path(folder) / kind.lower())
        _take()


def _take() -> None:
    from screenshots import wait

    from wan_desktop.app.window import WINDOW_STATE, window_session
    from wan_desktop.config.paths import find_paths
    from wan_desktop.domain.request import Draft
    from wan_desktop.process.lock import take_library
    from wan_desktop.ui.application import WindowApplication

    paths = find_paths().create()
    lock = take_library(paths.data)
    assert lock is not None
    application = WindowApplication([])
    with window_session(paths, lock) as (session, thread, parts):
        application.show(session, parts.resources, paths.config / WINDOW_STATE)
        window = application.window
        window.resize(*SIZE)
        window.splitter.setSizes([SIDE, SIZE[0] - 2 * SIDE, SIDE])
        session.load()
        thread.start()
        for prompt, seed in CLIPS:
            _submit(window, Draft(prompt=prompt, seed=seed))
        wait(lambda: len(session.clips) == len(CLIPS), 900)
        _light(session, window)
        _dark(session, window, Draft(prompt=CLIPS[1][0], seed=12))
        window.end()


def _submit(window: MainWindow, draft: Draft) -> None:
    window.create_panel.fill(draft)
    window.create_panel.submit()


def _light(session: Session, window: MainWindow) -> None:
    from PySide6.QtTest import QTest

    session.change_settings(replace(session.settings, appearance="light"))
    window.side.show_tab("library")
    window.stage.show_clip(next(c for c in session.clips.values() if "red ball" in c.request["prompt"]))
    QTest.qWait(1500)
    window.grab().save(str(FOLDER / "window-light.png"))


def _dark(session: Session, window: MainWindow, draft: Draft) -> None:
    from PySide6.QtTest import QTest
    from screenshots import wait

    from wan_desktop.domain.job import Stage

    session.change_settings(replace(session.settings, appearance="dark"))
    window.side.show_tab("queue")
    _submit(window, draft)
    for prompt, seed in CLIPS[2:4]:
        _submit(window, replace(draft, prompt=prompt, seed=seed + 1))
    wait(lambda: session.running_job() is not None)
    window.stage.show_job(session.running_job())
    at = session.last_progress
    wait(lambda: any(p.stage is Stage.DENOISING and p.done == 16 for p in at.values()), 300)
    QTest.qWait(300)
    window.grab().save(str(FOLDER / "window-dark.png"))


if __name__ == "__main__":
    main()
