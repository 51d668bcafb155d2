"""What makes rendering quicker without changing what is computed, and which of it this machine has.

A lever that a card, a driver or a platform lacks is off, and everything works without it: each is tried once, on
a small example, and compared with the plain way.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)

_CLOSE = 0.02
"""Two ways of computing the same in half precision differ by less, relative to the largest value."""
_WORTH = 0.92
"""A way of convolving is taken if it needs at most so much of the other's time: it reads and writes more around."""

_FAILURES = (RuntimeError, ImportError, AttributeError, TypeError, ValueError, OSError)
"""What a driver, a library or a compiler raises that cannot do something."""


@dataclass(frozen=True, slots=True)
class Levers:
    """`cudnn`: cuDNN's attention. `gelu_in_product`: GELU in the matrix product's epilogue. `channels_last`:
    the decoder with channels last. `pictures`: its convolutions are quicker over pictures than over clips.
    `activation`: its norms and activations as one kernel. `eight_bits`: products of eight-bit floats, for
    `precision: fp8`. `rounding`: the rounding to them as one kernel. `pieces`: what stands between a block's
    products as kernels of our own. `compiler`: PyTorch can compile for the card, which then does that where our own
    kernels are off.
    """

    cudnn: bool = False
    gelu_in_product: bool = False
    channels_last: bool = False
    pictures: bool = False
    activation: bool = False
    eight_bits: bool = False
    rounding: bool = False
    pieces: bool = False
    compiler: bool = False

    def told(self) -> dict[str, bool]:
        """Plain data, for `doctor` and for the recipe."""
        return asdict(self)


NONE = Levers()
OF_FP8 = ("eight_bits", "rounding")
"""Those that serve `precision: fp8` alone."""
FILE = "levers.json"
"""In the cache folder: what the last render found, for `doctor`, which does not load torch."""


@functools.cache
def of(device: str, dtype: str) -> Levers:
    """The levers of `device` ("cpu", "cuda:0") in `dtype` ("bfloat16"); tried on the first call."""
    if not device.startswith("cuda") or dtype not in ("bfloat16", "float16"):
        return NONE
    kind = getattr(torch, dtype)
    return Levers(
        cudnn=_works("cuDNN attention", lambda: _try_cudnn(device, kind)),
        gelu_in_product=_works("GELU in the product", lambda: _try_gelu(device, kind)),
        channels_last=_works("channels last", lambda: _try_channels_last(device, kind)),
        pictures=_works("the decoder over pictures", lambda: _try_pictures(device, kind)),
        activation=_works("the activation in one kernel", lambda: _try_activation(device, kind)),
        eight_bits=_works("products of eight bits", lambda: _try_eight_bits(device, kind)),
        rounding=_works("rounding in one kernel", lambda: _try_rounding(device, kind)),
        pieces=_works("the arithmetic between products in own kernels", lambda: _try_pieces(device, kind)),
        compiler=_works("compiler", lambda: _try_compiler(device)),
    )


def keep(folder: Path, card: str, found: Levers) -> None:
    """Write down what was found, if that is news."""
    text = json.dumps({"card": card, "torch": str(torch.__version__), "levers": found.told()})
    file = folder / FILE
    with contextlib.suppress(OSError):
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def attention(query: Any, key: Any, value: Any, *, cudnn: bool) -> Any:
    """Attention of query [N, S, heads, d] to key and value [N, K, heads, d]: [N, S, heads * d], no copies made."""
    views = (part.transpose(1, 2) for part in (query, key, value))
    with _only_cudnn() if cudnn else contextlib.nullcontext():
        out = functional.scaled_dot_product_attention(*views)
    return out.transpose(1, 2).flatten(2)


def linear_gelu(x: Any, weight: Any, bias: Any, *, in_product: bool) -> Any:
    """gelu(x weight^T + bias), the tanh form; `in_product` leaves it to cuBLAS, which has that form only."""
    if not in_product:
        return functional.gelu(functional.linear(x, weight, bias), approximate="tanh")
    flat = torch._addmm_activation(bias, x.flatten(0, -2), weight.t(), use_gelu=True)
    return flat.unflatten(0, x.shape[:-1])


def _only_cudnn() -> Any:
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel(SDPBackend.CUDNN_ATTENTION)


def _works(name: str, attempt: Callable[[], bool]) -> bool:
    try:
        works = attempt()
    except _FAILURES as error:
        log.info("%s is off: %s: %s", name, type(error).__name__, error)
        return False
    if not works:
        log.info("%s is off", name)
    return works


def _close(ours: Any, theirs: Any) -> bool:
    difference = (ours.float() - theirs.float()).abs().max()
    return bool(difference <= _CLOSE * theirs.float().abs().max())


def _try_cudnn(device: str, dtype: torch.dtype) -> bool:
    heads = [torch.randn(1, 640, 24, 128, device=device, dtype=dtype) for _ in range(3)]
    text = [part[:, :512].contiguous() for part in heads[1:]]
    plain = [attention(*heads, cudnn=False), attention(heads[0], *text, cudnn=False)]
    ours = [attention(*heads, cudnn=True), attention(heads[0], *text, cudnn=True)]
    return all(map(_close, ours, plain))


def _try_gelu(device: str, dtype: torch.dtype) -> bool:
    x = torch.randn(1, 256, 128, device=device, dtype=dtype)
    weight = torch.randn(512, 128, device=device, dtype=dtype) * 0.1
    bias = torch.randn(512, device=device, dtype=dtype)
    plain = linear_gelu(x, weight, bias, in_product=False)
    return _close(linear_gelu(x, weight, bias, in_product=True), plain)


