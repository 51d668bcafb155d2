"""Kernels of our own, in Triton's interpreter: only where Triton is installed."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="Triton")

NORM_SILU = """
import torch
from torch.nn import functional
from wan_desktop.engine.decoder_kernel import norm_silu

last = torch.channels_last_3d
for channels, frames, rows, columns in ((256, 4, 5, 37), (48, 1, 3, 7), (1024, 1, 2, 5)):
    whole = torch.randn(1, channels, frames, rows + 3, columns + 2).contiguous(memory_format=last)
    x, gamma = whole[..., 1 : 1 + rows, 1 : 1 + columns], torch.randn(channels)
    padded = torch.full((1, channels, frames + 2, rows + 2, columns + 2), 7.0).contiguous(memory_format=last)
    norm_silu(x, gamma, padded[:, :, 2:, 1:-1, 1:-1], 1e-24)
    normed = functional.rms_norm(x.movedim(1, -1), (channels,), gamma, 1e-24).movedim(-1, 1)
    expected = torch.full_like(padded, 7.0)
    expected[:, :, 2:, 1:-1, 1:-1] = functional.silu(normed)
    torch.testing.assert_close(padded, expected)
"""


ROUNDING = """
import torch
from wan_desktop.engine.fp8 import KIND, plainly_rounded
from wan_desktop.engine.rounding_kernel import round_rows

torch.manual_seed(0)
for shape in ((2, 5, 96), (3, 5000), (1, 2, 14336)):
    x = torch.randn(shape)
    x[..., 0, :] = 0
    (ours, scale), (theirs, their_scale) = round_rows(x, KIND), plainly_rounded(x)
    torch.testing.assert_close(scale, their_scale)
    assert ours.shape == theirs.shape
    # The interpreter loses the carry of the last bit into the exponent: such numbers come out halved there, and some
    # of the least a step too small.
    carried = (theirs.float() == 2 * ours.float()) & (theirs.float() != 0)
    least = (theirs.float().abs() <= 2**-6) & ((ours.float() - theirs.float()).abs() <= 2**-9)
    assert torch.equal(ours.float()[~carried & ~least], theirs.float()[~carried & ~least])
    assert (ours.float() != theirs.float()).float().mean() < 0.05
"""

PIECES = """
import torch
from wan_desktop.engine.lean_kernels import KERNELS
from wan_desktop.engine.lean_pieces import EAGER

torch.manual_seed(0)
batch, tokens, heads, head = 2, 6, 3, 16
width = heads * head
for frames in (1, 3):
    for dtype in (torch.float32, torch.bfloat16):
        qkv = torch.randn(batch, tokens, 3 * width, dtype=dtype)
        x, y, _ = qkv.chunk(3, dim=-1)  # rows apart, as one product of three gives them
        rows = torch.randn(1 if frames == 1 else batch, frames, 6, width)  # one for all clips, or each its own
        shift, scale, gate = rows[:, :, :3].unbind(2)
        weight, bias = torch.randn(width), torch.randn(width)
        cos, sin = torch.randn(tokens, 1, head), torch.randn(tokens, 1, head)
        calls = {
            "modulate": (x, shift, scale, 1e-6),
            "turn": (x, weight.to(dtype), cos, sin, 1e-6),
            "norm_heads": (y, weight.to(dtype), head, 1e-6),
            "leave_self": (x, y, gate, weight, bias, 1e-6),
            "leave_text": (x, y, shift, scale, 1e-6),
            "gated": (x, y, gate),
        }
        for name, arguments in calls.items():
            ours, plain = (getattr(pieces, name)(*arguments) for pieces in (KERNELS, EAGER))
            for one, other in zip(*(part if isinstance(part, tuple) else (part,) for part in (ours, plain))):
                assert one.shape == other.shape and one.dtype == other.dtype, name
                most = 1e-5 if dtype == torch.float32 else 0.02  # the interpreter rounds badly to bfloat16
                assert (one - other).abs().max() <= most * other.abs().max(), (name, dtype)
"""

FORWARD = """
import torch
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from wan_desktop.engine import lean
from wan_desktop.engine.lean_kernels import KERNELS

torch.manual_seed(0)
network = WanTransformer3DModel(
    patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=16, in_channels=8, out_channels=8, text_dim=24,
    freq_dim=32, ffn_dim=48, num_layers=3, cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=64,
).eval().requires_grad_(False)
for parameter in network.parameters():
    parameter.data.normal_(0, 0.2)
latents, states, each = torch.randn(2, 8, 3, 4, 6), torch.randn(2, 20, 24), torch.tensor([0.0, 700.0, 700.0])
with torch.no_grad():
    stock = network(latents, each.repeat_interleave(6).expand(2, -1), states, return_dict=False)[0]
    lean.adopt(network)
    ours = network(latents, each, lean.Text(lean.Clip(pieces=KERNELS), states))[0]
assert (ours - stock).abs().max() <= 1e-5 * stock.abs().max()
"""


@pytest.mark.parametrize("script", [NORM_SILU, ROUNDING, PIECES, FORWARD])
def test_a_kernel_gives_what_pytorch_gives(script):
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, timeout=300)
