"""Pictures of the window, without a screen: `python docs/screenshots.py FOLDER [WORD...]`.

Renders every combination below (or those whose name holds each WORD) through the real widgets, with a backend that
follows a script. Look at them after every change of the look. Scale 2 needs its own process: set QT_SCALE_FACTOR=2.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.windows import Desk

SIZES = {"1440x900": (1440, 900), "1024x700": (1024, 700)}
LIGHTHOUSE = (
    "A lone lighthouse on a cliff at dusk, waves breaking slowly below, the beam sweeping through light fog. "
    "The camera rises gently. Warm rim light, cinematic, film grain."
)
PROMPTS = (
    "a red ball moving right over a blue background",
    "a yellow star moving up over a purple background",
    "a green square moving left over a white background",
    "a white ring moving down over a green background",
)


def wait(until: Callable[[], object], seconds: float = 30.0) -> None:
    """Let Qt work until `until` is true."""
    from PySide6.QtTest import QTest

    for _ in range(int(seconds * 50)):
        if until():
            return
        QTest.qWait(20)
    raise TimeoutError("the window never got there")


def picture() -> str:
    """A start image to drop."""
    from PIL import Image, ImageDraw

    path = Path(tempfile.gettempdir()) / "harbour.jpg"
    sky = Image.linear_gradient("L").resize((1600, 1000))
    image = Image.merge(
        "RGB",
        (
            sky.point(lambda v: 40 + v * 0.8),
            sky.point(lambda v: 60 + v // 3),
            sky.point(lambda v: 130 - v // 3),
        ),
    )
    ImageDraw.Draw(image).ellipse((1000, 420, 1240, 660), fill=(255, 210, 120))
    ImageDraw.Draw(image).polygon(
        [(0, 1000), (0, 760), (420, 620), (800, 800), (1600, 700), (1600, 1000)], fill=(24, 26, 44)
    )
    image.save(path)
    return str(path)


def empty(desk: Desk) -> None:
    """As at the first start."""


def rendering(desk: Desk) -> None:
    """Some clips done, one renders, two wait, one has failed."""
    from wan_desktop.domain.errors import DiskProblem
    from wan_desktop.domain.job import JobState, Stage

    desk.backend.script(
        "neon",
        fail=DiskProblem("The disk of {place} is full: free some space, then try again.", place="/video"),
    )
    desk.backend.script("lighthouse", hold=Stage.DECODING)
    panel = desk.window.create_panel
    for text in (*PROMPTS[:2], "neon city timelapse from a rooftop", LIGHTHOUSE, *PROMPTS[2:]):
        panel.length.set_frames(9 if text in PROMPTS[:2] else 121)
        panel.prompt.editor.setPlainText(text)
        panel.submit()
    panel.prompt.editor.setPlainText(LIGHTHOUSE)
    panel.set_image(picture())
    wait(lambda: len(desk.backend.requests) == 4 and panel.image.image())
    wait(lambda: sum(j.state is JobState.QUEUED for j in desk.session.jobs.values()) == 2)


def finished(desk: Desk) -> None:
    """Four clips, the newest open in the player; Advanced unfolded."""
    panel = desk.window.create_panel
    for text in PROMPTS:
        panel.prompt.editor.setPlainText(text)
        panel.submit()
    wait(lambda: len(desk.session.clips) == 4)
    desk.window.side.show_tab("library")
    desk.window.stage.show_clip(next(iter(desk.session.clips.values())))
    panel.advanced.fold.set_open(True)
    panel.advanced.steps.setValue(300)


def tell(desk: Desk, prompt: str, state: str, on: str = "", **fields: object) -> object:
    """A job with a `state`, told as the host tells it."""
    from wan_desktop.domain.events import JobChanged
    from wan_desktop.domain.ids import new_id
    from wan_desktop.domain.job import Job, JobState
    from wan_desktop.domain.request import Draft
    from wan_desktop.domain.validate import resolve

    model = desk.host.models.get(f"on:{on}" if on else None)
    request = resolve(Draft(prompt=prompt, seed=7, num_inference_steps=20), model)
    count = len(desk.session.jobs)
    job = Job(new_id(), request, JobState(state), float(count), 1000.0 + count, **fields)  # type: ignore[arg-type]
    desk.session._on_event(JobChanged(job))
    return job


def paused(desk: Desk) -> None:
    """A paused job on the stage, the queue at rest, every kind of end below."""
    from wan_desktop.domain.errors import DiskProblem, SnapshotUnfit
    from wan_desktop.domain.events import QueueState

    full = DiskProblem("The disk of {place} is full: free some space, then try again.", place="/video")
    unfit = SnapshotUnfit(
        "The model has changed since this render was kept: it would not be the same clip.",
        action="Start again with the same seed",
    )
    job = tell(desk, LIGHTHOUSE, "paused", kept_step=12, kept_steps=20)
    tell(desk, PROMPTS[0], "paused", kept_step=3, kept_steps=20, error=full.to_json())
    tell(desk, PROMPTS[1], "queued", kept_step=6, kept_steps=20)
    tell(desk, PROMPTS[2], "interrupted", kept_latents=True, finished_at=40.0)
    tell(desk, PROMPTS[3], "failed", kept_step=6, kept_steps=20, error=unfit.to_json(), finished_at=30.0)
    black = ("Every frame is black: use a lower guidance, another seed or a different shift.",)
    tell(desk, "a night sky", "done", notes=black, started_at=1.0, finished_at=20.0, kept_latents=True)
    desk.session._on_event(QueueState(paused=True))
    desk.window.stage.show_job(job)


def pausing(desk: Desk) -> None:
    """A job that went on and was told to pause; the computer stays awake; the queue's menu."""
    from support.scripted_backend import moving_frames

    from wan_desktop.domain.events import AwakeState, Pausing, Preview, Progress, Resumed
    from wan_desktop.domain.job import Stage

    job = tell(desk, LIGHTHOUSE, "running", started_at=time.time() - 95, kept_step=12, kept_steps=20)
    tell(desk, PROMPTS[0], "queued")
    for event in (
        Resumed(job.id, 12, 20),
        Progress(job.id, Stage.DENOISING, 14, 20),
        Preview(job.id, 14, moving_frames(128, 80, 4)),
        AwakeState(on=True),
        Pausing(job.id),
    ):
        desk.session._on_event(event)
    desk.window.side.queue.select(job.id)


