"""A whole host for tests: database, library, runner and a scripted render process. argv: folder, prompt.

With a prompt it submits a job; without one it goes on with everything. It tells each of its jobs' states and steps on
standard output, and serves until it is killed.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from support import fake_child
from support.hosts import make_host
from support.models import OneModel
from support.samples import FolderOfImages

from wan_desktop.domain.events import JobChanged, Resumed
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.runner import Runner
from wan_desktop.process.render_process import RenderProcess


def main(folder: Path, prompt: str) -> None:
    """Be the host."""
    backend = RenderProcess(fake_child.main, dict, models=OneModel(), images=FolderOfImages(folder))
    host = make_host(folder, backend, OneModel())
    host.subscribe(_tell)
    runner = Runner(host)
    if prompt:
        host.submit(Draft(prompt=prompt, num_frames=5, num_inference_steps=2)).result()
    else:
        runner.go_on()
    threading.Thread(target=runner.run).start()


def _tell(event: object) -> None:
    match event:
        case JobChanged(job):
            print(job.state, job.kept_step, job.attempts, flush=True)
        case Resumed(_, step, _):
            print("resumed", step, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
