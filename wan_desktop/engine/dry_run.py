"""How much memory a piece of the engine will need: the very code is run on tensors that have no contents.

So a prediction cannot drift away from what is done. It counts what PyTorch's allocator would hold; libraries'
workspaces and the allocator's own waste come on top (`plans.py` says how much).
"""

from __future__ import annotations

import contextlib
import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_GRAIN = 512
"""Bytes that CUDA's allocator rounds up to (`kMinBlockSize` in PyTorch's CUDACachingAllocator)."""


class Meter(TorchDispatchMode):
    """Inside, counts the bytes of living tensors that are made on `device`; `peak` is the most at one time."""

    def __init__(self, device: str = "meta") -> None:
        super().__init__()
        self._device = device
        self.now = self.peak = 0
        self._known: dict[int, int] = {}

    def leave_out(self, tensors: Any) -> None:
        """Do not count these, nor views of them."""
        for tensor in tree_leaves(tensors):
            self._known[tensor.untyped_storage()._cdata] = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor) and tensor.device.type == self._device:
                self._hold(tensor.untyped_storage())
        return result

    def _hold(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self._known:
            return
        size = -(-storage.nbytes() // _GRAIN) * _GRAIN
        self._known[key] = size
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._let_go, key)

    def _let_go(self, key: int) -> None:
        self.now -= self._known.pop(key, 0)


def peak_bytes(work: Callable[[], object], weights: Any = ()) -> int:
    """The most bytes that `work` makes and holds at one time, besides `weights`, which are there all the while.

    `work` must compute on the "meta" device.
    """
    meter = Meter()
    meter.leave_out(weights)
    with meter, torch.no_grad():
        work()
    return meter.peak


@contextlib.contextmanager
def without_contents() -> Iterator[None]:
    """Inside, new tensors and networks have shapes alone."""
    with torch.device("meta"):
        yield


@contextlib.contextmanager
def fused_kernels() -> Iterator[None]:
    """Inside, what a card does in one kernel is its result alone: attention (no table of all pairs), RMS norms."""
    with _Fused():
        yield


class _Fused(TorchFunctionMode):
    _KERNELS = (
        torch.nn.functional.scaled_dot_product_attention,
        torch.nn.functional.rms_norm,
        torch.rms_norm,
    )

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in self._KERNELS:
            return torch.empty_like(args[0])
        return func(*args, **(kwargs or {}))
