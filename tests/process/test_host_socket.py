"""Clients and host over a real socket, with a real host behind it."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import pytest
from support import client_script, host_script
from support.hosts import make_host
from support.models import OneModel
from support.scripted_backend import ScriptedBackend

from wan_desktop.domain.errors import HostProblem, InvalidRequest
from wan_desktop.domain.events import ClipAdded, JobChanged, Pausing, Preview, Progress, QueueState
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.runner import Runner
from wan_desktop.process import host_address
from wan_desktop.process.host_client import HostClient
from wan_desktop.process.host_session import MAX_REQUEST, Doors
from wan_desktop.process.host_socket import HostSocket
from wan_desktop.process.lock import take_library

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, modes and AF_UNIX")


@pytest.fixture
def backend():
    return ScriptedBackend()


@pytest.fixture
def host(tmp_path, backend):
    made = make_host(tmp_path, backend, OneModel())
    yield made
    made.close()


@pytest.fixture
def raised():
    return []


@pytest.fixture
def server(host, tmp_path, raised):
    made = HostSocket(host, tmp_path, Doors("window", raise_window=raised.append))
    yield made
    made.close()


@pytest.fixture
def connect(server, tmp_path):
    """Make a client of the host."""
    clients = []

    def make():
        clients.append(HostClient.connect(tmp_path))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def running(host):
    """The host's runner works in a thread."""
    runner = Runner(host)
    thread = threading.Thread(target=runner.run)
    thread.start()
    yield
    for job in host.jobs().result():
        host.cancel(job.id).result()
    runner.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()


class Heard:
    """A client's events, and a way to wait for one."""

    def __init__(self, client, **how):
        self.events = []
        self._new = threading.Condition()
        client.subscribe(self._add, **how)

    def _add(self, event):
        with self._new:
            self.events.append(event)
            self._new.notify_all()

    def until(self, wanted):
        with self._new:
            assert self._new.wait_for(lambda: any(wanted(e) for e in self.events), timeout=30), self.events
        return next(e for e in self.events if wanted(e))

    def state(self, job_id, state):
        return self.until(
            lambda e: isinstance(e, JobChanged) and (e.job.id, e.job.state) == (job_id, state)
        ).job


def draft(prompt="a red ball", **values):
    return Draft(prompt=prompt, num_frames=5, num_inference_steps=2, **values)


def raw(tmp_path, server):
    """An authenticated connection below the client's language."""
    return Client(server.address, authkey=(tmp_path / "host.key").read_bytes())


# ---- the conversation


def test_a_client_learns_who_the_host_is(connect):
    client = connect()
    assert (client.kind, client.pid, client.can_be_taken_over) == ("window", os.getpid(), False)


def test_a_job_submitted_by_a_client_becomes_a_clip_and_it_hears_of_every_step(connect, running):
    client = connect()
    heard = Heard(client)
    job = client.submit(draft(seed=3)).result(30)
    assert (job.state, job.request.seed) == (JobState.QUEUED, 3)
    done = heard.state(job.id, JobState.DONE)
    clip = heard.until(lambda e: isinstance(e, ClipAdded)).clip
    assert clip.id == done.clip_id
    assert Path(clip.path).is_file()
    assert Progress(job.id, Stage.DENOISING, 2, 2) in heard.events
    assert not any(isinstance(e, Preview) for e in heard.events)
    assert client.clips().result(30) == [clip]
    assert client.clips(deleted=True).result(30) == []
    assert client.jobs().result(30) == [done]


def test_previews_come_when_asked_for(connect, running):
    client = connect()
    heard = Heard(client, previews=True)
    client.submit(draft()).result(30)
    assert heard.until(lambda e: isinstance(e, Preview)).frames[0].width == 64


def test_several_clients_at_once_all_see_everything(connect):
    clients = [connect() for _ in range(4)]
    heard = [Heard(client) for client in clients]
    jobs = [f.result(30) for f in [client.submit(draft(f"number {n}")) for n, client in enumerate(clients)]]
    for each in heard:
        for job in jobs:
            each.state(job.id, JobState.QUEUED)
    assert len({job.id for job in jobs}) == 4


def test_cancel_and_retry(connect, backend, running):
    backend.script("slow", hold=Stage.DENOISING)
    client = connect()
    heard = Heard(client)
    job = client.submit(draft("slow")).result(30)
    heard.state(job.id, JobState.RUNNING)
    client.cancel(job.id).result(30)
    heard.state(job.id, JobState.CANCELLED)
    backend.release()
    assert client.retry(job.id).result(30).state is JobState.QUEUED
    heard.state(job.id, JobState.DONE)


def test_a_refused_draft_is_told_with_its_field(connect):
    client = connect()
    with pytest.raises(InvalidRequest, match="1 to 200") as refused:
        client.submit(Draft(prompt="x", num_inference_steps=999)).result(30)
    assert refused.value.field == "steps"
    with pytest.raises(InvalidRequest):
        client.cancel("nothing").result(30)


