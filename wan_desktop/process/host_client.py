"""A client of the running host: the same verbs as `jobs.host.Host`, over its local socket."""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from concurrent.futures import Future
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Pipe, answer_challenge, deliver_challenge, wait
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, HostProblem, InvalidRequest, WanError
from wan_desktop.domain.events import QueueState
from wan_desktop.domain.events_json import clip_from_json, from_json, job_from_json
from wan_desktop.process import host_address
from wan_desktop.process.host_session import MAX_REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.domain.request import Draft

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.05


class HostClient:
    """A conversation with the host. Futures are done, and listeners called, on the client's reading thread.

    `kind` is "window" or "headless". `lost` is done when the conversation has ended; then every future that waits,
    or is asked for, raises HostProblem.
    """

    def __init__(self, conn: Connection) -> None:
        """Talk over an authenticated connection; use `connect`."""
        self._conn = conn
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[Future[Any], Callable[[Any], Any]]] = {}
        self._listeners: list[Callable[[Event], None]] = []
        self._closing_heard, self._closing_told = Pipe(duplex=False)
        self._previews = self._ended = False
        self.lost: Future[None] = Future()
        self._reader = threading.Thread(target=self._read, name="host-reader", daemon=True)
        self._reader.start()
        about = self._ask("hello", dict).result()
        self.kind: str = about["kind"]
        self.version: str = about["version"]
        self.pid: int = about["pid"]
        self.can_be_taken_over: bool = about["can_be_taken_over"]

    @classmethod
    def connect(cls, data_dir: Path, seconds: float = 5.0) -> HostClient:
        """Find the host of the library and talk to it; a host that is just starting is waited for.

        Raises HostProblem when it does not answer within `seconds`, or speaks another version's language.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            known = host_address.read(data_dir)
            if known is not None:
                if known[0].protocol != host_address.PROTOCOL:
                    raise _other_version(known[0].version)
                conn = _knock(known[0].address, known[1], left)
                if conn is not None:
                    return cls(conn)
            time.sleep(_PAUSE_SECONDS)
        raise HostProblem(
            QT_TRANSLATE_NOOP(
                "errors",
                "Another Wan Desktop uses this library but does not answer: close it, then try again.",
            ),
            action=QT_TRANSLATE_NOOP("errors", "Close the other Wan Desktop"),
        )

    def submit(self, draft: Draft, *, cancel_on_disconnect: bool = False) -> Future[Job]:
        """As Host. With `cancel_on_disconnect` the host cancels the job when this client goes away."""
        return self._ask(
            "submit", job_from_json, draft=draft.to_json(), cancel_on_disconnect=cancel_on_disconnect
        )

    def cancel(self, job_id: str) -> Future[Job]:
        """As Host."""
        return self._ask("cancel", job_from_json, job_id=job_id)

    def retry(self, job_id: str) -> Future[Job]:
        """As Host."""
        return self._ask("retry", job_from_json, job_id=job_id)

    def pause(self, job_id: str) -> Future[Job]:
        """As Host."""
        return self._ask("pause", job_from_json, job_id=job_id)

    def resume(self, job_id: str) -> Future[Job]:
        """As Host."""
        return self._ask("resume", job_from_json, job_id=job_id)

    def decode_again(self, job_id: str, plan: int | None = None) -> Future[Job]:
        """As Host."""
        return self._ask("decode_again", job_from_json, job_id=job_id, plan=plan)

    def mend(self, job_id: str, way: str = "") -> Future[Job]:
        """As Host."""
        return self._ask("mend", job_from_json, job_id=job_id, way=way)

    def remove(self, job_id: str) -> Future[None]:
        """As Host."""
        return self._ask("remove", lambda told: None, job_id=job_id)

    def pause_queue(self, after_current: bool = False) -> Future[QueueState]:
        """As Host."""
        return self._ask("pause_queue", lambda told: QueueState(**told), after_current=after_current)

    def resume_queue(self) -> Future[QueueState]:
        """As Host."""
        return self._ask("resume_queue", lambda told: QueueState(**told))

    def jobs(self) -> Future[list[Job]]:
        """As Host."""
        return self._ask("jobs", lambda told: [job_from_json(each) for each in told])

    def clips(self, *, deleted: bool = False) -> Future[list[Clip]]:
        """As Host."""
        return self._ask("clips", lambda told: [clip_from_json(each) for each in told], deleted=deleted)

    def subscribe(self, listener: Callable[[Event], None], *, previews: bool = False) -> Callable[[], None]:
        """As Host: hears of everything that is asked for after this call. Previews come only when asked for."""
        with self._lock:
            self._listeners.append(listener)
            self._previews = self._previews or previews
        self._ask("follow", lambda told: None, previews=self._previews)

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def raise_window(self, file: str | None = None) -> Future[None]:
        """Bring the host's window to the front, with `file` opened. HostProblem when it has no window."""
        return self._ask("raise_window", lambda told: None, file=file)

    def take_over(self) -> Future[None]:
        """Ask a headless host to finish its job and end; the library lock is free when it has."""
        return self._ask("take_over", lambda told: None)

    def close(self) -> None:
        """End the conversation. Safe to call again."""
        self._closing_told.close()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def _ask(self, verb: str, decode: Callable[[Any], Any], **values: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # what was sent cannot be called back
        number = next(self._numbers)
        data = json.dumps({"id": number, "verb": verb} | values).encode("ascii")
        if len(data) > MAX_REQUEST:
            future.set_exception(
                InvalidRequest(
                    QT_TRANSLATE_NOOP("errors", "This is too much text: shorten the prompt."), field="prompt"
                )
            )
            return future
        with self._lock:
            if self._ended:
                future.set_exception(_gone())
                return future
            self._waiting[number] = future, decode
            try:
                self._conn.send_bytes(data)
            except OSError:
                pass  # the reader notices the end, and tells every future that waits
        return future

    # ---- in the reading thread

    def _read(self) -> None:
        try:
            while self._closing_heard not in wait([self._conn, self._closing_heard]):
                self._hear(json.loads(self._conn.recv_bytes()))
        except (EOFError, OSError):
            pass  # the host has ended
        except Exception:  # thread border: nobody may be left waiting
            log.exception("the host sent what cannot be understood")
        with self._lock:
            self._ended = True
            left, self._waiting = list(self._waiting.values()), {}
        self._conn.close()
        for future, _ in left:
            future.set_exception(_gone())
        self.lost.set_result(None)

    def _hear(self, message: dict[str, Any]) -> None:
        if "event" in message:
            event = from_json(message["event"])
            for listener in list(self._listeners):
                listener(event)
            return
        with self._lock:
            waiting = self._waiting.pop(message["id"], None)
        if waiting is None:
            log.warning("the host said: %s", message)
            return
        future, decode = waiting
        if "error" in message:
            future.set_exception(WanError.from_json(message["error"]))
            return
        try:
            value = decode(message["ok"])
        except (KeyError, TypeError, ValueError):
            log.exception("the host's answer cannot be understood")
            future.set_exception(_other_version(self.version))
        else:
            future.set_result(value)


def _knock(address: str, key: bytes, seconds: float) -> Connection | None:
    """An authenticated connection, or None when nobody answers there now."""
    try:
        conn = Client(address)
    except OSError:
        return None
    try:
        if conn.poll(seconds):
            answer_challenge(conn, key)
            deliver_challenge(conn, key)
            return conn
    except (OSError, EOFError, AuthenticationError, AssertionError) as error:
        log.info("the host at %s refused: %r", address, error)
    conn.close()
    return None


def _other_version(version: str) -> HostProblem:
    return HostProblem(
        QT_TRANSLATE_NOOP("errors", "Version {version} of Wan Desktop is running: close it first."),
        action=QT_TRANSLATE_NOOP("errors", "Close the other Wan Desktop"),
        version=version,
    )


def _gone() -> HostProblem:
    return HostProblem(
        QT_TRANSLATE_NOOP("errors", "The Wan Desktop that was running has ended: try again."),
        action=QT_TRANSLATE_NOOP("errors", "Try again"),
    )
