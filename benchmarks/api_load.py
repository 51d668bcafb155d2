"""The API under load: 50 clients that poll and 20 sockets while a render runs, and a queue of 1,000 prompts.

    .venv/bin/python -m benchmarks.api_load [--pairs 15]

serves the built-in model in a fresh process with empty folders, on loopback alone; takes about five minutes and gives
up after fifteen. Renders are taken in pairs, one quiet and one under load, and every second pair the other way round,
so that a computer that grows slower or quicker meanwhile does so for both. Seconds, but for shares and counts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from benchmarks.bars import finish
from benchmarks.fresh import PROMPT, ROOT, cores_of_others, own_folders, program
from wan_desktop.domain.request import RenderRequest
from wan_desktop.graph.names import DEMO
from wan_desktop.graph.writing import workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS, SOCKETS, PERIOD_S, PAIRS, STEPS, WAITING = 50, 20, 10.0, 15, 30, 1000
LIMITS = {
    "failed requests and lost sockets": 0,
    "p99 of /queue": 0.05,
    "render slowed": 0.05,
    "1,000 prompts listed": 0.1,
}
START_SECONDS, MOST_SECONDS = 60.0, 900.0
PATIENT = ClientTimeout(total=60)


def a_workflow(seed: int, steps: int = STEPS) -> dict[str, Any]:
    """A workflow for the built-in model: 256x160, 25 frames."""
    request = RenderRequest(PROMPT, "", None, 256, 160, 25, 12, steps, 5.0, 5.0, "unipc", seed, DEMO)
    return workflow(request, DEMO)


@contextlib.contextmanager
def served(environ: dict[str, str]) -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = program("serve", "--port", "0", "--allow-demo-model", "--json")
    process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        late.cancel()
        assert line, f"the server did not start within {START_SECONDS:.0f} s"
        yield json.loads(line)["address"]
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


class Load:
    """Clients that poll and sockets that listen: `seconds` of each request by its path, what `failed`."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.seconds: dict[str, list[float]] = {"/queue": [], "/history/{id}": []}
        self.failed = 0
        self.heard = 0

    async def run(self, prompt_id: str) -> None:
        """Poll and listen until cancelled."""
        connector = TCPConnector(force_close=True, limit=0)
        async with ClientSession(connector=connector, timeout=PATIENT) as session:
            polls = [self._poll(session, prompt_id, n * PERIOD_S / CLIENTS) for n in range(CLIENTS)]
            await asyncio.gather(*polls, *(self._listen(session, n) for n in range(SOCKETS)))

    async def _poll(self, session: ClientSession, prompt_id: str, delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            for path, seconds in self.seconds.items():
                began = time.perf_counter()
                try:
                    async with session.get(self._address + path.replace("{id}", prompt_id)) as reply:
                        await reply.read()
                        self.failed += reply.status != 200
                except (ClientError, TimeoutError):
                    self.failed += 1
                seconds.append(time.perf_counter() - began)
            await asyncio.sleep(PERIOD_S)

    async def _listen(self, session: ClientSession, number: int) -> None:
        try:
            async with session.ws_connect(f"{self._address}/ws?clientId=client-{number}") as socket:
                async for _ in socket:
                    self.heard += 1
        except (ClientError, TimeoutError):
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


async def pair(session: ClientSession, address: str, number: int, load: Load) -> tuple[float, float]:
    """Seconds of two renders of one seed, the first quiet and the second under load, whichever came first."""
    turns = [None, load] if number % 2 else [load, None]
    took = {each: await render(session, address, number, each) for each in turns}
    print(f"pair {number}: quiet {took[None]:.2f} s, under load {took[load]:.2f} s", flush=True)
    return took[None], took[load]


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


async def measure(address: str, pairs: int) -> dict[str, Any]:
    """All the numbers. Raises TimeoutError after `MOST_SECONDS`."""
    load, others = Load(address), cores_of_others()
    async with asyncio.timeout(MOST_SECONDS), ClientSession(timeout=PATIENT) as session:
        await render(session, address, 0, None)  # loads the model
        took = [await pair(session, address, number, load) for number in range(1, pairs + 1)]
        listed = await long_queue(session, address)
    queue, history = (sorted(seconds) for seconds in load.seconds.values())
    ratios = [loaded / quiet - 1 for quiet, loaded in took]
    return {
        "requests": len(queue) + len(history),
        "failed requests and lost sockets": load.failed,
        "messages heard": load.heard,
        "p99 of /queue": p99(queue),
        "p99 of /history/{id}": p99(history),
        "slowest request": max(queue[-1], history[-1]),
        "render slowed": statistics.median(ratios),
        "19 of 20 such medians lie between": spread(ratios),
        "renders quiet and loaded": took,
        "1,000 prompts listed": max(listed),
        "cores taken by other programs": others(),
    }


def spread(values: list[float]) -> list[float]:
    """Between which two values the median lies, as far as these values can tell: 95 % by resampling."""
    chance = random.Random(0)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(2000))
    return [round(medians[50], 4), round(medians[-51], 4)]


def p99(ordered: list[float]) -> float:
    """The value that 99 of 100 stay below."""
    return ordered[int(len(ordered) * 0.99)]


def main() -> int:
    """Measure, print, and keep the result; the exit code says whether every bar holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=PAIRS)
    pairs = parser.parse_args().pairs
    with own_folders() as environ, served(environ) as address:
        found = asyncio.run(measure(address, pairs))
    return finish("api_load", found, LIMITS)


if __name__ == "__main__":
    sys.exit(main())
