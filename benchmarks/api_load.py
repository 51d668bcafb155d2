"""The API under load: 50 clients that poll and 20 sockets while a render runs, and a queue of 1,000 prompts.

    .venv/bin/python -m benchmarks.api_load

serves the built-in model in a fresh process with empty folders, on loopback alone, and takes two minutes. Renders are
taken in pairs, one quiet and one under load, in turns, so that a computer that gets slower meanwhile slows both.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientSession, TCPConnector

from benchmarks.fresh import PROMPT, RESULTS, ROOT, machine, own_folders, program
from wan_desktop.domain.request import RenderRequest
from wan_desktop.graph.names import DEMO
from wan_desktop.graph.writing import workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS, SOCKETS, PERIOD_S, PAIRS, WAITING = 50, 20, 10.0, 3, 1000
LIMITS = {"p99 of a request": 0.05, "render slowed": 0.05, "1,000 prompts listed": 0.1}
START_SECONDS = 60.0


def a_workflow(seed: int, steps: int = 20) -> dict[str, Any]:
    """A workflow for the built-in model: 256x160, 25 frames."""
    request = RenderRequest(PROMPT, "", None, 256, 160, 25, 12, steps, 5.0, 5.0, "unipc", seed, DEMO)
    return workflow(request, DEMO)


@contextlib.contextmanager
def served(environ: dict[str, str]) -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = program("serve", "--port", "0", "--allow-demo-model", "--json")
    process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["address"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)


class Load:
    """Clients that poll and sockets that listen: `seconds` of each request, `failed` requests and lost sockets."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.seconds: list[float] = []
        self.failed = 0
        self.heard = 0

    async def run(self, prompt_id: str) -> None:
        """Poll and listen until cancelled."""
        async with ClientSession(connector=TCPConnector(force_close=True, limit=0)) as session:
            polls = [self._poll(session, prompt_id, n * PERIOD_S / CLIENTS) for n in range(CLIENTS)]
            await asyncio.gather(*polls, *(self._listen(session, n) for n in range(SOCKETS)))

    async def _poll(self, session: ClientSession, prompt_id: str, delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            for path in ("/queue", f"/history/{prompt_id}"):
                began = time.perf_counter()
                try:
                    async with session.get(self._address + path) as reply:
                        await reply.read()
                        self.failed += reply.status != 200
                except ClientError:
                    self.failed += 1
                self.seconds.append(time.perf_counter() - began)
            await asyncio.sleep(PERIOD_S)

    async def _listen(self, session: ClientSession, number: int) -> None:
        try:
            async with session.ws_connect(f"{self._address}/ws?clientId=client-{number}") as socket:
                async for _ in socket:
                    self.heard += 1
        except ClientError:
            pass
        self.failed += 1  # a socket stays open until the load is cancelled


async def render(session: ClientSession, address: str, seed: int, load: Load | None) -> float:
    """Seconds from the first step's start to the end of one render, as the server's history tells them."""
    async with session.post(f"{address}/prompt", json={"prompt": a_workflow(seed)}) as reply:
        prompt_id = (await reply.json())["prompt_id"]
    running = asyncio.create_task(load.run(prompt_id)) if load else None
    try:
        while not (entry := await _history(session, address, prompt_id)):
            await asyncio.sleep(0.25)
    finally:
        if running:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
    messages = dict(entry["status"]["messages"])
    return (messages["execution_success"]["timestamp"] - messages["execution_start"]["timestamp"]) / 1000


async def _history(session: ClientSession, address: str, prompt_id: str) -> dict[str, Any]:
    async with session.get(f"{address}/history/{prompt_id}") as reply:
        return dict((await reply.json()).get(prompt_id, {}))


async def long_queue(session: ClientSession, address: str) -> list[float]:
    """Seconds of each listing of a queue of 1,000 waiting prompts."""
    for seed in range(WAITING):
        async with session.post(f"{address}/prompt", json={"prompt": a_workflow(seed, steps=200)}) as reply:
            assert reply.status == 200, await reply.text()
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        async with session.get(f"{address}/queue") as reply:
            body = await reply.read()
        seconds.append(time.perf_counter() - began)
        queue = json.loads(body)
        assert len(queue["queue_running"]) + len(queue["queue_pending"]) == WAITING
    await session.post(f"{address}/queue", json={"clear": True})
    await session.post(f"{address}/interrupt")
    return seconds


async def measure(address: str) -> dict[str, Any]:
    """All the numbers."""
    load = Load(address)
    async with ClientSession() as session:
        await render(session, address, 0, None)  # loads the model
        pairs = []
        for seed in range(1, PAIRS + 1):
            quiet, loaded = (
                await render(session, address, seed, None),
                await render(session, address, seed, load),
            )
            pairs.append((quiet, loaded))
        listed = await long_queue(session, address)
    slowed = statistics.median(loaded / quiet for quiet, loaded in pairs) - 1
    ordered = sorted(load.seconds)
    return {
        "requests": len(ordered),
        "failed requests": load.failed,
        "messages heard": load.heard,
        "p99 of a request": ordered[int(len(ordered) * 0.99)],
        "slowest request": ordered[-1],
        "render slowed": slowed,
        "renders quiet and loaded": pairs,
        "1,000 prompts listed": sorted(listed)[-2],
    }


def main() -> int:
    """Measure, print, and keep the result; the exit code says whether every bar holds."""
    with own_folders() as environ, served(environ) as address:
        found = asyncio.run(measure(address))
    report = {"numbers": found, "limits": LIMITS, "machine": machine()}
    (RESULTS / "api_load.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report, indent=2))
    missed = [name for name, most in LIMITS.items() if found[name] > most]
    if found["failed requests"] or missed:
        print(f"missed: {', '.join(missed) or 'failed requests'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
