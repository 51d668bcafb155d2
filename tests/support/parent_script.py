"""A program with a render process, run by tests: argv = mode, folder, and "scripted" or "real" for the process.

Prints the process's id when it has begun to render. After a line on its standard input, "exit" ends without closing
anything and "raise" dies of an exception.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from support.samples import FolderOfImages, files_in

from wan_desktop.domain.events import Progress
from wan_desktop.domain.job import Stage
from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.process.render_process import RenderProcess


def scripted(folder):
    """The scripted process, and a job that it renders for ever."""
    from support import fake_child
    from support.models import OneModel
    from support.samples import a_job

    return RenderProcess(fake_child.main, dict, models=OneModel(), images=FolderOfImages(folder)), a_job(
        "wait"
    )


def real(folder):
    """The real process with the demo model, and a job that takes minutes."""
    from support.engine_jobs import RESOURCES, a_job, a_model
    from support.samples import OneModel

    from wan_desktop import child

    settings = {
        "device": "cpu",
        "model": None,
        "cache_dir": str(folder / "cache"),
        "resources_dir": str(RESOURCES),
        "log_dir": str(folder / "logs"),
    }
    backend = RenderProcess(
        child.main, lambda: settings, models=OneModel(a_model()), images=FolderOfImages(folder)
    )
    return backend, a_job(num_inference_steps=200, width=256, height=256, num_frames=49)


def main(mode: str, folder: Path, kind: str) -> None:
    """Have a render process and end as `mode` says."""
    backend, job = {"scripted": scripted, "real": real}[kind](folder)
    events = backend.render(job, files_in(folder, "x"), CancelToken())
    next(e for e in events if isinstance(e, Progress) and e.stage not in (Stage.LOADING,))
    threading.Thread(target=lambda: list(events), daemon=True).start()
    print(backend.pid, flush=True)
    sys.stdin.readline()
    if mode == "raise":
        raise RuntimeError("an accident")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
