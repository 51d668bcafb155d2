# ruff: noqa: ANN001, ANN202 -- the language of kernels has types of its own
"""`lean_pieces.py` as Triton kernels, for clips of any size; to be imported only where Triton is.

Each piece reads its tokens once and writes what comes of them once; one program has one token. Sums are in float32,
and rounded at the places where the plain functions round.
"""

import contextlib

import torch
import triton
import triton.language as tl
from torch import Tensor

from wan_desktop.engine.lean_pieces import Pieces

WARPS = 8


@triton.jit
def _modulated(
    x,
    y,
    kept,
    out,
    shift,
    scale,
    width,
    a_frame,
    x_batch,
    x_token,
    y_batch,
    y_token,
    row_batch,
    row_frame,
    EPS: tl.constexpr,
    ADDED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    token, batch = tl.program_id(0).to(tl.int64), tl.program_id(1).to(tl.int64)
    channel = tl.arange(0, BLOCK)
    there = channel < width
    place = (batch * tl.num_programs(0) + token) * width + channel
    value = tl.load(x + batch * x_batch + token * x_token + channel, mask=there, other=0.0).to(tl.float32)
    if ADDED:
        value += tl.load(y + batch * y_batch + token * y_token + channel, mask=there, other=0.0).to(
            tl.float32
        )
        rounded = value.to(kept.dtype.element_ty)
        tl.store(kept + place, rounded, mask=there)
        value = rounded.to(tl.float32)
    value = tl.where(there, value - tl.sum(value, axis=0) / width, 0.0)
    value = value * tl.rsqrt(tl.sum(value * value, axis=0) / width + EPS)
    row = batch * row_batch + token // a_frame * row_frame + channel
    factor = 1 + tl.load(scale + row, mask=there, other=0.0)
    value = value * factor + tl.load(shift + row, mask=there, other=0.0)
    tl.store(out + place, value.to(out.dtype.element_ty), mask=there)


@triton.jit
def _gated(
    x,
    y,
    gate,
    kept,
    weight,
    bias,
    out,
    width,
    a_frame,
    x_batch,
    x_token,
    y_batch,
    y_token,
    row_batch,
    row_frame,
    EPS: tl.constexpr,
    NORMED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    token, batch = tl.program_id(0).to(tl.int64), tl.program_id(1).to(tl.int64)
    channel = tl.arange(0, BLOCK)
    there = channel < width
    place = (batch * tl.num_programs(0) + token) * width + channel
    value = tl.load(x + batch * x_batch + token * x_token + channel, mask=there, other=0.0).to(tl.float32)
    more = tl.load(y + batch * y_batch + token * y_token + channel, mask=there, other=0.0).to(tl.float32)
    row = batch * row_batch + token // a_frame * row_frame + channel
    value += more * tl.load(gate + row, mask=there, other=0.0)
    rounded = value.to(kept.dtype.element_ty)
    tl.store(kept + place, rounded, mask=there)
    if NORMED:
        value = rounded.to(tl.float32)
        value = tl.where(there, value - tl.sum(value, axis=0) / width, 0.0)
        value = value * tl.rsqrt(tl.sum(value * value, axis=0) / width + EPS)
        value = value * tl.load(weight + channel, mask=there, other=0.0).to(tl.float32)
        value += tl.load(bias + channel, mask=there, other=0.0).to(tl.float32)
        tl.store(out + place, value.to(out.dtype.element_ty), mask=there)


@triton.jit
def _turned(
    x,
    weight,
    cos,
    sin,
    out,
    width,
    x_batch,
    x_token,
    HEAD: tl.constexpr,
    EPS: tl.constexpr,
    TURNED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    token, batch = tl.program_id(0).to(tl.int64), tl.program_id(1).to(tl.int64)
    channel = tl.arange(0, BLOCK)
    there = channel < width
    value = tl.load(x + batch * x_batch + token * x_token + channel, mask=there, other=0.0).to(tl.float32)
    value = value * tl.rsqrt(tl.sum(value * value, axis=0) / width + EPS)
    value = value * tl.load(weight + channel, mask=there, other=0.0).to(tl.float32)
    rounded = value.to(out.dtype.element_ty)
    if TURNED:
        value = rounded.to(tl.float32)
        first, second = tl.split(tl.reshape(value, [BLOCK // 2, 2]))
        neighbours = tl.reshape(tl.join(second, first), [BLOCK])
        angle = token * HEAD + channel % HEAD
        value = value * tl.load(cos + angle, mask=there, other=0.0)
        value += neighbours * tl.load(sin + angle, mask=there, other=0.0)
        rounded = value.to(out.dtype.element_ty)
    tl.store(out + (batch * tl.num_programs(0) + token) * width + channel, rounded, mask=there)


def modulate(x: Tensor, shift: Tensor, scale: Tensor, eps: float) -> Tensor:
    """As `lean_pieces.modulate`."""
    out = _new(x)
    _modulate(x, x, out, out, shift, scale, eps, added=False)
    return out


def leave_text(x: Tensor, y: Tensor, shift: Tensor, scale: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """As `lean_pieces.leave_text`."""
    kept, out = _new(x), _new(x)
    _modulate(x, y, kept, out, shift, scale, eps, added=True)
    return kept, out


def _modulate(
    x: Tensor,
    y: Tensor,
    kept: Tensor,
    out: Tensor,
    shift: Tensor,
    scale: Tensor,
    eps: float,
    *,
    added: bool,
) -> None:
    x, y = _in_rows(x), _in_rows(y)
    shift, scale = _for_each(shift, x), _for_each(scale, x)
    if shift.stride() != scale.stride():
        shift, scale = shift.contiguous(), scale.contiguous()
    with _on(x):
        _modulated[_grid(x)](
            x,
            y,
            kept,
            out,
            shift,
            scale,
            x.shape[2],
            x.shape[1] // shift.shape[1],
            *x.stride()[:2],
            *y.stride()[:2],
            *shift.stride()[:2],
            EPS=eps,
            ADDED=added,
            BLOCK=triton.next_power_of_2(x.shape[2]),
            num_warps=WARPS,
        )


def leave_self(
    x: Tensor, y: Tensor, gate: Tensor, weight: Tensor, bias: Tensor, eps: float
) -> tuple[Tensor, Tensor]:
    """As `lean_pieces.leave_self`."""
    kept, out = _new(x), _new(x)
    _gate(x, y, gate, kept, weight, bias, out, eps, normed=True)
    return kept, out


def gated(x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
    """As `lean_pieces.gated`."""
    kept = _new(x)
    _gate(x, y, gate, kept, gate, gate, kept, 0.0, normed=False)
    return kept


def _gate(
    x: Tensor,
    y: Tensor,
    gate: Tensor,
    kept: Tensor,
    weight: Tensor,
    bias: Tensor,
    out: Tensor,
    eps: float,
    *,
    normed: bool,
) -> None:
    x, y, gate = _in_rows(x), _in_rows(y), _for_each(gate, x)
    with _on(x):
        _gated[_grid(x)](
            x,
            y,
            gate,
            kept,
            weight,
            bias,
            out,
            x.shape[2],
            x.shape[1] // gate.shape[1],
            *x.stride()[:2],
            *y.stride()[:2],
            *gate.stride()[:2],
            EPS=eps,
            NORMED=normed,
            BLOCK=triton.next_power_of_2(x.shape[2]),
            num_warps=WARPS,
        )


def turn(x: Tensor, weight: Tensor, cos: Tensor, sin: Tensor, eps: float) -> Tensor:
    """As `lean_pieces.turn`."""
    return _turn(x, weight, cos.contiguous(), sin.contiguous(), cos.shape[-1], eps, turned=True)


def norm_heads(x: Tensor, weight: Tensor, head: int, eps: float) -> Tensor:
    """As `lean_pieces.norm_heads`."""
    return _turn(x, weight, weight, weight, head, eps, turned=False)


def _turn(
    x: Tensor, weight: Tensor, cos: Tensor, sin: Tensor, head: int, eps: float, *, turned: bool
) -> Tensor:
    x, out = _in_rows(x), _new(x)
    with _on(x):
        _turned[_grid(x)](
            x,
            weight,
            cos,
            sin,
            out,
            x.shape[2],
            *x.stride()[:2],
            HEAD=head,
            EPS=eps,
            TURNED=turned,
            BLOCK=triton.next_power_of_2(x.shape[2]),
            num_warps=WARPS,
        )
    return out.unflatten(-1, (-1, head))


def _new(x: Tensor) -> Tensor:
    return torch.empty(x.shape, dtype=x.dtype, device=x.device)


def _in_rows(x: Tensor) -> Tensor:
    return x if x.stride(-1) == 1 else x.contiguous()


def _for_each(rows: Tensor, x: Tensor) -> Tensor:
    """`rows` [1 or N, T, D] in float32 for each of the N clips in x."""
    return _in_rows(rows.float()).expand(x.shape[0], -1, -1)


def _grid(x: Tensor) -> tuple[int, int]:
    return x.shape[1], x.shape[0]


def _on(x: Tensor) -> contextlib.AbstractContextManager[object]:
    return torch.cuda.device(x.device) if x.is_cuda else contextlib.nullcontext()


KERNELS = Pieces(modulate, turn, norm_heads, leave_self, leave_text, gated)
