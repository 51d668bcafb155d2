"""The way from the computer's memory to a card, beside the computing: a second CUDA stream, and memory it can read.

On the processor the same calls do everything at once, so that what is built on them can be tried without a card.
"""

from __future__ import annotations

import logging
import weakref
from typing import Any

import torch

log = logging.getLogger(__name__)


class Lane:
    """Copies at once, in order: for the processor. `beside`: does it copy while something else goes on?"""

    beside = False

    def send(self, target: torch.Tensor, source: torch.Tensor) -> None:
        """Copy `source` to `target`; what it holds is sure only after `wait` or `finish` of a later mark."""
        target.copy_(source)

    def mark(self) -> Any:
        """A point after everything that was sent."""

    def wait(self, mark: Any) -> None:
        """What is computed from now on begins after `mark`."""

    def computed(self) -> Any:
        """A point after everything that was told to compute."""

    def follow(self, point: Any) -> None:
        """What is sent from now on is sent after `point`, so it may write over what was computed with before."""

    def finish(self, mark: Any) -> None:
        """Return when `mark` is reached, so that what was sent before may be written over."""


class CudaLane(Lane):
    """Copies on a stream of its own to `device`."""

    beside = True

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)

    def send(self, target: torch.Tensor, source: torch.Tensor) -> None:
        """Queue the copy on the card's other stream."""
        with torch.cuda.stream(self._stream):
            target.copy_(source, non_blocking=True)
        target.record_stream(self._stream)  # or the memory could be given away while the copy is under way

    def mark(self) -> Any:
        """A CUDA event on the other stream."""
        event = torch.cuda.Event(blocking=True)
        event.record(self._stream)
        return event

    def wait(self, mark: Any) -> None:
        """Let the computing stream wait, not Python."""
        torch.cuda.current_stream(self._device).wait_event(mark)

    def computed(self) -> Any:
        """A CUDA event on the computing stream."""
        event = torch.cuda.Event()
        event.record(torch.cuda.current_stream(self._device))
        return event

    def follow(self, point: Any) -> None:
        """Let the other stream wait, not Python."""
        self._stream.wait_event(point)

    def finish(self, mark: Any) -> None:
        """Wait here, without the interpreter's lock."""
        mark.synchronize()


def lane_to(device: torch.device) -> Lane:
    """The quickest lane to `device`."""
    return CudaLane(device) if device.type == "cuda" else Lane()


class Pinned:
    """Bytes that a card can read by itself, while it computes. Where the system refuses, they are ordinary ones.

    PyTorch's own pinned memory comes in powers of two: 512 MiB for a block of 312.
    """

    def __init__(self, size: int, device: torch.device) -> None:
        self.bytes = torch.empty(size, dtype=torch.uint8)
        self.is_pinned = device.type == "cuda" and size > 0 and _pin(self.bytes)
        if self.is_pinned:
            weakref.finalize(self, _unpin, self.bytes)


def _pin(buffer: torch.Tensor) -> bool:
    code = int(torch.cuda.cudart().cudaHostRegister(buffer.data_ptr(), buffer.nbytes, 0))
    if code:
        log.info("%d bytes could not be pinned (CUDA error %d)", buffer.nbytes, code)
    return not code


def _unpin(buffer: torch.Tensor) -> None:
    torch.cuda.synchronize()
    torch.cuda.cudart().cudaHostUnregister(buffer.data_ptr())
