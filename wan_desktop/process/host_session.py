"""The host's side of one client: reads requests, answers them, sends events.

Every message is a JSON object. A request is `{"id": 1, "verb": "submit", ...}`, its answer `{"id": 1, "ok": ...}` or
`{"id": 1, "error": WanError.to_json()}`; after the verb `follow`, `{"event": to_json(event)}` come between them.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import answer_challenge, deliver_challenge, wait
from typing import TYPE_CHECKING, Any

from wan_desktop import __version__
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, HostProblem, WanError
from wan_desktop.domain.events import Preview
from wan_desktop.domain.events_json import to_json
from wan_desktop.domain.request import Draft
from wan_desktop.process.host_address import PROTOCOL
from wan_desktop.process.host_verbs import VERBS, encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Job
    from wan_desktop.jobs.host import Host

log = logging.getLogger(__name__)

MAX_REQUEST = 4 * 2**20
"""The largest request in bytes; a longer one ends the conversation."""
MAX_WAITING = 5_000
"""Messages that may wait for a client that does not read; then it hears no more events."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What clients can ask of the host's process itself. None: this kind of host does not do that.

    `raise_window` gets a file to open, or None; `take_over` makes a headless host finish its job and end. Both are
    called on a client's thread and must not block.
    """

    kind: str
    raise_window: Callable[[str | None], None] | None = None
    take_over: Callable[[], None] | None = None


class HostSession:
    """One client. `run` blocks until the client is gone or `closing` (the reading end of a pipe) is at its end."""

    def __init__(self, conn: Connection, key: bytes, host: Host, doors: Doors, closing: Connection) -> None:
        self._conn, self._key = conn, key
        self._host, self._doors = host, doors
        self._closing = closing
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stop_following: Callable[[], None] = lambda: None
        self._previews = False
        self._lock = threading.Lock()
        self._owned: set[str] = set()
        self._gone = False

    def run(self) -> None:
        """Check the key, then serve; whatever a client does, this ends quietly."""
        try:
            deliver_challenge(self._conn, self._key)
            answer_challenge(self._conn, self._key)
        except (OSError, EOFError, AuthenticationError, AssertionError) as error:
            log.warning("a client was refused: %r", error)
            self._conn.close()
            return
        threading.Thread(target=self._write, name="host-writer", daemon=True).start()
        while (request := self._receive()) is not None:
            self._serve(request)
        self._leave()

    # ---- reading

    def _receive(self) -> dict[str, Any] | None:
        """The next request; None when there will be no more."""
        if self._closing in wait([self._conn, self._closing]):
            return None
        try:
            told = json.loads(self._conn.recv_bytes(MAX_REQUEST))
        except EOFError:
            return None
        except OSError:
            if not self._conn.closed and not self._conn.readable:  # what was refused is still in the pipe
                self._answer(None, error=_not_understood("it is larger than 4 MB"))
            return None
        except (ValueError, RecursionError) as error:
            self._answer(None, error=_not_understood(error))
            return None
        if isinstance(told, dict) and isinstance(told.get("verb"), str):
            return told
        self._answer(None, error=_not_understood("it names no verb"))
        return None

    def _serve(self, request: dict[str, Any]) -> None:
        number = request.get("id")
        try:
            answer = self._answer_to(request["verb"], request)
        except (KeyError, TypeError, ValueError) as error:
            log.warning("a request was not understood", exc_info=True)
            self._answer(number, error=_not_understood(repr(error)))
        except Exception as error:  # noqa: BLE001 - process border: a client must not hurt the host
            self._answer(number, error=error)
        else:
            if isinstance(answer, Future):
                answer.add_done_callback(lambda done: self._answer_later(number, done))
            else:
                self._answer(number, answer)

    def _answer_to(self, name: str, request: dict[str, Any]) -> Any:
        if name in VERBS:
            return VERBS[name](self._host, request)
        if name in self._VERBS:
            return self._VERBS[name](self, request)
        raise _not_understood(f"“{name}” is unknown")

    def _leave(self) -> None:
        self._stop_following()
        with self._lock:
            self._gone = True
            owned = list(self._owned)
        self._outbox.put(None)
        if not self._closing.poll():  # a host that closes cancels everything itself
            for job_id in owned:
                self._host.cancel(job_id)

    # ---- verbs

    def _hello(self, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "version": __version__,
            "kind": self._doors.kind,
            "pid": os.getpid(),
            "protocol": PROTOCOL,
            "can_be_taken_over": self._doors.take_over is not None,
        }

    def _submit(self, request: dict[str, Any]) -> Future[Job]:
        draft = Draft.from_json(request["draft"])
        future = self._host.submit(draft)
        if request.get("cancel_on_disconnect"):
            future.add_done_callback(self._own)
        return future

    def _own(self, submitted: Future[Job]) -> None:
        if submitted.cancelled() or submitted.exception() is not None:
            return
        with self._lock:
            self._owned.add(submitted.result().id)
            gone = self._gone
        if gone:
            self._host.cancel(submitted.result().id)

    def _follow(self, request: dict[str, Any]) -> None:
        self._previews = bool(request.get("previews"))
        self._stop_following()
        self._stop_following = self._host.subscribe(self._forward)

    def _raise_window(self, request: dict[str, Any]) -> None:
        if self._doors.raise_window is None:
            raise HostProblem(
                QT_TRANSLATE_NOOP("errors", "Wan Desktop is rendering here without a window."),
                action=QT_TRANSLATE_NOOP("errors", "Take over, or wait until it is done"),
            )
        file = request.get("file")
        self._doors.raise_window(None if file is None else str(file))

    def _take_over(self, request: dict[str, Any]) -> None:
        if self._doors.take_over is None:
            raise HostProblem(
                QT_TRANSLATE_NOOP("errors", "Wan Desktop is open in a window and cannot be taken over."),
                action=QT_TRANSLATE_NOOP("errors", "Close the window first"),
            )
        self._doors.take_over()

    _VERBS: dict[str, Callable[[HostSession, dict[str, Any]], Any]] = {
        "hello": _hello,
        "submit": _submit,
        "follow": _follow,
        "raise_window": _raise_window,
        "take_over": _take_over,
    }

    # ---- writing

    def _forward(self, event: Event) -> None:
        if isinstance(event, Preview) and not self._previews:
            return
        if self._outbox.qsize() > MAX_WAITING:
            log.warning("a client does not read: it gets no more events")
            self._stop_following()
            return
        self._send({"event": to_json(event)})

    def _answer_later(self, number: Any, done: Future[Any]) -> None:
        if done.cancelled():
            self._answer(number, error=HostProblem(QT_TRANSLATE_NOOP("errors", "Wan Desktop is closing.")))
        elif (error := done.exception()) is not None:
            self._answer(number, error=error)
        else:
            self._answer(number, encode(done.result()))

    def _answer(self, number: Any, value: Any = None, error: BaseException | None = None) -> None:
        if error is None:
            self._send({"id": number, "ok": value})
            return
        if not isinstance(error, WanError):
            log.error("a request failed unexpectedly", exc_info=error)
            error = WanError(
                QT_TRANSLATE_NOOP("errors", "Something unexpected happened: {why}"), why=repr(error)
            )
        self._send({"id": number, "error": error.to_json()})

    def _send(self, message: dict[str, Any]) -> None:
        self._outbox.put(json.dumps(message).encode("ascii"))

    def _write(self) -> None:
        """In a thread of its own, so that a client that does not read holds up nobody."""
        try:
            while (data := self._outbox.get()) is not None:
                self._conn.send_bytes(data)
        except OSError as error:
            log.info("a client left in the middle of an answer: %r", error)
        finally:
            self._conn.close()


def _not_understood(why: object) -> HostProblem:
    return HostProblem(
        QT_TRANSLATE_NOOP("errors", "The running Wan Desktop did not understand this request: {why}."),
        why=why,
    )
