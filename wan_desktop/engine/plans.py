"""Memory plans: where weights live and when. They change where and when a clip is computed, never what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wan_desktop.engine.device import Device


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to spend memory. The last two switches mean nothing on the processor.

    `by_stage`: a stage's weights are loaded when it begins and given back when it ends, instead of staying.
    `streamed`: the card holds one block of the transformer or text encoder at a time, instead of a whole network.
    `vae_on_cpu`: frames are developed on the processor, with the computer's memory.
    """

    name: str
    by_stage: bool = False
    streamed: bool = False
    vae_on_cpu: bool = False


PLANS = (
    Plan("whole"),
    Plan("by stage", by_stage=True, streamed=True),
    Plan("least", by_stage=True, streamed=True, vae_on_cpu=True),
)
"""From the quickest to the one that needs the least. A job's `plan` is a place in here."""


def available(device: Device) -> tuple[Plan, ...]:
    """The plans that differ on `device`: on the processor the last one would be the one before."""
    return PLANS if device.is_cuda else PLANS[:2]


def choose(number: int, device: Device) -> Plan:
    """The plan in place `number`; the last one when there are not so many."""
    plans = available(device)
    return plans[min(number, len(plans) - 1)]
