"""A program with a render process, run by tests: argv = mode, folder for part files.

Prints the child's process id as soon as it is ready, then: "exit" ends without closing anything, "raise" dies of an
exception, "wait" waits for its own death, in the middle of a render.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from support import fake_child
from support.models import OneModel
from support.samples import FolderOfImages, a_job

from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.process.render_process import RenderProcess


def main(mode: str, folder: Path) -> None:
    """Have a render process and end as `mode` says."""
    backend = RenderProcess(fake_child.main, dict, models=OneModel(), images=FolderOfImages(folder))
    events = backend.render(a_job("wait"), folder / "x.part", CancelToken())
    next(events), next(events)
    threading.Thread(target=lambda: list(events), daemon=True).start()
    print(backend.pid, flush=True)
    if mode == "wait":
        time.sleep(600)
    if mode == "raise":
        raise RuntimeError("an accident")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
