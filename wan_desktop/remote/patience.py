"""Trying again while a server, or what stands before it, does not answer as ComfyUI."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from wan_desktop.remote import told
from wan_desktop.remote.problems import InTheWay, NotFound, RemoteProblem, Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from wan_desktop.domain.sentence import Sentence
    from wan_desktop.remote.pace import Pace

T = TypeVar("T")

BEFORE = (Unreachable,)
"""What passes before anything is sent: a server that is away. Anything else ends the job at once."""
SENDING = (Unreachable, NotFound)
AFTER = (Unreachable, InTheWay)
"""What may pass, or be mended, once the server has the job: what it renders until then is worth waiting for."""


class Patience:
    """`note` gets a sentence the first time that something is tried again. `lost_touch` once anything was."""

    def __init__(self, pace: Pace, note: Callable[[Sentence], None]) -> None:
        self._pace, self._note = pace, note
        self.lost_touch = False

    async def until_done(
        self, work: Callable[[], Awaitable[T]], passing: tuple[type[RemoteProblem], ...]
    ) -> T:
        """Do it, again and again while `passing` problems are in the way, for as long as the pace says."""
        since, noted = time.monotonic(), False
        most = self._pace.first_s if passing is BEFORE else self._pace.give_up_s
        while True:
            try:
                return await work()
            except passing as error:
                if time.monotonic() - since > most:
                    raise
                self.lost_touch = True
                if not noted:
                    noted = True
                    self._note(told.tried_again(error.sentence))
            await asyncio.sleep(self._pace.retry_s)
