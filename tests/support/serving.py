"""`wan-desktop serve` in a process of its own, with the built-in model."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from support.loopback import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def serving(*more: str) -> Iterator[tuple[Client, subprocess.Popen[str]]]:
    """A client of the server, and its process, which is killed at the end if it still runs."""
    options = ["--port", "0", "--allow-demo-model", "--json", *more]
    command = [sys.executable, "-m", "wan_desktop", "serve", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        told = json.loads(line)
        yield Client(told["address"], told["token"]), process
    finally:
        process.kill()
        process.communicate()


def frames(data: bytes) -> list[Any]:
    """The pictures of an MP4, as arrays (height, width, 3)."""
    import av

    with av.open(io.BytesIO(data)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
