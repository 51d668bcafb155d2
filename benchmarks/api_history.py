"""The API with a long history: what others wait while 5,000 ended jobs are listed.

    .venv/bin/python -m benchmarks.api_history

renders one clip with the built-in model, writes 5,000 jobs like it into the database, and then asks for the whole
history while other clients ask for the queue and a socket answers pings. Takes a minute.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, TCPConnector, WSMsgType

from benchmarks.api_load import render, served
from benchmarks.fresh import RESULTS, machine, own_folders
from wan_desktop.library.database import Database
from wan_desktop.server import records

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

JOBS, LISTINGS, QUIET_SECONDS = 5000, 4, 5.0
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


async def measure(address: str) -> dict[str, Any]:
    """All the numbers, of a server with a long history."""
    ended = asyncio.Event()
    async with (
        ClientSession(connector=TCPConnector(force_close=True)) as session,
        session.ws_connect(f"{address}/ws?clientId=me", autoping=False) as socket,
    ):
        before = memory(address)

        async def queue() -> None:
            async with session.get(f"{address}/queue") as reply:
                assert reply.status == 200
                await reply.read()

        async def ping() -> None:
            await socket.ping()
            while (await socket.receive()).type is not WSMsgType.PONG:
                pass

        quiet = asyncio.Event()
        asyncio.get_running_loop().call_later(QUIET_SECONDS, quiet.set)
        alone = sorted(await repeated(queue, quiet))
        others = [asyncio.create_task(repeated(each, ended)) for each in (queue, ping)]
        listed = []
        for _ in range(LISTINGS):
            began = time.perf_counter()
            size = entries = 0
            async with session.get(f"{address}/history") as reply:
                async for piece in reply.content.iter_any():  # in pieces: this loop measures the others too
                    size += len(piece)
                    entries += piece.count(b"execution_success")
            listed.append(time.perf_counter() - began)
            assert entries > JOBS - LISTINGS * 10, entries  # one may lie across two pieces
        ended.set()
        queues, pings = (sorted(each) for each in await asyncio.gather(*others))
        return {
            "jobs listed": JOBS + 1,
            "bytes": size,
            "seconds of a listing": sorted(listed)[len(listed) // 2],
            "p99 of /queue while nobody lists": alone[int(len(alone) * 0.99)],
            "p99 of /queue": queues[int(len(queues) * 0.99)],
            "slowest /queue": queues[-1],
            "p99 of a ping": pings[int(len(pings) * 0.99)],
            "requests": len(queues) + len(pings),
            "server's growth": memory(address) / before,
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
    report = {"numbers": found, "limits": LIMITS, "machine": machine()}
    (RESULTS / "api_history.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report, indent=2))
    missed = [name for name, most in LIMITS.items() if found[name] > most]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
