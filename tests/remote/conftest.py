"""A remote for each test: our own API server with a scripted backend, or a server that misbehaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.comfy_stub import ComfyStub
from support.jobs_elsewhere import Elsewhere
from support.loopback import Client
from support.real_comfyui import RealComfyUI, install
from support.served import serve, serving
from support.side_by_side import LORA, ModelOfTheirName

from wan_desktop.server.settings import Limits


@pytest.fixture
def start(tmp_path):
    """Makes servers of ours, each in a folder of its name; all end with the test."""
    with serving() as make:
        yield lambda name="there", **what: make(tmp_path / name, **what)


@pytest.fixture
def elsewhere(tmp_path):
    """What is needed to render jobs on a server, without a host."""
    return Elsewhere(tmp_path / "here")


@pytest.fixture
def stub():
    """A small ComfyUI that does what the test says."""
    with ComfyStub() as running:
        yield running


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The folder of a ComfyUI, and of what it imports beside our own packages."""
    given = os.environ.get("COMFYUI_TEST_DIR")
    folder = Path(given) if given else tmp_path_factory.mktemp("comfyui")
    install(folder)
    return folder


@pytest.fixture(scope="module")
def comfyui(installed, tmp_path_factory):
    """A running ComfyUI with stand-ins for the nodes that load models and draw."""
    server = RealComfyUI(installed, tmp_path_factory.mktemp("base"))
    server.start()
    yield server
    server.stop()


# ---- two servers beside each other


@pytest.fixture(scope="session")
def plain(installed, tmp_path_factory):
    """A client of a ComfyUI as it comes, with one LoRA."""
    base = tmp_path_factory.mktemp("plain")
    server = RealComfyUI(installed, base, draws=False)
    (base / "models" / "loras").mkdir()
    (base / "models" / "loras" / LORA).touch()
    server.start()
    yield Client(server.address)
    server.stop()


@pytest.fixture(scope="session")
def ours_served(tmp_path_factory):
    """Our server, with a model and a LoRA of the same names."""
    loras = tmp_path_factory.mktemp("loras")
    (loras / LORA).touch()
    many = Limits(requests_per_second=1e6, burst=10**6)
    folder = tmp_path_factory.mktemp("ours")
    server = serve(folder, models=ModelOfTheirName(), allow_demo=False, loras=str(loras), limits=many)
    yield server
    server.close()


@pytest.fixture(scope="session")
def ours(ours_served):
    """A client of our server."""
    return ours_served.client


@pytest.fixture(scope="module")
def theirs(comfyui):
    """A client of the ComfyUI that draws."""
    return Client(comfyui.address)
