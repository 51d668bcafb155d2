"""A real window on a real host in a temporary folder, with a backend that follows a script."""

from __future__ import annotations

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from support.windows import RESOURCES, Desk

from wan_desktop.ui import i18n, theme


@pytest.fixture(autouse=True)
def dressed(qapp):
    """Every widget has a theme, English words, and no focus left over from another test."""
    theme.set_resources(RESOURCES)
    theme.apply(qapp, "dark")
    yield
    i18n.install(qapp, "en", RESOURCES)
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def closed_desk(qapp, tmp_path):
    """Everything for a window that is not open yet."""
    return Desk(tmp_path)


@pytest.fixture
def desk(closed_desk, qtbot):
    """An open window on the demo model, its draft and library loaded."""
    closed_desk.open()
    qtbot.waitExposed(closed_desk.window)
    yield closed_desk
    closed_desk.close()


@pytest.fixture
def window(desk):
    return desk.window


@pytest.fixture
def panel(window):
    return window.create_panel


@pytest.fixture
def picture(tmp_path):
    """Makes picture files: `picture("name.png", 640, 360)`."""

    def make(name: str = "harbour.png", width: int = 640, height: int = 360) -> str:
        path = tmp_path / name
        Image.new("RGB", (width, height), (200, 120, 60)).save(path)
        return str(path)

    return make


@pytest.fixture
def drop():
    """Drops something on a widget as the desktop does: `drop(widget, mime)`; whether it was taken."""

    def do(widget, mime: QMimeData) -> bool:
        where = QPointF(widget.rect().center())
        button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        entered = QDragEnterEvent(where.toPoint(), Qt.DropAction.CopyAction, mime, button, keys)
        entered.setAccepted(False)
        QApplication.sendEvent(widget, entered)
        if not entered.isAccepted():
            return False
        drop_event = QDropEvent(where, Qt.DropAction.CopyAction, mime, button, keys)
        drop_event.setAccepted(False)
        QApplication.sendEvent(widget, drop_event)
        return drop_event.isAccepted()

    return do


@pytest.fixture
def files():
    """What a file manager drops: `files(path, ...)`."""
    return file_urls


def file_urls(*paths: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path) for path in paths])
    return mime
