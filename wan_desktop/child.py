"""Composition root of the render process: listens to the host, renders with the engine, writes with the encoder.

Light at import, since spawning imports it again; torch and the rest come in `main`.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import Cancelled, Paused, WanError
from wan_desktop.domain.events import BackendState, Planned, Progress, Rendered, Resumed
from wan_desktop.domain.job import Job, Stage
from wan_desktop.jobs.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    import numpy as np

    from wan_desktop.domain.job import WorkFiles
    from wan_desktop.domain.model import ModelSpec

EXIT_NOT_STARTED = 2
"""Exit code when the engine cannot be had; BackendState("failed") has said why."""
EXIT_POISONED = 3
"""Exit code after a CUDA error that leaves the process unusable: the host starts a fresh one."""
EXIT_ORPHANED = 4
"""Exit code when the host is gone."""
MAX_OUTPUT = 1_000_000
"""Bytes of printed output that are kept from one start to the next."""

log = logging.getLogger(__name__)


def main(conn: Connection, settings: dict[str, Any]) -> None:
    """Render what comes through `conn` until told to stop; the spawn target of `process`.

    Receives ("render", Job, ModelSpec, image path or None, WorkFiles), ("cancel", job id), ("pause", job id),
    ("stop",). Sends ("event", RenderEvent | BackendState), ("failed", job id, WanError), ("cancelled", job id),
    ("paused", job id) once what is done is on disk, and ("alive", job id) at most every second while a render works.
    `settings`: device, model (ModelSpec to preload, or None), cache_dir, resources_dir, log_dir.
    """
    _settle(Path(settings["log_dir"]))
    mailbox = Mailbox(conn)
    mailbox.send(("event", BackendState("starting")))
    gc.disable()  # the imports make a million lasting objects: walking them again and again costs 0.8 s
    try:
        worker = Worker(mailbox, settings)
    except Exception as error:
        log.exception("the render process could not start")
        mailbox.send(("event", BackendState("failed", sentence=f"{type(error).__name__}: {error}")))
        sys.exit(EXIT_NOT_STARTED)
    gc.freeze()
    gc.enable()
    worker.run()
    logging.shutdown()
    os._exit(0)  # taking torch down module by module would take a second


def bench(conn: Connection, settings: dict[str, Any]) -> None:
    """Measure this computer; the spawn target of `wan-desktop bench`.

    Sends ("step", name, number, count) before each step, then ("found", Benchmark as plain data) or ("failed",
    WanError). `settings`: device, log_dir.
    """
    _settle(Path(settings["log_dir"]))
    from wan_desktop.engine import bench as measuring
    from wan_desktop.engine import device as devices
    from wan_desktop.engine import failures

    try:
        device = devices.choose(settings["device"], devices.probe())
        devices.tune(device)
        work = measuring.Bench(device)
        for number, name in enumerate(work.steps()):
            conn.send(("step", name, number, len(measuring.STEPS)))
        conn.send(("found", work.result().to_json()))
    except Exception as error:  # process border
        log.exception("this computer could not be measured")
        conn.send(("failed", failures.translate(error) or failures.surprise(error)))
    logging.shutdown()
    os._exit(0)


class Mailbox:
    """The pipe to the host. A thread reads it, so that a cancel arrives in the middle of a render.

    When the host is gone the process ends at once: nobody is left to render for.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._sending, self._noting = threading.Lock(), threading.Lock()
        self._jobs: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self._tokens: dict[str, CancelToken] = {}
        threading.Thread(target=self._read, name="mailbox", daemon=True).start()

    def send(self, message: tuple[Any, ...]) -> None:
        """Tell the host; from any thread."""
        try:
            with self._sending:
                self._conn.send(message)
        except OSError:
            os._exit(EXIT_ORPHANED)

    def next(self) -> tuple[Any, ...]:
        """Wait for the next ("render", …) or ("stop",)."""
        return self._jobs.get()

    def token(self, job_id: str) -> CancelToken:
        """The token that a ("cancel", job id) or ("pause", job id) sets."""
        with self._noting:
            return self._tokens.setdefault(job_id, CancelToken())

    def forget(self, job_id: str) -> None:
        """The job has ended: a word on it that comes later means nothing."""
        with self._noting:
            self._tokens.pop(job_id, None)

    def _read(self) -> None:
        while True:
            try:
                message = self._conn.recv()
            except (EOFError, OSError):
                os._exit(EXIT_ORPHANED)
            match message:
                case ("cancel", job_id):
                    self._say(job_id, CancelToken.cancel)
                case ("pause", job_id):
                    self._say(job_id, CancelToken.pause)
                case ("render", job, *_):
                    self.token(job.id)
                    self._jobs.put(message)
                case _:
                    self._jobs.put(message)

    def _say(self, job_id: str, word: Callable[[CancelToken], None]) -> None:
        with self._noting:
            token = self._tokens.get(job_id)
        if token is not None:
            word(token)


