"""The host's local socket: lets every other start of the program be its client. No TCP, no pickle."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from multiprocessing.connection import Client, Listener, Pipe
from typing import TYPE_CHECKING

from wan_desktop import __version__
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, HostProblem
from wan_desktop.process import host_address
from wan_desktop.process.host_session import HostSession

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from wan_desktop.jobs.host import Host
    from wan_desktop.process.host_session import Doors

log = logging.getLogger(__name__)

_BACKLOG = 16
_CLOSE_SECONDS = 2.0


class HostSocket:
    """Listens from its making until `close`; each client has a thread. Make it with the library locked."""

    def __init__(self, host: Host, data_dir: Path, doors: Doors) -> None:
        """Raises DiskProblem, or HostProblem when the system gives no socket."""
        self._host, self._data_dir, self._doors = host, data_dir, doors
        self._key = host_address.new_key()
        self._closing = False
        self._closing_heard, self._closing_told = Pipe(duplex=False)
        self._sessions: set[threading.Thread] = set()
        host_address.withdraw(data_dir)  # what a crashed host left behind
        try:
            self.address = host_address.new_address()
            self._listener = Listener(self.address, backlog=_BACKLOG)
        except OSError as error:
            raise HostProblem(
                QT_TRANSLATE_NOOP(
                    "errors", "No local socket can be made ({why}): check the temporary folder."
                ),
                why=error.strerror or str(error),
            ) from error
        self._accepting = threading.Thread(target=self._accept, name="host-socket", daemon=True)
        self._accepting.start()
        told = host_address.HostAddress(self.address, doors.kind, os.getpid(), __version__)
        host_address.publish(data_dir, told, self._key)

    def close(self) -> None:
        """Say goodbye to every client and leave no file behind. Safe to call again."""
        if self._closing:
            return
        self._closing = True
        self._closing_told.close()
        with contextlib.suppress(OSError):
            Client(self.address).close()  # wakes `accept`
        self._accepting.join(_CLOSE_SECONDS)
        deadline = time.monotonic() + _CLOSE_SECONDS
        for session in list(self._sessions):
            session.join(max(0.0, deadline - time.monotonic()))
        self._listener.close()
        host_address.withdraw(self._data_dir)

    def _accept(self) -> None:
        while True:
            try:
                conn = self._listener.accept()
            except OSError as error:
                if self._closing:
                    return
                log.warning("a client could not be accepted: %r", error)
                time.sleep(0.1)  # out of file descriptors, say: other clients will end
                continue
            if self._closing:
                conn.close()
                return
            thread = threading.Thread(target=self._serve, args=(conn,), name="host-client", daemon=True)
            self._sessions.add(thread)
            thread.start()

    def _serve(self, conn: Connection) -> None:
        try:
            HostSession(conn, self._key, self._host, self._doors, self._closing_heard).run()
        except Exception:  # thread border: one client's accident is nobody else's
            log.exception("a client's session ended badly")
        finally:
            self._sessions.discard(threading.current_thread())