def test_any_text_passes(connect):
    prompt = "猫 \n \"quotes\" 🙂\u200d🔥 'x'"
    assert connect().submit(draft(prompt)).result(30).request.prompt == prompt


def test_the_window_is_raised_with_a_file(connect, raised):
    client = connect()
    client.raise_window().result(30)
    client.raise_window("/a b/猫.mp4").result(30)
    assert raised == [None, "/a b/猫.mp4"]
    with pytest.raises(HostProblem, match="open in a window"):
        client.take_over().result(30)


def test_a_headless_host_says_so_and_can_be_taken_over(host, tmp_path):
    taken = threading.Event()
    server = HostSocket(host, tmp_path, Doors("headless", take_over=taken.set))
    client = HostClient.connect(tmp_path)
    assert (client.kind, client.can_be_taken_over) == ("headless", True)
    with pytest.raises(HostProblem, match="without a window"):
        client.raise_window().result(30)
    client.take_over().result(30)
    assert taken.is_set()
    server.close()
    client.lost.result(30)
    with pytest.raises(HostProblem, match="has ended"):
        client.jobs().result(30)


def test_a_listener_that_left_hears_nothing(connect):
    client, events = connect(), []
    client.subscribe(events.append)()
    heard = Heard(client)
    job = client.submit(draft()).result(30)
    heard.state(job.id, JobState.QUEUED)
    assert not [e for e in events if isinstance(e, JobChanged)]  # the first states may have been under way


def test_a_client_pauses_and_continues_jobs_and_the_queue(connect, running, backend):
    backend.script("slow", hold=Stage.DENOISING)
    client = connect()
    heard = Heard(client)
    job = client.submit(draft("slow")).result(30)
    heard.until(lambda e: isinstance(e, Progress) and e.stage is Stage.DENOISING)
    assert client.pause(job.id).result(30).state is JobState.RUNNING
    assert heard.state(job.id, JobState.PAUSED).kept_step == 1
    heard.until(lambda e: e == Pausing(job.id))
    assert client.pause_queue(after_current=True).result(30) == QueueState(True, True)
    assert client.resume(job.id).result(30).state is JobState.QUEUED
    assert client.resume_queue().result(30) == QueueState(False)
    heard.until(lambda e: e == QueueState(True, True))
    assert heard.state(job.id, JobState.DONE).kept_latents


def test_a_client_decodes_again_and_removes(connect, running):
    client = connect()
    heard = Heard(client)
    job = client.submit(draft()).result(30)
    heard.state(job.id, JobState.DONE)
    again = client.decode_again(job.id, plan=2).result(30)
    assert (again.latents_of, again.plan) == (job.id, 2)
    heard.state(again.id, JobState.DONE)
    assert client.remove(job.id).result(30) is None
    assert [j.id for j in client.jobs().result(30)] == [again.id]
    with pytest.raises(InvalidRequest, match="no job"):
        client.decode_again(job.id).result(30)


# ---- finding the host


