"""The window's view of the servers, on a real list and real sockets."""

from __future__ import annotations

import pytest
from support.comfy_stub import ComfyStub

from wan_desktop.bridge.servers import ServerShelf
from wan_desktop.remote.book import RemoteBook
from wan_desktop.remote.desk import ServerDesk


@pytest.fixture
def book(tmp_path):
    return RemoteBook(tmp_path)


@pytest.fixture
def shelf(qapp, book):
    shelf = ServerShelf(ServerDesk(book))
    yield shelf
    shelf.deleteLater()


def test_what_others_change_is_found_and_told(qtbot, book, shelf):
    with qtbot.waitSignal(shelf.changed):
        book.add("studio", "https://studio.example", "secret")
    assert shelf.names == ("studio",)
    qtbot.waitUntil(lambda: len(shelf.entries) == 1)
    (entry,) = shelf.entries
    assert (entry.token_kept, entry.encrypted) == ("file", True)
    assert "secret" not in repr(entry)


def test_a_server_is_asked_once_at_a_time_and_its_report_goes_with_it(qtbot, book, shelf):
    with ComfyStub() as stub:
        book.add("studio", stub.address)
        shelf.look()
        for _ in range(3):
            shelf.ask("studio")
        qtbot.waitUntil(lambda: "studio" in shelf.reports)
        assert [path for _, path in stub.asked].count("/system_stats") == 1
        assert shelf.reports["studio"].ready
        shelf.remove("studio")
        qtbot.waitUntil(lambda: shelf.names == ())
        assert shelf.reports == {}


def test_one_that_is_gone_when_it_is_asked_is_no_failure(qtbot, book, shelf):
    book.add("studio", "http://127.0.0.1:9")
    shelf.look()
    book.remove("studio")
    shelf.ask("studio")
    assert shelf.asking == {"studio"}
    qtbot.waitUntil(lambda: not shelf.asking)
    assert shelf.reports == {}


def test_what_is_refused_is_told_and_nothing_is_changed(qtbot, book, shelf):
    with qtbot.waitSignal(shelf.refused) as told:
        shelf.put("any", "https://studio.example", "", "")
    assert told.args[0].field == "name"
    assert book.names() == []


def test_a_changed_entry_has_to_be_asked_anew(qtbot, book, shelf):
    with ComfyStub() as stub:
        book.add("studio", stub.address)
        shelf.look()
        shelf.ask("studio")
        qtbot.waitUntil(lambda: "studio" in shelf.reports)
        book.add("studio", "http://127.0.0.1:9")
        qtbot.waitUntil(lambda: shelf.reports == {})
