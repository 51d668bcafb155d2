"""Memory plans: where weights live and when. They change where and when a clip is computed, never what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.forecast import Forecast, Size

AUTO = "auto"
"""The plan's name that means: the first that fits into what is free now."""

SPARE, SPARE_BYTES = 1.05, 128 * 2**20
"""What must be free for a predicted peak: memory is handed out in pieces, and not every gap can be used."""

KEEP_BYTES = 2**30
"""Frames that are made tile by tile wait in memory up to this size, and in a file beyond it."""


@dataclass(frozen=True, slots=True)
class Free:
    """Bytes that a render may take now: of the card, of the computer's memory, of the disk for frames that wait."""

    card: int
    memory: int
    disk: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to spend memory. All but `by_stage` mean nothing on the processor.

    `by_stage`: a stage's weights are loaded when it begins and given back when it ends, instead of staying.
    `streamed`: the card holds a few blocks of the transformer at a time, instead of all of it.
    `cut`: into how many tiles, down and across, frames are cut for decoding.
    `feed_forward_parts`: the feed-forward takes the tokens in so many parts.
    `keep_text`: what the transformer makes of the texts is kept from step to step.
    `vae_on_cpu`: frames are developed on the processor, with the computer's memory.
    """

    name: str
    by_stage: bool = False
    streamed: bool = False
    cut: tuple[int, int] = (1, 1)
    feed_forward_parts: int = 1
    keep_text: bool = True
    vae_on_cpu: bool = False


CARD = (
    Plan("whole"),
    Plan("streamed", streamed=True),
    Plan("tiled", streamed=True, cut=(1, 2), feed_forward_parts=2, keep_text=False),
    Plan("tight", streamed=True, cut=(2, 3), feed_forward_parts=8, keep_text=False),
    Plan("least", by_stage=True, streamed=True, feed_forward_parts=16, keep_text=False, vae_on_cpu=True),
)
PROCESSOR = (Plan("whole"), Plan("by stage", by_stage=True))
"""From the quickest to the one that needs the least. A job's `plan` is a place in here."""
PLANS = CARD


def available(device: Device) -> tuple[Plan, ...]:
    """The plans of `device`, from the quickest to the one that needs the least."""
    return CARD if device.is_cuda else PROCESSOR


def choose(number: int, device: Device) -> Plan:
    """The plan in place `number`; the last one when there are not so many."""
    plans = available(device)
    return plans[min(number, len(plans) - 1)]


def fits(count: int, free: int) -> bool:
    """Do `count` predicted bytes fit into `free` ones?"""
    return count * SPARE + SPARE_BYTES <= free


def wait_in_memory(frames: int, memory: int) -> bool:
    """Do so many bytes of frames wait in memory, of which so many bytes are free, and not in a file?"""
    return frames <= KEEP_BYTES and fits(frames, memory)


def fitting(forecast: Forecast, size: Size, free: Free, plans: tuple[Plan, ...]) -> int:
    """The place in `plans` of the first that fits into what is `free` for a clip of `size`.

    If none does, the first that fits the card, as its job can wait for room on the disk; the last if none does that.
    """
    on_card = None
    for number, plan in enumerate(plans):
        if fits(forecast.peak(plan, size), free.card):
            if _fits_computer(forecast, plan, size, free):
                return number
            on_card = number if on_card is None else on_card
    return len(plans) - 1 if on_card is None else on_card


def _fits_computer(forecast: Forecast, plan: Plan, size: Size, free: Free) -> bool:
    """Is there room for what the plan takes of the computer beside the weights, which are mapped?"""
    frames, work = forecast.waiting(plan, size), forecast.on_processor(plan, size)
    if work and not fits(work, free.memory):
        return False
    return not frames or wait_in_memory(frames, free.memory - work) or fits(frames, free.disk)