@posix
def test_only_the_user_can_find_the_host_and_nothing_is_left_behind(host, tmp_path):
    server = HostSocket(host, tmp_path, Doors("window"))
    for name in ("host.json", "host.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    told = json.loads((tmp_path / "host.json").read_text())
    assert (told["pid"], told["kind"]) == (os.getpid(), "window")
    address = Path(told["address"])
    assert len(os.fsencode(address)) <= 100
    assert address.parent.stat().st_mode & 0o777 == 0o700
    server.close()
    server.close()
    assert not address.parent.exists()
    assert not list(tmp_path.glob("host.*"))


@posix
def test_a_long_runtime_folder_is_not_used(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    address = host_address.new_address()
    assert not address.startswith(str(long))
    assert len(os.fsencode(address)) <= 100
    Path(address).parent.rmdir()


def test_nobody_there_is_told(tmp_path):
    with pytest.raises(HostProblem, match="does not answer"):
        HostClient.connect(tmp_path, seconds=0.2)


def test_a_host_that_starts_late_is_waited_for(host, tmp_path):
    servers = []
    timer = threading.Timer(0.3, lambda: servers.append(HostSocket(host, tmp_path, Doors("window"))))
    timer.start()
    client = HostClient.connect(tmp_path, seconds=30)
    timer.join()
    client.close()
    servers[0].close()


def test_another_protocol_is_told_with_its_version(server, tmp_path):
    told = json.loads((tmp_path / "host.json").read_text())
    (tmp_path / "host.json").write_text(json.dumps(told | {"protocol": 99, "version": "9.9"}))
    with pytest.raises(HostProblem, match=r"Version 9\.9"):
        HostClient.connect(tmp_path)


# ---- what must not hurt the host


def test_a_wrong_key_is_refused(server, connect):
    with pytest.raises(AuthenticationError):
        Client(server.address, authkey=b"wrong")
    assert connect().jobs().result(30) == []


@posix
def test_a_client_that_says_nothing_holds_up_nobody(server, connect):
    silent = socket.socket(socket.AF_UNIX)
    silent.connect(server.address)
    assert connect().jobs().result(30) == []
    silent.close()


@pytest.mark.parametrize(
    "message",
    [b"", b"\xff\xfe", b"{", b"[]", b'{"id": 1}', b'{"verb": 5}', b"[" * 100_000, b"\x80\x04K\x01."],
)
def test_a_malformed_message_ends_its_own_conversation_only(server, connect, tmp_path, message):
    other = connect()
    conn = raw(tmp_path, server)
    conn.send_bytes(message)
    answer = json.loads(conn.recv_bytes())
    assert answer["error"]["code"] == "host"
    with pytest.raises((EOFError, OSError)):
        conn.recv_bytes()
    conn.close()
    assert other.jobs().result(30) == []


@posix
def test_an_oversized_message_is_refused_before_it_is_read(server, connect, tmp_path):
    conn = raw(tmp_path, server)
    os.write(conn.fileno(), struct.pack("!i", MAX_REQUEST + 1))  # the header alone
    assert "4 MB" in json.loads(conn.recv_bytes())["error"]["values"]["why"]
    with pytest.raises((EOFError, OSError)):
        conn.recv_bytes()
    conn.close()
    assert connect().jobs().result(30) == []


def test_a_prompt_too_large_to_send_is_told_by_the_client_itself(connect):
    client = connect()
    with pytest.raises(InvalidRequest, match="too much text"):
        client.submit(draft("x" * MAX_REQUEST)).result(30)
    assert client.jobs().result(30) == []


@pytest.mark.parametrize(
    "request_",
    [
        {"verb": "format_disk"},
        {"verb": "cancel"},
        {"verb": "submit"},
        {"verb": "submit", "draft": 5},
        {"verb": "submit", "draft": {"prompt": 5}},
        {"verb": "submit", "draft": {"prompt": "x", "num_inference_steps": "many"}},
        {"verb": "submit", "draft": {"prompt": "x", "image": ["y"]}},
        {"verb": "cancel", "job_id": {"a": 1}},
    ],
    ids=str,
)
def test_a_senseless_request_gets_an_error_and_the_conversation_goes_on(server, tmp_path, request_):
    conn = raw(tmp_path, server)
    conn.send_bytes(json.dumps({"id": 7} | request_).encode())
    answer = json.loads(conn.recv_bytes())
    assert answer["id"] == 7
    assert answer["error"]["template"]
    conn.send_bytes(b'{"id": 8, "verb": "jobs"}')
    assert json.loads(conn.recv_bytes()) == {"id": 8, "ok": []}
    conn.close()


# ---- programs that end without a word


@pytest.fixture
def program(tmp_path):
    """Start a script of tests/support on the data folder."""
    tests = Path(__file__).parents[1]
    started = []

    def start(script):
        made = subprocess.Popen(
            [sys.executable, "-P", script.__file__, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
        )
        started.append(made)
        return made

    yield start
    for each in started:
        each.kill()
        each.communicate()


def test_a_killed_client_takes_only_its_own_job_along(program, connect, backend, running):
    backend.script("slow", hold=Stage.DENOISING)
    watcher = connect()
    heard = Heard(watcher)
    client = program(client_script)
    mine, other = client.stdout.readline().split()
    heard.state(mine, JobState.RUNNING)
    client.kill()
    heard.state(mine, JobState.CANCELLED)
    assert heard.state(other, JobState.RUNNING)
    states = {job.id: job.state for job in watcher.jobs().result(30)}
    assert states == {mine: JobState.CANCELLED, other: JobState.RUNNING}


@posix
def test_a_killed_host_is_noticed_and_the_next_one_starts_at_once(program, tmp_path):
    first = program(host_script)
    assert first.stdout.readline() == "ready\n"
    assert take_library(tmp_path) is None
    client = HostClient.connect(tmp_path)
    job = client.submit(draft()).result(30)
    address = Path(json.loads((tmp_path / "host.json").read_text())["address"])
    first.send_signal(signal.SIGKILL)
    client.lost.result(30)
    with pytest.raises(HostProblem, match="has ended"):
        client.submit(draft()).result(30)
    client.close()
    second = program(host_script)
    assert second.stdout.readline() == "ready\n"
    assert not address.parent.exists()
    client = HostClient.connect(tmp_path)
    assert client.pid == second.pid
    assert [each.id for each in client.jobs().result(30)] == [job.id]
    client.take_over().result(30)
    client.close()
    second.wait(timeout=30)
    lock = take_library(tmp_path)
    assert lock is not None
    lock.release()
