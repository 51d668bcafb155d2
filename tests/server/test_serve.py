"""`wan-desktop serve` as people start it: a real process, the built-in model, a kill in the middle, a restart."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from support.serving import frames, serving
from support.workflows import template

SMALL = {"width": 128, "height": 96, "length": 13}


def fetched(client, prompt_id):
    video = client.history(prompt_id, seconds=120)["outputs"]["58"]["videos"][0]
    return client.get(f"/view?filename={video['filename']}").body


def test_a_clip_is_rendered_over_the_api_and_a_kill_loses_nothing() -> None:
    with serving() as (client, process):
        done = client.prompt(template("a red ball", n55=SMALL, n3={"steps": 4}))
        data = fetched(client, done)
        assert len(frames(data)) == 13
        slow = client.prompt(template("a blue ball", n55=SMALL, n3={"steps": 30}), prompt_id="my-own-id")
        waiting = client.prompt(template("a star", n55=SMALL, n3={"steps": 2}))
        client.until_running(slow)
        process.kill()
    with serving("--token", "secret") as (client, process):
        assert fetched(client, done) == data
        assert len(frames(fetched(client, "my-own-id"))) == 13
        assert len(frames(fetched(client, waiting))) == 13
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_library_in_use_and_a_wrong_port_are_told() -> None:
    def run(*more):
        return subprocess.run(
            [sys.executable, "-m", "wan_desktop", "serve", *more], capture_output=True, text=True, timeout=60
        )

    with serving():
        refused = run("--port", "0")
        assert refused.returncode == 3
        assert "Another Wan Desktop is running" in refused.stderr
    wrong = run("--port", "99999")
    assert (wrong.returncode, "99999 is no port" in wrong.stderr) == (2, True)
    nowhere = run("--port", "0", "--loras", "no/such/folder")
    assert (nowhere.returncode, "no folder “no/such/folder”" in nowhere.stderr) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_server_that_starts_to_listen_elsewhere_needs_a_token(monkeypatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with serving("--host", "0.0.0.0") as (client, _):
        client.host = "127.0.0.1"
        assert client.get("/queue").status == 200
        client.token = ""
        assert client.get("/queue").status == 401
