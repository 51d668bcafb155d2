"""Layers whose weights stay as their file has them, and are unpacked each time they are used.

A quantised file would grow to twice or four times its size if it were unpacked at loading, and one in another kind
of float would be copied whole: this way both stay mapped, and on a card they take no more memory than on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn


class Packing(Protocol):
    """How a weight is quantised."""

    def unpack(self, packed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """The weight in `dtype`, on the device of `packed`."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Floats of another kind than the network computes in, such as half precision where it wants bfloat16."""

    def unpack(self, packed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """The weight in `dtype`: itself when it has that already."""
        return packed.to(dtype)


@dataclass(frozen=True, slots=True)
class Fp8:
    """Eight-bit floats with a scale, one for all or one a row: weight = packed * scale (ComfyUI's scaled fp8)."""

    scale: torch.Tensor

    def unpack(self, packed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """The weight in `dtype`; the product is formed in float32 and rounded once."""
        scale = self.scale.to(packed.device)
        if scale.numel() > 1:
            scale = scale.reshape(-1, *[1] * (packed.ndim - 1))
        return (packed.float() * scale).to(dtype)


@dataclass(frozen=True, slots=True)
class Ggml:
    """One of GGUF's block formats; `kind` is its number in the format, `shape` the weight's own."""

    kind: int
    shape: tuple[int, ...]

    def unpack(self, packed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """The weight in `dtype`. Raises ValueError for a format that is not known."""
        import gguf
        from diffusers.quantizers.gguf.utils import dequantize_functions

        kind = gguf.GGMLQuantizationType(self.kind)
        unpack = dequantize_functions.get(kind)
        if unpack is None:
            raise ValueError(f"weights stored as {kind.name} cannot be read")
        block, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = packed.reshape(-1).view(torch.uint8).reshape(-1, size)
        return unpack(blocks, block, size, torch.float32).reshape(self.shape).to(dtype)


def is_plain(kind: int) -> bool:
    """True for GGUF's plain number formats, which need no unpacking."""
    import gguf

    plain = gguf.GGMLQuantizationType
    return kind in (plain.F32, plain.F16, plain.BF16, plain.F64)


class PackedLinear(nn.Linear):
    """A linear layer on a packed weight: unpacks it, multiplies, forgets it again.

    `weight` is an empty stand-in that has the layer's dtype: umT5 asks it which dtype its input must have.
    """

    def __init__(self, packed: torch.Tensor, packing: Packing, like: nn.Linear, dtype: torch.dtype) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = like.in_features, like.out_features
        self.packing = packing
        self.register_buffer("packed", packed, persistent=False)
        self.register_buffer("weight", torch.empty(0, dtype=dtype), persistent=False)
        self.bias = like.bias

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """x W^T + b, in the dtype of `hidden_states`."""
        weight = self.packing.unpack(self.packed, hidden_states.dtype)
        bias = None if self.bias is None else self.bias.to(hidden_states.dtype)
        return nn.functional.linear(hidden_states, weight, bias)


def make_plain(layer: nn.Module, weight: torch.Tensor) -> None:
    """Turn a packed layer into a plain linear one with this weight, for as long as there is memory for it."""
    del layer.packed, layer.weight
    layer.__class__ = nn.Linear
    layer.weight = nn.Parameter(weight, requires_grad=False)


def make_packed(layer: nn.Module, packed: torch.Tensor) -> None:
    """Undo `make_plain`: the layer is again on `packed`."""
    stand_in = torch.empty(0, dtype=layer.weight.dtype)
    del layer.weight
    layer.__class__ = PackedLinear
    layer.register_buffer("packed", packed, persistent=False)
    layer.register_buffer("weight", stand_in, persistent=False)


class CastEmbedding(nn.Embedding):
    """An embedding that stays in its file's type: only the rows that are looked up are cast.

    umT5's has 256,384 rows of 4,096: 2 GiB that would be copied for a few hundred of them.
    """

    def __init__(self, weight: torch.Tensor, dtype: torch.dtype) -> None:
        super().__init__(*weight.shape, _weight=weight, _freeze=True)
        self.cast_to = dtype

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The rows of `input`'s numbers, in the wanted dtype."""
        return super().forward(input).to(self.cast_to)
