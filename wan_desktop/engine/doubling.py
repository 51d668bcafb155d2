"""Pictures made twice as large by the decoder: upsampling, its convolution and the shortcut around them, in one.

Every pixel of a picture doubled by repetition has its like beside it, so a 3 x 3 kernel on it is a 2 x 2 kernel on
the small picture, another one for each parity of row and column: 16 products in the place of 36.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from wan_desktop.engine.bands import zero_around

if TYPE_CHECKING:
    from diffusers.models.autoencoders.autoencoder_kl_wan import WanResidualUpBlock

    from wan_desktop.engine.bands import Bands
    from wan_desktop.engine.regions import Region


class Doubling:
    """Doubles for one tile, in the bands of `bands`."""

    def __init__(self, bands: Bands) -> None:
        self._bands = bands
        self._quarters: dict[int, tuple[tuple[torch.Tensor, ...], ...]] = {}

    def __call__(
        self,
        block: WanResidualUpBlock,
        x: torch.Tensor,
        at: Region,
        before: torch.Tensor,
        before_at: Region,
        low: Region,
        *,
        first: bool,
    ) -> torch.Tensor:
        """Twice the rows and columns of region `low` of x, which holds `at`, plus the block's input made as large.

        `before`, which holds `before_at`, is that input; `first`: these are of the first latent frame (DupUp3D).
        """
        conv = block.upsampler.resample[1]
        quarters = self._quarters_of(conv)
        frames = x.shape[2]
        out = self._bands.empty((1, conv.out_channels, frames, 2 * low.rows, 2 * low.columns), x)
        height = self._bands.rows_of(x, low)
        for top in range(low.top, low.bottom, height):
            band = low.band(top, min(top + height, low.bottom))
            padded = self._padded_pictures(x, at, band)
            rows = slice(2 * (band.top - low.top), 2 * (band.bottom - low.top))
            shortcut = before[(..., *band.within(before_at))]
            for a in (0, 1):
                for b in (0, 1):
                    seen = padded[..., a : a + band.rows + 1, b : b + band.columns + 1]
                    made = functional.conv2d(self._bands.flat(seen), quarters[a][b], conv.bias)
                    place = out[..., rows, :][..., a::2, b::2]
                    _add_shortcut(block, made, shortcut, (a, b), place, first=first)
        return out

    def _padded_pictures(self, x: torch.Tensor, at: Region, band: Region) -> torch.Tensor:
        """`band` of x with one more pixel around, zero outside of the picture: [T, C, rows + 2, columns + 2]."""
        inside = band.grown()
        padded = self._bands.empty((1, x.shape[1], x.shape[2], band.rows + 2, band.columns + 2), x)
        rows = slice(inside.top - band.top + 1, inside.bottom - band.top + 1)
        columns = slice(inside.left - band.left + 1, inside.right - band.left + 1)
        zero_around(padded, rows, columns)
        padded[..., rows, columns] = x[(..., *inside.within(at))]
        return padded[0].transpose(0, 1)

    def _quarters_of(self, conv: torch.nn.Conv2d) -> tuple[tuple[torch.Tensor, ...], ...]:
        """For rows and columns of each parity, the 2 x 2 kernel on the small picture, [a][b]."""
        found = self._quarters.get(id(conv))
        if found is None:
            weight = conv.weight.float()
            rows = (_pair(weight, 2, 0), _pair(weight, 2, 1))
            found = tuple(
                tuple(self._bands.flat(_pair(half, 3, b).to(conv.weight.dtype)) for b in (0, 1))
                for half in rows
            )
            self._quarters[id(conv)] = found
        return found


def _add_shortcut(
    block: WanResidualUpBlock,
    made: torch.Tensor,
    shortcut: torch.Tensor,
    parity: tuple[int, int],
    place: torch.Tensor,
    *,
    first: bool,
) -> None:
    """place = made + the shortcut's channels for rows and columns of that `parity`."""
    up = block.avg_shortcut
    pictures = made.transpose(0, 1)[None]
    every = up.factor // up.repeats
    for t in range(up.factor_t):
        channels = shortcut[:, ((t * 2 + parity[0]) * 2 + parity[1]) // up.repeats :: every]
        if not first:
            torch.add(pictures[:, :, t :: up.factor_t], channels, out=place[:, :, t :: up.factor_t])
        elif t == up.factor_t - 1:  # the first latent frame has one frame: the last of those it would become
            torch.add(pictures, channels, out=place)


def _pair(weight: torch.Tensor, dim: int, parity: int) -> torch.Tensor:
    """Three taps along `dim` as the two that a doubled picture leaves: the middle one falls on a neighbour's copy."""
    first, middle, last = weight.unbind(dim)
    pair = (first, middle + last) if parity == 0 else (first + middle, last)
    return torch.stack(pair, dim)
