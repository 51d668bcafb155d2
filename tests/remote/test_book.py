"""The list of servers and their tokens."""

from __future__ import annotations

import json

import pytest

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.remote.book import FILE, RemoteBook, checked_url
from wan_desktop.remote.secrets import FILE as TOKENS


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("localhost:8188", "http://localhost:8188"),
        ("127.0.0.1:8188/", "http://127.0.0.1:8188"),
        ("http://[::1]:8188", "http://[::1]:8188"),
        (" HTTPS://Studio.Example/comfy/ ", "https://studio.example/comfy"),
    ],
)
def test_addresses_are_brought_into_one_form(typed, url):
    assert checked_url(typed) == url


def test_tokens_go_to_the_keyring_and_leave_with_the_server(tmp_path, safe_keyring):
    book = RemoteBook(tmp_path)
    _, kept = book.add("studio", "https://studio.example", "secret")
    assert kept == "keyring"
    assert not (tmp_path / TOKENS).exists()
    assert book.get("studio").token == "secret"
    assert "secret" not in repr(book.get("studio"))
    book.remove("studio")
    assert safe_keyring.kept == {}


def test_without_a_keyring_a_file_of_ones_own_keeps_them(tmp_path):
    book = RemoteBook(tmp_path)
    _, kept = book.add("studio", "https://studio.example", "secret")
    book.add("other", "https://other.example", "word")
    assert kept == "file"
    assert (tmp_path / TOKENS).stat().st_mode & 0o077 == 0
    book.add("studio", "https://studio.example")  # without a token now
    assert [remote.token for remote in book.all()] == ["", "word"]


@pytest.mark.parametrize("name", ["", "any", "two words", "a/b", "x" * 41, "-x"])
def test_odd_names_are_refused(tmp_path, name):
    with pytest.raises(InvalidRequest) as refused:
        RemoteBook(tmp_path).add(name, "https://studio.example")
    assert refused.value.field == "name"


def test_one_damaged_entry_takes_no_other_along(tmp_path):
    book = RemoteBook(tmp_path)
    book.add("studio", "https://studio.example")
    data = json.loads((tmp_path / FILE).read_text())
    data["remotes"] += [{"name": "bad", "url": "ftp://x"}, 7, {"name": "late", "url": "http://127.0.0.1:1"}]
    (tmp_path / FILE).write_text(json.dumps(data))
    assert book.names() == ["studio", "late"]
