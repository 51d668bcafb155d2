"""One prompt on a server: which it is, as it is stored, where it is now, and how it is stopped."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.remote.answer import Place, in_history, in_queue
from wan_desktop.remote.having import about_of, stops_one

if TYPE_CHECKING:
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.client import ComfyClient
    from wan_desktop.remote.record import Record, RecordFile

_MOST_SEEN = 200
_LOOK_S = 0.2


class Prompt:
    """`record` is the stored record of the job's prompt on the server `remote`, None before it is sent."""

    def __init__(self, client: ComfyClient, file: RecordFile, remote: Remote) -> None:
        self._client, self._file, self._name = client, file, remote.name
        self.record = file.read()
        if self.record is not None and self.record.server != remote.name:
            self.record = None  # what another server was asked for is no longer wanted of it
        elif self.record is not None and self.record.address != remote.url:
            self.store(replace(self.record, address=remote.url))  # one that has moved may be the same one

    @property
    def ident(self) -> str | None:
        """Its id there."""
        return None if self.record is None else self.record.prompt_id

    def store(self, record: Record) -> None:
        """This is the prompt from now on. Raises DiskProblem."""
        self.record = record
        self._file.write(record)

    def know_as(self, ident: str) -> None:
        """It is called `ident` there: some servers give ids of their own. Raises DiskProblem."""
        if self.record is not None and self.record.prompt_id != ident:
            self.store(replace(self.record, prompt_id=ident))

    async def look(self) -> Place:
        """Where it is. The queue is asked before the history: a prompt moves in this direction only."""
        record = self.record
        assert record is not None
        found, ident = in_queue(await self._client.get("/queue"), record.prompt_id, record.client_id)
        for path in (f"/history/{record.prompt_id}", f"/history?max_items={_MOST_SEEN}"):
            if found is None:
                found, ident = in_history(await self._client.get(path), record.prompt_id, record.client_id)
        self.know_as(ident)
        return found or Place("gone")

    async def stop(self, *, interrupting: bool) -> Place:
        """Take it, and nothing else, out of the queue there, or interrupt it if it runs; where it is then.

        It runs on where that could hit another one, which may begin between the look and the interrupt.
        """
        safe = interrupting and stops_one(await about_of(self._client, self._name))
        while True:
            place = await self.look()
            if place.state == "waiting":
                await self._client.post("/queue", {"delete": [self.ident]})
            elif place.state == "running" and safe:
                await self._client.post("/interrupt", {"prompt_id": self.ident})
            else:
                return place
            await asyncio.sleep(_LOOK_S)
