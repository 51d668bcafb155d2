"""Networks larger than the card: their blocks come one after the other, each while the one before it computes.

The card has room for a few blocks, made once. A block's weights are put into one of them, its parameters point
there while it computes, and the room is used again when it is done: the block itself, compiled or not, is called as
ever. Weights are sent from pinned memory as far as `pin` allows; the others lie where they lay, mapped from their
file, and pass through a small pinned ring that a thread fills.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from wan_desktop.domain.weight_names import TRANSFORMER
from wan_desktop.engine.lanes import Pinned, lane_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_desktop.engine.lanes import Lane

ROOMS = 3
"""Blocks that have room on the card: one computes, one is there, one is on its way."""
_ALIGN = 256
"""Bytes to which each tensor is aligned, as CUDA's own allocations are: kernels rely on it."""


@dataclass(slots=True)
class _Weight:
    """A tensor of a block: whose it is, where it stands in a room, and where it lies at home."""

    owner: nn.Module
    name: str
    offset: int
    home: torch.Tensor

    def point(self, to: torch.Tensor) -> None:
        """Let the block compute with `to`."""
        parameters = self.owner._parameters
        if self.name in parameters:
            parameters[self.name].data = to  # type: ignore[union-attr]
        else:
            self.owner._buffers[self.name] = to

    def within(self, room: torch.Tensor) -> torch.Tensor:
        """Its place in a room's bytes."""
        place = room[self.offset : self.offset + self.home.nbytes]
        return place.view(self.home.dtype).view(self.home.shape)


@dataclass(slots=True)
class _Coming:
    """Block `index` is on its way to `room`; `mark` says when it is there."""

    index: int
    room: int
    mark: Any


