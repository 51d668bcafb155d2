# ruff: noqa: ANN001, ANN202 -- the language of kernels has types of its own
"""Rows rounded to eight bits as one Triton kernel; to be imported only where Triton is.

Otherwise finding each row's scale and rounding by it passes over the numbers seven times, which costs more than
products in eight bits save.
"""

import contextlib

import torch
import triton
import triton.language as tl

_BLOCK = 4096
"""Numbers that one program holds."""


@triton.jit
def _round_rows(x, out, scales, length, LARGEST: tl.constexpr, BLOCK: tl.constexpr, PARTS: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    place = tl.arange(0, BLOCK)
    largest = tl.zeros([BLOCK], tl.float32)
    for part in range(PARTS):
        at = part * BLOCK + place
        value = tl.load(x + row * length + at, mask=at < length, other=0.0).to(tl.float32)
        largest = tl.maximum(largest, tl.abs(value))
    scale = tl.maximum(tl.max(largest, axis=0), 1e-12) / LARGEST
    tl.store(scales + row, scale)
    for part in range(PARTS):
        at = part * BLOCK + place
        value = tl.load(x + row * length + at, mask=at < length, other=0.0).to(tl.float32) / scale
        value = tl.minimum(tl.maximum(value, -LARGEST), LARGEST)
        tl.store(out + row * length + at, value.to(out.dtype.element_ty), mask=at < length)


def round_rows(x: torch.Tensor, kind: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """`x` [..., n] in `kind`, and the float32 scale [..., 1] of each row: x is about rounded * scale."""
    x = x.contiguous()
    out = torch.empty_like(x, dtype=kind)
    scales = torch.empty((*x.shape[:-1], 1), dtype=torch.float32, device=x.device)
    length = x.shape[-1]
    block = min(_BLOCK, triton.next_power_of_2(length))
    with torch.cuda.device(x.device) if x.is_cuda else contextlib.nullcontext():
        _round_rows[(scales.numel(),)](
            x,
            out,
            scales,
            length,
            LARGEST=torch.finfo(kind).max,
            BLOCK=block,
            PARTS=triton.cdiv(length, block),
        )
    return out, scales