class Worker:
    """Renders one job after the other on the main thread."""

    def __init__(self, mailbox: Mailbox, settings: dict[str, Any]) -> None:
        from wan_desktop.engine import device as devices
        from wan_desktop.engine.renderer import Renderer

        self._mailbox = mailbox
        machine = devices.probe()
        self._device = devices.choose(settings["device"], machine)
        self._cards = [[f"cuda:{card.index}", card.name] for card in machine.cards if card.usable]
        devices.tune(self._device)
        folders = Path(settings["cache_dir"]), Path(settings["resources_dir"])
        self._renderer = Renderer(self._device, *folders)
        self._preload(settings.get("model"))

    def run(self) -> None:
        """Take messages until ("stop",)."""
        from wan_desktop.engine import plans

        count = len(plans.available(self._device))
        info = self._device.info() | {"plans": count, "cards": self._cards}
        self._mailbox.send(("event", BackendState("ready", info)))
        while True:
            match self._mailbox.next():
                case ("render", job, model, image_path, files):
                    self._job(job, model, image_path, files)
                case ("stop",):
                    return

    def _preload(self, model: ModelSpec | None) -> None:
        """Load and warm the model. One that fails is told by the job that asks for it, not by every start."""
        from wan_desktop.engine import failures

        if model is None:
            return
        try:
            self._renderer.warm_up(model)
        except Exception as error:
            log.exception("the model could not be loaded ahead")
            if failures.poisons(error):
                raise

    def _job(self, job: Job, model: ModelSpec, image_path: str | None, files: WorkFiles) -> None:
        from wan_desktop.engine import failures

        try:
            rendered = self._render(job, model, image_path, files)
        except Cancelled:
            self._mailbox.send(("cancelled", job.id))
        except Paused:
            self._mailbox.send(("paused", job.id))
        except Exception as error:
            log.exception("job %s failed", job.id)
            if failures.poisons(error):
                self._mailbox.send(("failed", job.id, failures.poisoned(error)))
                os._exit(EXIT_POISONED)
            self._mailbox.send(("failed", job.id, failures.translate(error) or failures.surprise(error)))
        else:
            self._mailbox.send(("event", rendered))
        finally:
            self._mailbox.forget(job.id)
        self._renderer.rest()

    def _render(self, job: Job, model: ModelSpec, image_path: str | None, files: WorkFiles) -> Rendered:
        from wan_desktop.encode.mp4 import Mp4Writer
        from wan_desktop.engine import plans
        from wan_desktop.engine.control import Control, Pulse
        from wan_desktop.engine.stopwatch import Stopwatch, made_by

        request, resumed_step = job.request, 0
        plan = plans.choose(job.plan, self._device).name
        watch = Stopwatch(self._device)
        with Pulse(lambda: self._mailbox.send(("alive", job.id))) as pulse:
            control = Control(self._mailbox.token(job.id), pulse.beat)
            control.check_all()
            image = _start_image(image_path, request.width, request.height)
            with Mp4Writer(Path(files.part), request.width, request.height, request.fps) as writer:
                for event in self._renderer.render(job, model, image, writer.write, watch, control, files):
                    control.check()
                    resumed_step = event.step if isinstance(event, Resumed) else resumed_step
                    plan = event.name if isinstance(event, Planned) else plan
                    self._mailbox.send(("event", event))
                self._mailbox.send(("event", Progress(job.id, Stage.SAVING)))
                with watch.stage(Stage.SAVING):
                    writer.close()
        made = made_by(self._device, model.fingerprint, watch, plan, resumed_step)
        return Rendered(job.id, files.part, writer.num_frames, made)


def _start_image(path: str | None, width: int, height: int) -> np.ndarray | None:
    """The start image as it goes into the model: uint8 [height, width, 3]. Raises BadImage."""
    if path is None:
        return None
    import numpy as np

    from wan_desktop.media import images

    return np.asarray(images.cover(images.load_rgb(path), width, height))


def _settle(log_dir: Path) -> None:
    """Words and crash traces to files, Ctrl-C left to the host, the window before the render, no network."""
    from wan_desktop.config.logs import log_to

    with contextlib.suppress(WanError, OSError):
        log_to(log_dir, "render")
        logging.captureWarnings(True)
        _output_to(log_dir / "render-output.log")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _lower_priority()
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
    # OpenMP's threads spin while they wait for each other: beside any other busy program, and with a lower
    # priority than it, that made a step 20 times slower than letting them sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _output_to(file: Path) -> None:
    """Send what libraries print, and the trace of a crash, to `file`: the terminal is the host's."""
    import faulthandler

    mode = "w" if file.exists() and file.stat().st_size > MAX_OUTPUT else "a"
    output = file.open(mode, encoding="utf-8", errors="replace", buffering=1)
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    sys.stdout = sys.stderr = output
    faulthandler.enable(output)


def _lower_priority() -> None:
    if hasattr(os, "nice"):
        os.nice(10)
        return
    import psutil

    psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
