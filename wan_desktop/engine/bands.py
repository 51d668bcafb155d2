"""A causal convolution with what stands before it, some rows at a time, so that little is held besides its ends.

A band sees its neighbours' rows, so nothing is done twice; frames of the past are kept from chunk to chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from wan_desktop.engine.regions import Region

if TYPE_CHECKING:
    from collections.abc import Callable

    from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d, WanResample

BAND_BYTES = 256 * 2**20
"""How large the padded input of a band may be where a picture is made whole: a tenth quicker than 64 MiB."""
TILE_BAND_BYTES = 64 * 2**20
"""How large it may be in a tile, which is there to save memory."""
_EPS = 1e-24
"""Added to the mean of squares: nothing, but zeros stay zeros (diffusers divides by at least 1e-12)."""
_PAST = 2
"""Frames before the present ones that a causal kernel of three looks at."""


class Bands:
    """The layers of one tile, with what earlier chunks of frames left behind for each.

    `together`: channels lie together in memory; with `one_kernel` norm and activation are one kernel of ours.
    """

    def __init__(self, *, together: bool, one_kernel: bool, band_bytes: int) -> None:
        self._together, self._one_kernel, self._band_bytes = together, one_kernel, band_bytes
        self._layout = torch.channels_last_3d if together else torch.contiguous_format
        self._kept: dict[int, torch.Tensor] = {}

    def conv(
        self,
        x: torch.Tensor,
        at: Region,
        give: Region,
        norm: torch.nn.Module | None,
        conv: WanCausalConv3d,
        add: tuple[torch.Tensor, torch.nn.Conv3d | None] | None = None,
        out: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """conv(act(norm x)) in region `give`, `x` holding `at`; plus `add`: a tensor and its 1 x 1 x 1 kernel."""
        see = give.grown()
        past = self._past(conv, x, see)
        height = self.rows_of(x, give)
        late: Callable[[], object] = _nothing
        for top in range(give.top, give.bottom, height):
            band = give.band(top, min(top + height, give.bottom))
            padded, inside = self._padded(x, at, band, see, past, norm)
            made = self._product(padded, conv)
            late()
            late = _keeper(past, see, band, self._newest(padded), inside)
            rows = slice(band.top - give.top, band.bottom - give.top)
            if add is not None:
                made += _seen_through(add[1], add[0][..., rows, :])
            if band.rows == give.rows:
                out = made
                break
            if out is None:
                out = self.empty((*made.shape[:3], give.rows, give.columns), made)
            out[..., rows, :] = made
        late()
        assert out is not None  # a region has rows
        return out

    def _padded(
        self,
        x: torch.Tensor,
        at: Region,
        band: Region,
        see: Region,
        past: torch.Tensor,
        norm: torch.nn.Module | None,
    ) -> tuple[torch.Tensor, Region]:
        """What a 3 x 3 x 3 kernel needs for `band`: two frames of the past, then act(norm x), with zeros around.

        Also the region of it that is no padding.
        """
        inside = band.grown()
        frames = x.shape[2]
        padded = self.empty((1, x.shape[1], _PAST + frames, band.rows + 2, band.columns + 2), x)
        rows = slice(inside.top - band.top + 1, inside.bottom - band.top + 1)
        columns = slice(inside.left - band.left + 1, inside.right - band.left + 1)
        zero_around(padded, rows, columns)
        body = padded[..., rows, columns]
        body[:, :, :_PAST] = past[(..., *inside.within(see))]
        self._activate(x[(..., *inside.within(at))], norm, body[:, :, _PAST:])
        return padded, inside

    def _product(self, padded: torch.Tensor, conv: WanCausalConv3d) -> torch.Tensor:
        """The convolution of what `_padded` made."""
        return functional.conv3d(padded, conv.weight, conv.bias)

    def _newest(self, padded: torch.Tensor) -> torch.Tensor:
        """The last two frames in `padded`, [1, C, 2, H, W]."""
        return padded[:, :, -_PAST:]

    def _depth(self, frames: int) -> int:
        """How many frames the padded input for so many has."""
        return _PAST + frames

    def _activate(self, x: torch.Tensor, norm: torch.nn.Module | None, into: torch.Tensor) -> None:
        """into = silu(norm x); without a norm, x itself (the decoder's first convolution)."""
        if norm is None:
            into.copy_(x)
            return
        if self._one_kernel and x.stride(1) == into.stride(1) == 1:
            from wan_desktop.engine.decoder_kernel import norm_silu

            norm_silu(x, norm.gamma.flatten(), into, _EPS)
            return
        into.copy_(functional.silu(self._normed(x, norm), inplace=True))

    def _normed(self, x: torch.Tensor, norm: torch.nn.Module) -> torch.Tensor:
        """WanRMS_norm: x / ||x|| * sqrt(C) * gamma over channels; as one kernel where the channels lie together."""
        if not self._together:
            return norm(x)
        channels = x.movedim(1, -1)
        gamma = norm.gamma.flatten()
        return functional.rms_norm(channels, gamma.shape, gamma, _EPS).movedim(-1, 1)

    def more_frames(self, sampler: WanResample, x: torch.Tensor, at: Region) -> torch.Tensor:
        """Twice as many frames: a kernel of three frames gives each its two."""
        past = self._past(sampler, x, at)
        seen = torch.cat([past, x], dim=2)
        past.copy_(seen[:, :, -_PAST:])
        made = functional.conv3d(self.laid_out(seen), sampler.time_conv.weight, sampler.time_conv.bias)
        channels, frames = x.shape[1:3]
        out = self.empty((1, channels, 2 * frames, at.rows, at.columns), x)
        out[:, :, 0::2], out[:, :, 1::2] = made[:, :channels], made[:, channels:]
        return out

    def _past(self, layer: torch.nn.Module, like: torch.Tensor, see: Region) -> torch.Tensor:
        """The layer's last two input frames in region `see`, zeros before the first; `like` has their channels."""
        if id(layer) not in self._kept:
            shape = (1, like.shape[1], _PAST, see.rows, see.columns)
            self._kept[id(layer)] = self.empty(shape, like).zero_()
        return self._kept[id(layer)]

    def empty(self, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        """A tensor of `shape` without contents, of the type and on the device of `like`."""
        return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=self._layout)

    def laid_out(self, x: torch.Tensor) -> torch.Tensor:
        """x [1, C, T, H, W] as the convolutions want it in memory."""
        return x.contiguous(memory_format=self._layout)

    def flat(self, x: torch.Tensor) -> torch.Tensor:
        """x [N, C, H, W] as the convolutions want it in memory."""
        return x.contiguous(memory_format=torch.channels_last if self._together else torch.contiguous_format)

    def rows_of(self, x: torch.Tensor, give: Region) -> int:
        """How many rows a band has, so that bands are alike and their padded input is as large as it may be."""
        a_row = x.shape[1] * self._depth(x.shape[2]) * (give.columns + 2) * x.element_size()
        bands = -(-give.rows * a_row // self._band_bytes)
        return max(1, -(-give.rows // max(1, bands)))


def zero_around(padded: torch.Tensor, rows: slice, columns: slice) -> None:
    """Zero what lies outside of `rows` and `columns`."""
    if rows.start:
        padded[..., : rows.start, :].zero_()
    if rows.stop < padded.shape[-2]:
        padded[..., rows.stop :, :].zero_()
    if columns.start:
        padded[..., : columns.start].zero_()
    if columns.stop < padded.shape[-1]:
        padded[..., columns.stop :].zero_()


def _keeper(
    past: torch.Tensor, see: Region, band: Region, newest: torch.Tensor, inside: Region
) -> Callable[[], object]:
    """What keeps the `newest` two frames as the past of `band`: for when the next band has seen the old.

    A band at the edge of what is seen keeps the rows beyond it too.
    """
    top = inside.top if inside.top == see.top else band.top
    bottom = inside.bottom if inside.bottom == see.bottom else band.bottom
    own = Region(top, bottom, inside.left, inside.right, see.height, see.width)
    rows = slice(top - band.top + 1, bottom - band.top + 1)
    columns = slice(inside.left - band.left + 1, inside.right - band.left + 1)
    here = past[(..., *own.within(see))]
    return lambda: here.copy_(newest[..., rows, columns])


def _seen_through(kernel: torch.nn.Conv3d | None, x: torch.Tensor) -> torch.Tensor:
    return x if kernel is None else functional.conv3d(x, kernel.weight, kernel.bias)


def _nothing() -> None:
    """Nothing is kept yet."""
