"""The API with a long history: what others wait while 5,000 ended jobs are listed.

    .venv/bin/python -m benchmarks.api_history

renders one clip with the built-in model, writes 5,000 jobs like it into the database, and then asks for the whole
history while other clients ask for the queue and a socket answers pings; before each listing they do so alone. Takes
a minute, and gives up after ten. Seconds, but for shares and counts.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, TCPConnector, WSMsgType

from benchmarks.api_load import PATIENT, p99, render, served
from benchmarks.bars import finish
from benchmarks.fresh import cores_of_others, own_folders
from wan_desktop.library.database import Database
from wan_desktop.server import records

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from aiohttp import ClientWebSocketResponse

JOBS, LISTINGS, QUIET_SECONDS, MOST_SECONDS = 5000, 4, 3.0, 600.0
LIMITS = {"p99 of /queue": 0.05, "p99 of a ping": 0.05, "server's growth": 1.25}


def fill(folder: Path) -> None:
    """Write so many jobs like the one that is there."""
    database = Database(folder / "wan-desktop.sqlite")

    def work() -> None:
        (job,) = database.jobs()
        record = records.find(database, job.id)
        assert record is not None
        assert job.finished_at is not None
        for n in range(JOBS):
            ident = f"job-{n:05}"
            database.put_job(dataclasses.replace(job, id=ident, finished_at=job.finished_at + n))
            records.keep(database, ident, dataclasses.replace(record, prompt_id=ident))

    database.run(work).result()
    database.close()


async def repeated(work: Callable[[], Coroutine[Any, Any, None]], until: asyncio.Event) -> list[float]:
    """Seconds of each call of `work`, a hundredth of a second apart."""
    seconds = []
    while not until.is_set():
        began = time.perf_counter()
        await work()
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)
    return seconds


class Others:
    """Who asks for the queue, and pings, while something else is done."""

    def __init__(self, address: str, session: ClientSession, socket: ClientWebSocketResponse) -> None:
        self._address, self._session, self._socket = address, session, socket

    async def during(self, work: Coroutine[Any, Any, None]) -> tuple[list[float], list[float]]:
        """Seconds of their requests and pings until `work` is done."""
        ended = asyncio.Event()
        waiting = [asyncio.create_task(repeated(each, ended)) for each in (self._queue, self._ping)]
        await work
        ended.set()
        queues, pings = await asyncio.gather(*waiting)
        return queues, pings

    async def _queue(self) -> None:
        async with self._session.get(f"{self._address}/queue") as reply:
            assert reply.status == 200
            await reply.read()

    async def _ping(self) -> None:
        await self._socket.ping()
        while (await self._socket.receive()).type is not WSMsgType.PONG:
            pass


async def measure(address: str) -> dict[str, Any]:
    """All the numbers, of a server with a long history. Raises TimeoutError after `MOST_SECONDS`."""
    alone: list[float] = []
    queues: list[float] = []
    pings: list[float] = []
    listed, size = [], 0
    before, others_cores = memory(address), cores_of_others()

    async def listing() -> None:
        nonlocal size
        began, size, entries = time.perf_counter(), 0, 0
        async with session.get(f"{address}/history") as reply:
            async for piece in reply.content.iter_any():  # in pieces: this loop measures the others too
                size += len(piece)
                entries += piece.count(b"execution_success")
        listed.append(time.perf_counter() - began)
        assert entries > JOBS - LISTINGS * 10, entries  # one may lie across two pieces

    async with (
        asyncio.timeout(MOST_SECONDS),
        ClientSession(connector=TCPConnector(force_close=True), timeout=PATIENT) as session,
        session.ws_connect(f"{address}/ws?clientId=me", autoping=False) as socket,
    ):
        others = Others(address, session, socket)
        for _ in range(LISTINGS):
            alone += (await others.during(asyncio.sleep(QUIET_SECONDS)))[0]
            during = await others.during(listing())
            queues += during[0]
            pings += during[1]
    return {
        "jobs listed": JOBS + 1,
        "bytes": size,
        "seconds of a listing": sorted(listed)[len(listed) // 2],
        "p99 of /queue while nobody lists": p99(sorted(alone)),
        "p99 of /queue": p99(sorted(queues)),
        "slowest /queue": max(queues),
        "p99 of a ping": p99(sorted(pings)),
        "requests": len(alone) + len(queues) + len(pings),
        "server's growth": memory(address) / before,
        "cores taken by other programs": others_cores(),
    }


def memory(address: str) -> float:
    """Megabytes of its own that the process behind `address` has."""
    import psutil

    port = int(address.rpartition(":")[2])
    found = next(
        each.pid for each in psutil.net_connections() if each.laddr.port == port and each.status == "LISTEN"
    )
    return psutil.Process(found).memory_full_info().uss / 1e6


async def one_clip(address: str) -> None:
    """Render the clip that all others are like."""
    async with ClientSession() as session:
        await render(session, address, 0, None)


def main() -> int:
    """Measure, print, and keep the result; the exit code says whether every bar holds."""
    with own_folders() as environ:
        with served(environ) as address:
            asyncio.run(one_clip(address))
        fill(Path(environ["WAN_DESKTOP_DATA"]))
        with served(environ) as address:
            found = asyncio.run(measure(address))
    return finish("api_history", found, LIMITS)


if __name__ == "__main__":
    sys.exit(main())
