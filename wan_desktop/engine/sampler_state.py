"""A sampler's whole state as plain data and tensors, whatever the sampler is, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class SamplerState:
    """What a scheduler holds between two steps: `tree` is ready for JSON and names its `tensors` (all on the CPU)."""

    tree: dict[str, Any]
    tensors: dict[str, torch.Tensor]


def state(scheduler: Any) -> SamplerState:
    """A copy of everything that `scheduler` holds but its configuration.

    Tensors, generators, numbers, words, None, and lists, tuples and dicts of these: every attribute is taken, so
    that a sampler needs no code of its own here. Raises TypeError for an attribute of another kind.
    """
    tensors: dict[str, torch.Tensor] = {}
    tree = {
        name: _pack(value, name, tensors) for name, value in vars(scheduler).items() if name not in _LEFT_OUT
    }
    return SamplerState(tree, tensors)


def restore(scheduler: Any, state: SamplerState, device: torch.device) -> None:
    """Make `scheduler`, fresh from `samplers.make` with the same arguments, what it was when `state` was taken.

    A tensor that the fresh one has too goes where that lies (the noise levels stay on the CPU), others to `device`.
    Raises KeyError, TypeError or ValueError when `state` describes no such scheduler.
    """
    fresh = vars(scheduler)
    for name, packed in state.tree.items():
        there = fresh.get(name)
        place = there.device if isinstance(there, torch.Tensor) else device
        setattr(scheduler, name, _unpack(packed, state.tensors, place))


_LEFT_OUT = frozenset({"_internal_dict"})
"""diffusers' configuration: made by the factory, and never changed by a step."""


def _pack(value: Any, name: str, tensors: dict[str, torch.Tensor]) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case torch.Tensor():
            tensors[name] = value.detach().to("cpu", copy=True).contiguous()
            return {"tensor": name}
        case torch.Generator():
            tensors[name] = value.get_state()
            return {"generator": name, "device": str(value.device)}
        case list() | tuple():
            packed = [_pack(item, f"{name}.{i}", tensors) for i, item in enumerate(value)]
            return {type(value).__name__: packed}
        case dict() if all(isinstance(key, str) for key in value):
            return {"dict": {key: _pack(item, f"{name}.{key}", tensors) for key, item in value.items()}}
    raise TypeError(f"{name} holds a {type(value).__name__}: that cannot be kept")


def _unpack(packed: Any, tensors: dict[str, torch.Tensor], device: torch.device) -> Any:
    match packed:
        case None | bool() | int() | float() | str():
            return packed
        case {"tensor": name}:
            return tensors[name].to(device, copy=True)
        case {"generator": name, "device": place}:
            generator = torch.Generator(place)
            generator.set_state(tensors[name])
            return generator
        case {"list": items}:
            return [_unpack(item, tensors, device) for item in items]
        case {"tuple": items}:
            return tuple(_unpack(item, tensors, device) for item in items)
        case {"dict": items}:
            return {key: _unpack(item, tensors, device) for key, item in items.items()}
    raise ValueError(f"no sampler's state: {packed!r}")
