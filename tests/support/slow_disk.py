"""A disk of a known speed, whatever this computer's is: time is counted in the bytes that computing asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 4096


class SlowDisk(TorchDispatchMode):
    """Inside, `now` goes on by a second for every `rate` bytes that an operation is the first to read.

    What no operation made lies on the disk. Views cost nothing; a strided read costs all that it skips, too, as a
    disk reads ahead.
    """

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.rate, self.now = rate, 0.0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.is_view:
            return func(*args, **(kwargs or {}))
        written = 1 if func._schema.name.endswith("_") else 0
        for asked in _pages((args[written:], kwargs)):
            self.now += len(asked - self._known) * PAGE / self.rate
            self._known |= asked
        made = func(*args, **(kwargs or {}))
        if not any(out.alias_info for out in func._schema.returns):
            self._known.update(*_pages(made))
        return made


def _pages(tree: Any) -> Iterator[set[int]]:
    """The pages of memory of each tensor in `tree`, from its first number to its last."""
    for tensor in tree_leaves(tree):
        if isinstance(tensor, torch.Tensor) and tensor.device.type == "cpu" and tensor.numel():
            reach = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True)) + 1
            first, last = tensor.data_ptr(), tensor.data_ptr() + reach * tensor.element_size() - 1
            yield set(range(first // PAGE, last // PAGE + 1))