def failed(desk: Desk) -> None:
    """A failure with what helps and its log; the question about last time."""
    from wan_desktop.domain.errors import RenderProcessDied

    error = RenderProcessDied(
        "The render process stopped unexpectedly.", action="Use a smaller size"
    ).to_json()
    error["log"] = (
        "Traceback (most recent call last):\n  File engine/pipeline.py, line 210, in steps\nCUDA error: 719"
    )
    job = tell(desk, LIGHTHOUSE, "failed", kept_step=12, kept_steps=20, error=error, finished_at=50.0)
    tell(desk, PROMPTS[0], "interrupted", kept_step=12, kept_steps=20, finished_at=40.0)
    desk.window.opening.ask()
    desk.window.stage.show_job(job)
    desk.window.stage.ended_page.log.set_open(True)


def advanced(desk: Desk) -> None:
    """What those who know samplers choose, with two LoRAs."""
    from PySide6.QtTest import QTest

    from wan_desktop.domain.request import Draft, Lora

    panel = desk.window.create_panel
    files = ("watercolour of the north sea, second edition.safetensors", "slow-zoom.safetensors")
    loras = tuple(Lora(file, strength) for file, strength in zip(files, (0.8, 1.0), strict=True))
    panel.fill(Draft(prompt=PROMPTS[0], loras=loras))
    panel.advanced.fold.set_open(True)
    QTest.qWait(400)
    panel._scroll.verticalScrollBar().setValue(10_000)


