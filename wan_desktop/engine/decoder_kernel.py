# ruff: noqa: ANN001, ANN202 -- the language of kernels has types of its own
"""The decoder's normalisation and activation as one Triton kernel; to be imported only where Triton is.

Between two convolutions stand a norm over the channels, SiLU, and a copy into the padded input of the next: three
passes over the largest tensors of a clip, or one.
"""

import contextlib

import torch
import triton
import triton.language as tl

_TILE = 4096
"""Numbers that one program holds."""


@triton.jit
def _norm_silu(
    x,
    gamma,
    out,
    channels,
    columns,
    x_frame,
    x_row,
    x_column,
    out_frame,
    out_row,
    out_column,
    EPS: tl.constexpr,
    CHANNELS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    frame = tl.program_id(2).to(tl.int64)
    row = tl.program_id(1).to(tl.int64)
    column = (tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS))[:, None]
    channel = tl.arange(0, CHANNELS)[None, :]
    there = (column < columns) & (channel < channels)
    place = frame * x_frame + row * x_row + column * x_column + channel
    value = tl.load(x + place, mask=there, other=0.0).to(tl.float32)
    mean = tl.sum(value * value, axis=1)[:, None] / channels
    scale = tl.load(gamma + channel, mask=channel < channels, other=0.0).to(tl.float32)
    value = value * tl.rsqrt(mean + EPS) * scale
    value = value * tl.sigmoid(value)
    place = frame * out_frame + row * out_row + column * out_column + channel
    tl.store(out + place, value.to(out.dtype.element_ty), mask=there)


def norm_silu(x: torch.Tensor, gamma: torch.Tensor, out: torch.Tensor, eps: float) -> None:
    """out = silu(x / rms(x) * gamma), x and out [1, C, T, H, W] views whose channels lie together, gamma [C]."""
    _, channels, frames, rows, columns = x.shape
    block = triton.next_power_of_2(channels)
    at_once = max(1, _TILE // block)
    with torch.cuda.device(x.device) if x.is_cuda else contextlib.nullcontext():
        _norm_silu[(triton.cdiv(columns, at_once), rows, frames)](
            x,
            gamma,
            out,
            channels,
            columns,
            *x.stride()[2:],
            *out.stride()[2:],
            EPS=eps,
            CHANNELS=block,
            COLUMNS=at_once,
        )
