"""Causal convolutions over pictures instead of over clips: the same sums, by kernels that some cards are better at.

A kernel of three frames on C channels is a kernel of one picture on 3 C: each picture with the two before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from wan_desktop.engine.bands import Bands, zero_around

if TYPE_CHECKING:
    from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d

    from wan_desktop.engine.regions import Region

TAPS = 3
"""Frames that a causal kernel looks at."""


class Pictures(Bands):
    """As `Bands`; the padded input is [T, 3 C, H, W]: for every frame the two before it, and itself."""

    def _padded(
        self,
        x: torch.Tensor,
        at: Region,
        band: Region,
        see: Region,
        past: torch.Tensor,
        norm: torch.nn.Module | None,
    ) -> tuple[torch.Tensor, Region]:
        inside = band.grown()
        channels, frames = x.shape[1:3]
        shape = (frames, TAPS * channels, band.rows + 2, band.columns + 2)
        layout = torch.channels_last if self._together else torch.contiguous_format
        padded = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=layout)
        rows = slice(inside.top - band.top + 1, inside.bottom - band.top + 1)
        columns = slice(inside.left - band.left + 1, inside.right - band.left + 1)
        zero_around(padded, rows, columns)
        body = padded.unflatten(1, (TAPS, channels))[..., rows, columns]
        old = past[(0, ..., *inside.within(see))].transpose(0, 1)
        body[0, :2] = old
        if frames > 1:
            body[1, 0] = old[1]
        newest = body[:, 2]
        self._activate(x[(..., *inside.within(at))], norm, newest.transpose(0, 1)[None])
        for ago in range(1, min(TAPS, frames)):
            body[ago:, 2 - ago] = newest[:-ago]
        return padded, inside

    def _product(self, padded: torch.Tensor, conv: WanCausalConv3d) -> torch.Tensor:
        return functional.conv2d(padded, flat(conv.weight), conv.bias).transpose(0, 1)[None]

    def _newest(self, padded: torch.Tensor) -> torch.Tensor:
        return padded[-1].unflatten(0, (TAPS, -1))[1:].transpose(0, 1)[None]

    def _depth(self, frames: int) -> int:
        return TAPS * frames


def flat(weight: torch.Tensor) -> torch.Tensor:
    """A kernel [O, C, 3, H, W] as one for pictures, [O, 3 C, H, W]; no copy if `lay_flat` made it."""
    return weight.transpose(1, 2).flatten(1, 2)


def lay_flat(weight: torch.Tensor) -> torch.Tensor:
    """`weight` [O, C, 3, H, W] in memory as [O, H, W, 3, C]."""
    return weight.permute(0, 3, 4, 2, 1).contiguous().permute(0, 4, 3, 1, 2)