def settings(desk: Desk) -> None:
    """The settings dialog."""
    desk.window._commands.open_settings()


def settings_work(desk: Desk) -> None:
    """Its page about keeping work."""
    settings(desk)
    desk.window.findChild(_dialog()).show_page("work")


def settings_rendering(desk: Desk) -> None:
    """Its page about rendering."""
    settings(desk)
    desk.window.findChild(_dialog()).show_page("rendering")


def settings_api(desk: Desk) -> None:
    """Its page about other programs."""
    settings(desk)
    desk.window.findChild(_dialog()).show_page("api")


def settings_api_on(desk: Desk) -> None:
    """The same, switched on, with a token and a folder of LoRAs."""
    import socket

    import keyring
    from keyring.backends.fail import Keyring

    from wan_desktop.bridge.api_door import ApiDoor
    from wan_desktop.server.switch import ApiSwitch

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keyring.set_keyring(Keyring())
    folder = Path(tempfile.mkdtemp())
    loras = folder / "LoRAs"
    loras.mkdir()
    (loras / "ink.safetensors").touch()
    (loras / "clay.safetensors").touch()
    session = desk.session
    session.api = ApiDoor(ApiSwitch(desk.host, data=folder, config=folder), session)
    session.settings_changed.connect(session.api.use)
    settings_api(desk)
    dialog = desk.window.findChild(_dialog())
    dialog._change(api_on=True, api_token=True, api_port=port, api_loras=str(loras))
    wait(lambda: not session.api.busy)


def comfy(desk: Desk) -> object:
    """A small ComfyUI to show, until the process ends."""
    import keyring
    from keyring.backends.fail import Keyring
    from support.comfy_stub import ComfyStub

    keyring.set_keyring(Keyring())
    stub = ComfyStub()
    stub.__enter__()
    desk.book.add("studio", stub.address, "secret")
    desk.session.servers.look()
    return stub


def settings_servers(desk: Desk) -> None:
    """Its page about servers: one that can render, one that is away, one that was not asked."""
    comfy(desk)
    desk.book.add("attic", "https://127.0.0.1:9", "")
    desk.book.add("cellar", "http://192.168.1.20:8188", "")
    desk.window._commands.open_servers()
    shelf = desk.session.servers
    shelf.look()
    shelf.ask("studio")
    shelf.ask("attic")
    wait(lambda: len(shelf.reports) == 2 and not shelf.asking)


def settings_server(desk: Desk) -> None:
    """The form for one server."""
    settings_servers(desk)
    desk.window.findChild(_dialog()).servers.edit("studio")


def render_on(desk: Desk) -> None:
    """A server is chosen, and has said what it is."""
    comfy(desk)
    _choose(desk, "studio")


def render_on_away(desk: Desk) -> None:
    """The chosen server does not answer."""
    comfy(desk)
    desk.book.add("attic", "https://127.0.0.1:9", "")
    desk.session.servers.look()
    _choose(desk, "attic")


def render_on_any(desk: Desk) -> None:
    """Whoever is free; a job for it."""
    comfy(desk)
    desk.book.add("attic", "https://127.0.0.1:9", "")
    desk.session.servers.look()
    _choose(desk, "any")
    tell(desk, PROMPTS[0], "queued", on="any")
    tell(desk, LIGHTHOUSE, "queued", on="studio")


def _choose(desk: Desk, name: str) -> None:
    panel, shelf = desk.window.create_panel, desk.session.servers
    panel.prompt.editor.setPlainText(LIGHTHOUSE)
    panel.where.box.setCurrentIndex(panel.where.box.findData(f"on:{name}"))
    panel.where.box.activated.emit(panel.where.box.currentIndex())
    wait(lambda: shelf.reports and not shelf.asking)


