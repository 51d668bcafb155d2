"""The Qt application around the window: style, language, signals, and the question before taking over."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QCoreApplication, QEventLoop, QSocketNotifier, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QProgressDialog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.settings import Settings

T = TypeVar("T")

_LOOK_MS = 300
"""How often a library that another process holds is asked for again."""


class WindowApplication:
    """One QApplication and, once `show` was called, the main window."""

    def __init__(self, argv: Sequence[str]) -> None:
        existing = QApplication.instance()
        self.qt = existing if isinstance(existing, QApplication) else QApplication(list(argv))
        self.qt.setApplicationName("Wan Desktop")
        self.qt.setDesktopFileName("wan-desktop")

    def dress(self, settings: Settings, resources: Path) -> None:
        """Give dialogs that come before the window its look and language."""
        from wan_desktop.ui import i18n, theme

        theme.set_resources(resources)
        theme.apply(self.qt, settings.appearance)
        i18n.install(self.qt, settings.language, resources)

    def show(self, session: Session, resources: Path, state_file: Path) -> None:
        """Build and show the main window."""
        from wan_desktop.ui.main_window import MainWindow
        from wan_desktop.ui.window_state import WindowState

        self.window = MainWindow(session, resources, WindowState(state_file))
        self.window.show()

    def exec(self) -> int:
        """Run until the window is closed; Ctrl-C in a terminal and SIGTERM close it too."""
        reading, writing = socket.socketpair()
        for end in (reading, writing):
            end.setblocking(False)
        before = {
            number: signal.signal(number, lambda *_: self.window.end())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        old_fd = signal.set_wakeup_fd(writing.fileno())
        notifier = QSocketNotifier(reading.fileno(), QSocketNotifier.Type.Read)
        notifier.activated.connect(lambda *_: reading.recv(64))  # lets Python run its handlers
        try:
            return self.qt.exec()
        finally:
            notifier.setEnabled(False)
            signal.set_wakeup_fd(old_fd)
            for number, handler in before.items():
                signal.signal(number, handler)
            reading.close()
            writing.close()

    def ask_take_over(self) -> bool:
        """Whether to wait for the render without a window that holds the library, and then open."""
        box = QMessageBox()
        box.setIcon(QMessageBox.Icon.Information)
        box.setWindowTitle("Wan Desktop")
        box.setText(
            QCoreApplication.translate("application", "Wan Desktop is rendering here without a window.")
        )
        box.setInformativeText(
            QCoreApplication.translate(
                "application",
                "A render was started from a terminal. The window can open as soon as its clip is done.",
            )
        )
        wait = box.addButton(
            QCoreApplication.translate("application", "Open when it is done"),
            QMessageBox.ButtonRole.AcceptRole,
        )
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        return box.clickedButton() is wait

    def wait_for(self, attempt: Callable[[], T | None]) -> T | None:
        """Try `attempt` again and again until it gives something; None when the user gives up."""
        dialog = QProgressDialog(
            QCoreApplication.translate("application", "Waiting for the render to finish…"),
            QCoreApplication.translate("application", "Cancel"),
            0,
            0,
        )
        dialog.setWindowTitle("Wan Desktop")
        dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
        dialog.setMinimumDuration(0)
        found: list[T] = []
        loop, timer = QEventLoop(), QTimer()

        def look() -> None:
            result = attempt()
            if result is not None:
                found.append(result)
                loop.quit()

        timer.timeout.connect(look)
        dialog.canceled.connect(loop.quit)
        timer.start(_LOOK_MS)
        dialog.show()
        look()
        if not found:
            loop.exec()
        timer.stop()
        dialog.close()
        return found[0] if found else None