def _try_channels_last(device: str, dtype: torch.dtype) -> bool:
    x = torch.randn(1, 32, 3, 16, 16, device=device, dtype=dtype)
    weight = torch.randn(64, 32, 3, 3, 3, device=device, dtype=dtype) * 0.1
    plain = functional.conv3d(x, weight, padding=(0, 1, 1))
    last = torch.channels_last_3d
    ours = functional.conv3d(x.to(memory_format=last), weight.to(memory_format=last), padding=(0, 1, 1))
    return _close(ours, plain)


def _try_pictures(device: str, dtype: torch.dtype) -> bool:
    """On a band of the decoder's largest layers: right, and worth having its input three times."""
    from wan_desktop.engine.pictures import flat, lay_flat

    last = torch.channels_last_3d
    x = torch.randn(1, 256, 6, 34, 642, device=device, dtype=dtype).contiguous(memory_format=last)
    weight = torch.randn(256, 256, 3, 3, 3, device=device, dtype=dtype) * 0.02
    clips, pictures = weight.contiguous(memory_format=last), flat(lay_flat(weight))
    seen = torch.cat([x[0, :, t : t + 4].transpose(0, 1) for t in range(3)], dim=1)
    seen = seen.contiguous(memory_format=torch.channels_last)
    ours, plain = functional.conv2d(seen, pictures), functional.conv3d(x, clips)
    if not _close(ours.transpose(0, 1)[None], plain):
        return False
    seconds = [
        _seconds(lambda: functional.conv2d(seen, pictures), device),
        _seconds(lambda: functional.conv3d(x, clips), device),
    ]
    log.info("a convolution over pictures takes %.2f ms, over a clip %.2f ms", *(1e3 * s for s in seconds))
    return seconds[0] < _WORTH * seconds[1]


def _seconds(call: Callable[[], object], device: str, count: int = 5) -> float:
    """What `call` takes on the card `device`: the median."""
    with torch.cuda.device(device):
        return _timed(call, count)


def _timed(call: Callable[[], object], count: int) -> float:
    call()
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
    for mark in marks[:-1]:
        mark.record()
        call()
    marks[-1].record()
    marks[-1].synchronize()
    return median(before.elapsed_time(after) for before, after in pairwise(marks)) / 1e3


def _try_activation(device: str, dtype: torch.dtype) -> bool:
    from wan_desktop.engine.decoder_kernel import norm_silu

    x, gamma = torch.randn(1, 256, 2, 9, 33, device=device, dtype=dtype), torch.randn(256, device=device)
    x = x.contiguous(memory_format=torch.channels_last_3d)
    ours = torch.empty_like(x)
    norm_silu(x[..., 1:, 2:], gamma.to(dtype), ours[..., 1:, 2:], 1e-24)
    normed = functional.rms_norm(x.float().movedim(1, -1), (256,), gamma, 1e-24).movedim(-1, 1)
    return _close(ours[..., 1:, 2:], functional.silu(normed)[..., 1:, 2:])


def _try_eight_bits(device: str, dtype: torch.dtype) -> bool:
    """With a scale for each row of either side."""
    if dtype != torch.bfloat16:
        return False
    x = torch.randn(32, 64, device=device)
    scale = x.abs().amax(-1, keepdim=True) / torch.finfo(torch.float8_e4m3fn).max
    rounded = (x / scale).to(torch.float8_e4m3fn)
    ours = torch._scaled_mm(rounded, rounded.t(), scale, scale.t().contiguous(), out_dtype=dtype)
    plain = rounded.float() * scale
    return _close(ours, plain @ plain.t())


def _try_rounding(device: str, dtype: torch.dtype) -> bool:
    from wan_desktop.engine.rounding_kernel import round_rows

    kind = torch.float8_e4m3fn
    x = torch.randn(3, 5, 5000, device=device, dtype=dtype)
    rounded, scale = round_rows(x, kind)
    expected = x.float().abs().amax(-1, keepdim=True) / torch.finfo(kind).max
    return _close(scale, expected) and _close(rounded, (x.float() / expected).to(kind))


def _try_pieces(device: str, dtype: torch.dtype) -> bool:
    """With the 5 B's width, so that what is made for the trial is what a clip needs."""
    from wan_desktop.engine.lean_kernels import KERNELS
    from wan_desktop.engine.lean_pieces import EAGER

    frames, a_frame, heads, head, eps = 3, 16, 24, 128, 1e-6
    width, tokens = heads * head, frames * a_frame
    some = functools.partial(torch.randn, device=device)
    x, y, _ = some(1, tokens, 3 * width, dtype=dtype).chunk(3, dim=-1)
    shift, scale, gate = some(1, frames, 6, width)[:, :, :3].unbind(2)
    weight, cos, sin = some(width), some(tokens, 1, head), some(tokens, 1, head)
    calls: dict[str, tuple[Any, ...]] = {
        "modulate": (x, shift, scale, eps),
        "turn": (x, weight.to(dtype), cos, sin, eps),
        "norm_heads": (y, weight.to(dtype), head, eps),
        "leave_self": (x, y, gate, weight, weight, eps),
        "leave_text": (x, y, shift, scale, eps),
        "gated": (x, y, gate),
    }
    pairs = ((getattr(KERNELS, name)(*call), getattr(EAGER, name)(*call)) for name, call in calls.items())
    return all(all(map(_close, _tuple(ours), _tuple(plain))) for ours, plain in pairs)


def _tuple(made: Any) -> tuple[Any, ...]:
    return made if isinstance(made, tuple) else (made,)


def _try_compiler(device: str) -> bool:
    from torch.utils._triton import has_triton

    return bool(has_triton()) and torch.cuda.get_device_capability(device) >= (7, 0)
