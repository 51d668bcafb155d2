"""Networks that are stopped in the middle of a step: one step of a large clip takes seconds."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@contextlib.contextmanager
def leashed(blocks: Iterable[torch.nn.Module], check: Callable[[], None]) -> Iterator[None]:
    """Inside, `check` is called before each of `blocks` computes, and on a card also while it works; it may raise."""
    look = _Leash(check)
    handles = [block.register_forward_pre_hook(look) for block in blocks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def knock(block: torch.nn.Module, *inputs: Any) -> None:
    """Do what `leashed` has done before `block` computes, for code that computes in its place."""
    for hook in tuple(block._forward_pre_hooks.values()):
        hook(block, inputs)


class _Leash:
    """Calls `check` before a block, and lets Python run only AHEAD blocks ahead of the card.

    Otherwise a whole step would be queued in a moment, and a cancel that came after that would wait for its end.
    """

    AHEAD = 2

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._marks: deque[torch.cuda.Event] = deque()

    def __call__(self, block: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        self._check()
        if inputs and isinstance(inputs[0], torch.Tensor) and inputs[0].is_cuda:
            mark = torch.cuda.Event(blocking=True)
            mark.record(torch.cuda.current_stream(inputs[0].device))
            self._marks.append(mark)
            if len(self._marks) > self.AHEAD:
                self._marks.popleft().synchronize()
                self._check()
