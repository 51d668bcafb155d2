"""A headless host for tests: argv[1] is its data folder. It says "ready" and serves until killed or taken over."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from support.hosts import make_host
from support.models import OneModel
from support.scripted_backend import ScriptedBackend

from wan_desktop.process.host_session import Doors
from wan_desktop.process.host_socket import HostSocket
from wan_desktop.process.lock import take_library


def main(data_dir: Path) -> None:
    """Be the host."""
    lock = take_library(data_dir)
    assert lock is not None
    taken = threading.Event()
    host = make_host(data_dir, ScriptedBackend(), OneModel())
    socket = HostSocket(host, data_dir, Doors("headless", take_over=taken.set))
    print("ready", flush=True)
    taken.wait()
    socket.close()
    host.close()
    lock.release()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