def recipe_there(desk: Desk) -> None:
    """How a clip of a server was made."""
    from dataclasses import replace

    from wan_desktop.ui.panels.stage_recipe import RecipeDialog

    desk.window.create_panel.prompt.editor.setPlainText(LIGHTHOUSE)
    desk.window.create_panel.submit()
    wait(lambda: desk.session.clips)
    clip = next(iter(desk.session.clips.values()))
    changes = {"sampler": {"ours": "unipc", "theirs": "uni_pc/simple"}, "seed": {"ours": "7", "theirs": ""}}
    remote = {"server": "studio", "address": "https://studio.example", "comfyui": "0.3.75", "torch": "2.9"}
    made = {
        "device": "cuda:0 NVIDIA RTX 4090 : cudaMallocAsync",
        "remote": {**remote, "model": "wan2.2_ti2v_5B_fp16.safetensors", "changes": changes},
        "came_as": "h264",
        "seconds": {"total": 214.2, "waiting": 61.0},
    }
    request = clip.request | {"model": "on:studio"}
    clip = replace(clip, recipe=clip.recipe | {"request": request, "made_by": made})
    RecipeDialog(clip, desk.window).open()


def countdown(desk: Desk) -> None:
    """The queue is done, and the computer will be shut down."""
    from wan_desktop.ui.countdown import CountdownDialog
    from wan_desktop.ui.when_done import Then

    CountdownDialog(Then.SHUT_DOWN, desk.window).open()


def report(desk: Desk) -> None:
    """Report a problem."""
    desk.window._commands.report_problem()


def quitting(desk: Desk) -> None:
    """The question before quitting."""
    from wan_desktop.ui.quitting import ask_to_quit

    ask_to_quit(desk.window, lambda: None)


SCENES = {
    scene.__name__: scene
    for scene in (
        empty,
        rendering,
        finished,
        paused,
        pausing,
        failed,
        advanced,
        settings,
        settings_work,
        settings_rendering,
        settings_api,
        settings_api_on,
        settings_servers,
        settings_server,
        render_on,
        render_on_away,
        render_on_any,
        recipe_there,
        countdown,
        report,
        quitting,
    )
}


def take(target: Path, scene: str, appearance: str, language: str, size: str) -> None:
    """One picture."""
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QDialog  # noqa: TID251 - a script that shows the window
    from support.windows import Desk, TwoModels

    from wan_desktop.domain.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        models = TwoModels("5b" if scene == "rendering" else "demo")
        desk = Desk(Path(folder), models, Settings(appearance=appearance, language=language))
        desk.open()
        desk.ready()
        desk.window.resize(*SIZES[size])
        side = 348 if SIZES[size][0] > 1200 else 320
        desk.window.splitter.setSizes([side, SIZES[size][0] - 2 * side, side])
        QTest.qWait(200)
        try:
            SCENES[scene](desk)
        except BaseException:
            desk.close()
            raise
        QTest.qWait(600)
        dialogs = [dialog for dialog in desk.window.findChildren(QDialog) if dialog.isVisible()]
        (dialogs or [desk.window])[0].grab().save(str(target))
        desk.close()


def _dialog() -> type:
    from wan_desktop.ui.settings_dialog import SettingsDialog

    return SettingsDialog


def main() -> None:
    """All pictures, or those asked for."""
    from PySide6.QtWidgets import QApplication  # noqa: TID251 - a script that shows the window

    folder, words = Path(sys.argv[1]), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    scale = os.environ.get("QT_SCALE_FACTOR", "1")
    for scene, appearance, language, size in product(SCENES, ("dark", "light"), ("en", "zh_CN"), SIZES):
        name = f"{scene}-{appearance}-{language}-{size}@{scale}.png"
        if all(word in name for word in words):
            take(folder / name, scene, appearance, language, size)
    app.quit()


if __name__ == "__main__":
    main()