class StreamedBlocks(nn.ModuleList):
    """`blocks`, which may be iterated over again and again: each can compute on `device` while it is handed out.

    `pin`: how many bytes of them may be kept in pinned memory. `tick` is called between any two blocks while that
    is filled; it may raise. `lane`: for tests.
    """

    def __init__(
        self,
        blocks: list[nn.Module],
        device: torch.device,
        *,
        pin: int = 0,
        rooms: int = ROOMS,
        tick: Callable[[], None] = lambda: None,
        lane: Lane | None = None,
    ) -> None:
        super().__init__(blocks)
        self._blocks = list(blocks)
        self._weights = [_weights_of(block) for block in blocks]
        self._sizes = [_end(weights) for weights in self._weights]
        self._device, self._lane = device, lane or lane_to(device)
        self._count = min(rooms, len(blocks))
        self._rooms: list[torch.Tensor] = []
        self._ring: _Ring | None = None
        self._shelves = self._shelve(pin, tick)
        self._coming: deque[_Coming] = deque()
        self._pass = 0

    @property
    def card_bytes(self) -> int:
        """What it holds on the card now."""
        return sum(room.nbytes for room in self._rooms)

    def release(self) -> None:
        """Give the rooms on the card and the ring back, until the next pass; the blocks' weights are at home."""
        self._drain()
        self._rooms, self._ring = [], None
        self._pass += 1

    def __iter__(self) -> Iterator[nn.Module]:
        self._begin()
        this = self._pass
        for index, block in enumerate(self._blocks):
            coming = self._coming.popleft()
            self._arrive(coming)
            yield block
            if this != self._pass:
                return
            self._point_home(index)
            self._send(self._next, coming.room, self._lane.computed())

    def _begin(self) -> None:
        """Have the first blocks on their way, unless the last pass through all of them left them there."""
        self._pass += 1
        if self._rooms and [coming.index for coming in self._coming] == list(range(self._count)):
            return
        self._drain()
        if not self._rooms:
            self._make_rooms()
        point = self._lane.computed()
        self._next = 0
        for room in range(len(self._rooms)):
            self._send(self._next, room, point)

    def _make_rooms(self) -> None:
        size = max(self._sizes)
        self._rooms = [torch.empty(size, dtype=torch.uint8, device=self._device) for _ in range(self._count)]
        if len(self._shelves) < len(self._blocks):
            self._ring = _Ring(self._lane, size, self._device)

    def _drain(self) -> None:
        """Wait for what is on its way, and forget it; every block is at home."""
        for coming in self._coming:
            self._lane.finish(_mark_of(coming))
        self._coming.clear()
        for index in range(len(self._blocks)):
            self._point_home(index)

    def _send(self, index: int, room: int, point: Any) -> None:
        """Send block `index` to `room`, which is free after `point`."""
        self._next = (index + 1) % len(self._blocks)
        target = self._rooms[room]
        shelf = self._shelves.get(index)
        if shelf is not None:
            self._lane.follow(point)
            self._lane.send(target[: self._sizes[index]], shelf.bytes)
            mark = self._lane.mark()
        else:
            assert self._ring is not None  # what is not on a shelf goes through the ring
            mark = self._ring.send(self._weights[index], target[: self._sizes[index]], point)
        self._coming.append(_Coming(index, room, mark))

    def _arrive(self, coming: _Coming) -> None:
        self._lane.wait(_mark_of(coming))
        room = self._rooms[coming.room]
        for weight in self._weights[coming.index]:
            weight.point(weight.within(room))

    def _point_home(self, index: int) -> None:
        for weight in self._weights[index]:
            weight.point(weight.home)

    def _shelve(self, pin: int, tick: Callable[[], None]) -> dict[int, Pinned]:
        """The blocks that are kept in pinned memory, evenly spread, so that the thread has time for the others."""
        count = len(self._blocks)
        wanted = min(count, pin // max(1, max(self._sizes)))
        shelves = {}
        for index in range(count):
            tick()
            if (index + 1) * wanted // count > index * wanted // count:
                shelves[index] = shelf = Pinned(self._sizes[index], self._device)
                for weight in self._weights[index]:
                    kept = weight.within(shelf.bytes)
                    kept.copy_(weight.home)
                    weight.home = kept
                self._point_home(index)
        return shelves


class _Ring:
    """Pinned memory for a few blocks, filled by a thread with weights that lie elsewhere, and sent from there."""

    def __init__(self, lane: Lane, size: int, device: torch.device, places: int = 2) -> None:
        self._lane = lane
        self._places = [Pinned(size, device) for _ in range(places)]
        self._free: deque[tuple[int, Any]] = deque((place, None) for place in range(places))
        self._thread = ThreadPoolExecutor(1, "weights") if lane.beside else None

    def send(self, weights: list[_Weight], target: torch.Tensor, point: Any) -> Any:
        """Send `weights` to `target`, which is free after `point`: the mark, or a Future of it."""
        if self._thread is None:
            return self._carry(weights, target, point)
        return self._thread.submit(self._carry, weights, target, point)

    def _carry(self, weights: list[_Weight], target: torch.Tensor, point: Any) -> Any:
        place, sent = self._free.popleft()
        if sent is not None:
            self._lane.finish(sent)
        here = self._places[place].bytes[: target.nbytes]
        for weight in weights:
            weight.within(here).copy_(weight.home)
        self._lane.follow(point)
        self._lane.send(target, here)
        mark = self._lane.mark()
        self._free.append((place, mark))
        return mark


class HostEmbedding(nn.Module):
    """An embedding whose table stays in the computer's memory: only the rows that are looked up travel."""

    def __init__(self, table: nn.Module) -> None:
        super().__init__()
        self.table = table

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The rows of `ids`, where `ids` are."""
        rows: torch.Tensor = self.table(ids.cpu())
        return rows.to(ids.device)


def install(
    module: Any, component: str, device: torch.device, pin: int = 0, tick: Callable[[], None] = lambda: None
) -> None:
    """Have the blocks of the loaded transformer or umT5 come one after the other, from now on.

    umT5's table of words stays where it is: only the rows that are looked up travel.
    """
    if component == TRANSFORMER:
        blocks = list(module.blocks.children())
        module.blocks = StreamedBlocks(blocks, device, pin=pin, tick=tick)
    else:
        stack = module.encoder
        stack.block = StreamedBlocks(list(stack.block.children()), device, pin=pin, rooms=2, tick=tick)
        stack.embed_tokens = HostEmbedding(stack.embed_tokens)


def bring_rest(module: nn.Module, device: torch.device) -> None:
    """Move what is in no streamed block, and no table of words, to `device`."""
    stay: set[int] = set()
    for part in module.modules():
        if isinstance(part, StreamedBlocks | HostEmbedding):
            stay |= {id(tensor) for tensor in (*part.parameters(), *part.buffers())}
    for parameter in module.parameters():
        if id(parameter) not in stay:
            parameter.data = parameter.data.to(device)
    for owner in module.modules():
        for name, buffer in owner._buffers.items():
            if buffer is not None and id(buffer) not in stay:
                owner._buffers[name] = buffer.to(device)


def release(module: nn.Module) -> None:
    """Give back what the streamed blocks of `module` hold on the card, until they are used again."""
    for part in module.modules():
        if isinstance(part, StreamedBlocks):
            part.release()


def is_streamed(module: nn.Module) -> bool:
    """Do any of its blocks come and go?"""
    return any(isinstance(part, StreamedBlocks) for part in module.modules())


def _weights_of(block: nn.Module) -> list[_Weight]:
    """The block's tensors with places for them; alike ones lie side by side, as a product of several wants them."""
    found = [
        _Weight(owner, name, 0, tensor.detach())
        for owner in block.modules()
        for table in (owner._parameters, owner._buffers)
        for name, tensor in table.items()
        if tensor is not None
    ]
    found.sort(key=lambda weight: (weight.home.nbytes, weight.name))
    offset = 0
    for weight in found:
        weight.offset = offset
        offset += -(-weight.home.nbytes // _ALIGN) * _ALIGN
    return found


def _end(weights: list[_Weight]) -> int:
    last = weights[-1]
    return last.offset + -(-last.home.nbytes // _ALIGN) * _ALIGN


def _mark_of(coming: _Coming) -> Any:
    return coming.mark.result() if isinstance(coming.mark, Future) else coming.mark
