"""What the render process may say: plain data and our own events. It reads foreign files, so it is not trusted."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

from wan_desktop.domain import events
from wan_desktop.domain.errors import WanError
from wan_desktop.domain.job import Stage
from wan_desktop.domain.sentence import Sentence

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MOST_BYTES = 64 * 2**20
"""The largest message; a preview of the longest clip is a hundredth of it."""

_ALLOWED: dict[tuple[str, str], Any] = {
    (each.__module__, each.__qualname__): each
    for each in (
        events.Progress,
        events.Preview,
        events.Frame,
        events.Note,
        events.Kept,
        events.Resumed,
        events.Planned,
        events.Rendered,
        events.BackendState,
        Stage,
        WanError.from_json,
        Sentence.from_json,
    )
}


def receive(connection: Connection) -> tuple[Any, ...]:
    """The next message. Raises EOFError or OSError at the end, UnpicklingError for anything that is no message."""
    message = _Unpickler(io.BytesIO(connection.recv_bytes(MOST_BYTES))).load()
    if not isinstance(message, tuple) or not message:
        raise pickle.UnpicklingError(f"no message but a {type(message).__name__}")
    return message


class _Unpickler(pickle.Unpickler):
    """Makes nothing but what is in the list: a pickle can otherwise call any function of any library."""

    def find_class(self, module: str, name: str) -> Any:
        """The allowed class. Raises UnpicklingError for every other."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed to cross the pipe") from None
