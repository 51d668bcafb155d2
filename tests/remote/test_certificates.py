"""TLS on real sockets: what the system does not trust gets nothing, unless its owner trusts that one certificate."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.comfy_stub import ComfyStub
from support.scripted_backend import write_clip
from support.tls import self_signed

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.remote.book import Remote, RemoteBook
from wan_desktop.remote.checking import report_on


@pytest.fixture
def shown(tmp_path):
    """A ComfyUI with a certificate of its own, and that one's fingerprint."""
    context, fingerprint = self_signed(tmp_path / "server.pem")
    with ComfyStub(context) as running:
        yield running, fingerprint


def test_a_self_signed_one_gets_nothing_and_its_fingerprint_is_told(shown):
    stub, fingerprint = shown
    report, having = report_on(Remote("studio", stub.address, "secret"))
    assert having is None
    assert "self-signed" in report.problem.sentence
    assert "Settings" in report.problem.action
    assert report.certificate == fingerprint
    assert stub.asked == []  # the token stayed here


def test_the_one_that_is_trusted_is_used_for_everything(shown, elsewhere, tmp_path):
    stub, fingerprint = shown
    write_clip(tmp_path / "made.mp4", 128, 96, 9, 24)
    render = elsewhere.begin(stub.address, certificate=fingerprint)
    stub.until(lambda: stub.pending)
    stub.until(lambda: stub.sockets)
    stub.runs()
    stub.finish((tmp_path / "made.mp4").read_bytes())
    assert render.end().rendered


def test_another_one_in_its_place_gets_nothing(shown, tmp_path):
    stub, _ = shown
    _, other = self_signed(tmp_path / "other.pem")
    report, _ = report_on(Remote("studio", stub.address, "secret", certificate=other))
    assert "another certificate" in report.problem.sentence
    assert stub.asked == []


def test_http_where_https_is_meant_is_told(stub):
    report, _ = report_on(Remote("studio", stub.address.replace("http:", "https:")))
    assert "does not speak https" in report.problem.sentence
    assert report.certificate == ""


def test_fingerprints_are_kept_plain_and_odd_ones_refused(tmp_path):
    book = RemoteBook(tmp_path)
    typed = ":".join(["AB"] * 32)
    book.add("studio", "https://studio.example", certificate=typed)
    assert book.get("studio").certificate == "ab" * 32
    with pytest.raises(InvalidRequest) as refused:
        book.add("studio", "https://studio.example", certificate="abc")
    assert refused.value.field == "certificate"
    assert book.get("studio").certificate == "ab" * 32


def test_the_command_shows_it_and_takes_it(shown):
    stub, fingerprint = shown

    def wan(*args):
        command = [sys.executable, "-m", "wan_desktop", "remotes", *args]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    wan("add", "studio", stub.address)
    checked = wan("check", "studio")
    assert checked.returncode == 1
    assert fingerprint in checked.stdout
    wan("add", "studio", stub.address, "--certificate", fingerprint)
    again = wan("check", "studio", "--json")
    assert json.loads(again.stdout)[0]["ready"], again.stdout
