"""`wan-desktop remotes` and `render --on`, as real processes; the server is our own with a scripted backend."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wan_desktop.domain.job import Stage
from wan_desktop.media.clips import probe, read_recipe

SMALL = ["--size", "128x96", "--frames", "5", "--steps", "2", "--seed", "1", "--model", "demo"]


def command(*args):
    return [sys.executable, "-m", "wan_desktop", *args]


def environment():
    return os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def wan(*args, **options):
    return subprocess.run(
        command(*args), capture_output=True, text=True, timeout=120, env=environment(), **options
    )


def test_servers_are_added_listed_checked_and_removed(start, own_folders):
    served = start(token="correct horse".replace(" ", "-"))
    added = wan("remotes", "add", "studio", served.api.address, "--token", "-", input="correct-horse\n")
    assert added.returncode == 0, added.stderr
    assert "token kept in the file" in added.stdout
    assert not added.stderr
    secret = own_folders / "config" / "remote-tokens"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert "correct-horse" not in (own_folders / "config" / "remotes.json").read_text()
    listed = wan("remotes", "list", "--json")
    assert "correct-horse" not in listed.stdout
    (remote,) = json.loads(listed.stdout)
    assert remote == {"name": "studio", "url": served.api.address, "has_token": True, "encrypted": True}
    checked = wan("remotes", "check")
    assert checked.returncode == 1
    assert "wan2.2_ti2v_5B_fp16.safetensors; it has demo" in checked.stdout
    assert wan("remotes", "remove", "studio").returncode == 0
    assert json.loads(wan("remotes", "list", "--json").stdout) == []
    assert "correct-horse" not in secret.read_text()


@pytest.mark.parametrize(
    "url",
    ["studio", "ftp://studio", "https://me:secret@studio", "https://", "https://studio?x=1", "https://a b"],
)
def test_what_is_no_address_is_refused(url):
    refused = wan("remotes", "add", "studio", url)
    assert refused.returncode == 2
    assert "address" in refused.stderr
    assert "secret" not in refused.stderr


def test_plain_http_to_another_computer_is_warned_about():
    added = wan("remotes", "add", "studio", "http://192.168.1.20:8188")
    assert added.returncode == 0
    assert "not encrypted" in added.stderr


def test_a_clip_is_rendered_on_a_server_and_lies_in_the_library_here(start):
    served = start()
    wan("remotes", "add", "studio", served.api.address)
    done = wan("render", "a red ball", *SMALL, "--on", "studio", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    clip = json.loads(done.stdout.splitlines()[-1])
    assert probe(clip["path"]).num_frames == 5
    recipe = read_recipe(clip["path"])
    assert recipe["request"]["model"] == "on:studio/demo"
    assert recipe["made_by"]["remote"]["address"] == served.api.address
    (job,) = served.host.jobs().result()
    assert job.request.prompt == "a red ball"


def test_an_unknown_server_is_refused_before_anything_is_queued():
    refused = wan("render", "a red ball", "--on", "nowhere")
    assert refused.returncode == 2
    assert "nowhere" in refused.stderr
    assert json.loads(wan("queue", "list", "--json").stdout) == []


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_program_finds_its_job_again_and_nothing_is_rendered_twice(start, own_folders):
    served = start()
    served.backend.script("red", hold=Stage.DENOISING)
    wan("remotes", "add", "studio", served.api.address)
    args = ["render", "a red ball", *SMALL, "--on", "any", "--json"]
    first = subprocess.Popen(command(*args), stdout=subprocess.PIPE, text=True, env=environment())
    for line in first.stdout:
        if '"denoising"' in line:
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    assert list(Path(own_folders / "data" / "renders").glob("*/remote.json"))
    (job,) = json.loads(wan("queue", "list", "--json").stdout)
    assert job["state"] == "interrupted"
    assert wan("queue", "continue", job["id"]).returncode == 0
    served.backend.release()
    api = subprocess.Popen(
        command("serve", "--port", "0", "--json"), stdout=subprocess.PIPE, text=True, env=environment()
    )
    try:
        assert json.loads(api.stdout.readline())["event"] == "serving"
        for _ in range(200):
            (job,) = json.loads(wan("queue", "list", "--json").stdout)
            if job["state"] == "done":
                break
    finally:
        api.terminate()
        api.wait(30)
        api.stdout.close()
    assert job["state"] == "done", job
    assert len(served.backend.requests) == 1
