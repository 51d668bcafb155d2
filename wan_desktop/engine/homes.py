"""Where a network's weights are at home: in the map of its file, as the file has them. They go out and come back.

A weight that left for a card, or was cast to compute on the processor, is forgotten when it is not needed any more,
and the mapped one stands there again: nothing is copied back, and the way home costs no memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from wan_desktop.engine.packed import Cast, PackedLinear, make_packed, make_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PIECE = 64 * 2**20
"""Bytes between two ticks: what the slowest disk reads in a second."""
_PAGE = 4096
"""Bytes: the least that a system reads."""
_NAME = "_weights_at_home"


def settle(module: nn.Module, wanted: Mapping[str, torch.dtype]) -> None:
    """The weights that `module` has now are at home; `wanted` says by name which type they compute in.

    Names that `wanted` has not compute in the type they have.
    """
    found = {name: tensor.detach() for name, _, tensor in _tensors(module)}
    setattr(module, _NAME, {name: (kept, wanted.get(name, kept.dtype)) for name, kept in found.items()})


def bring(module: nn.Module, device: str | torch.device, tick: Callable[[], None] = lambda: None) -> None:
    """Let `module` compute on `device`: its weights there, in the types they compute in.

    On the processor, what has its type already stays mapped, and large matrices are cast when they are used; on a
    card there is room for what they compute in. `tick` is called after 64 MiB at the latest; it may raise, and
    everything is at home again then.
    """
    device = torch.device(device)
    leave(module)
    try:
        for name, owner, tensor in _tensors(module):
            kept, dtype = _at_home(module).get(name, (tensor.detach(), tensor.dtype))
            tick()
            if device.type != "cpu":
                read_in(kept, tick)
                kept = kept.to(device)
                if _is_cast(owner, name):
                    make_plain(owner, kept.to(owner.weight.dtype))
                    continue
            _put(owner, name, _cast(kept, dtype, tick))
    except BaseException:
        leave(module)
        raise


def leave(module: nn.Module) -> None:
    """Put the weights of `module` back where they are at home; what they were meanwhile is forgotten."""
    for name, (kept, _) in _at_home(module).items():
        owner = module.get_submodule(name.rpartition(".")[0])
        if name.endswith(".packed") and type(owner) is nn.Linear:
            make_packed(owner, kept)
        _put(owner, name, kept)


def read_in(tensor: torch.Tensor, tick: Callable[[], None] = lambda: None) -> None:
    """Have the system read a mapped tensor now, `tick` between pieces, and not all at once later.

    Moving it to a card is one call, in which a slow disk would look like a render that hangs.
    """
    for piece in tensor.detach().reshape(-1).view(torch.uint8).split(_PIECE):
        tick()
        piece[::_PAGE].sum()


def _at_home(module: nn.Module) -> dict[str, tuple[torch.Tensor, torch.dtype]]:
    found: dict[str, tuple[torch.Tensor, torch.dtype]] = getattr(module, _NAME, {})
    return found


def _tensors(module: nn.Module) -> Iterator[tuple[str, Any, torch.Tensor]]:
    """Every parameter and buffer once: its name, the module it belongs to, itself; not what went meanwhile."""
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        owner_name, _, leaf = name.rpartition(".")
        owner = module.get_submodule(owner_name)
        if getattr(owner, leaf) is tensor:
            yield name, owner, tensor


def _is_cast(owner: Any, name: str) -> bool:
    return isinstance(owner, PackedLinear) and isinstance(owner.packing, Cast) and name.endswith(".packed")


def _put(owner: Any, name: str, tensor: torch.Tensor) -> None:
    leaf = name.rpartition(".")[2]
    parameter = owner._parameters.get(leaf)
    if leaf in owner._buffers:
        owner._buffers[leaf] = tensor
    elif parameter is not None and torch._has_compatible_shallow_copy_type(parameter, tensor):
        parameter.data = tensor
    elif (
        parameter is not None
    ):  # another kind of device altogether: `Module.to` makes a new parameter there, too
        owner._parameters[leaf] = nn.Parameter(tensor, requires_grad=False)


def _cast(tensor: torch.Tensor, dtype: torch.dtype, tick: Callable[[], None]) -> torch.Tensor:
    """`tensor` in `dtype`: itself, or a copy made in pieces with a `tick` after each."""
    if tensor.dtype == dtype or tensor.nbytes <= _PIECE:
        return tensor.to(dtype)
    made = torch.empty(tensor.shape, dtype=dtype, device=tensor.device)
    rows = max(1, _PIECE * len(tensor) // tensor.nbytes)
    for start in range(0, len(tensor), rows):
        made[start : start + rows] = tensor[start : start + rows]
        tick()
    return made
