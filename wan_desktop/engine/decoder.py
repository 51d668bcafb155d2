"""The Wan2.2 VAE's decoder on its own weights: the same numbers, with less memory and fewer passes over it.

Three things differ from diffusers' `WanDecoder3d`, none of which changes what is computed:

- *Bands*: a convolution is done some rows at a time, so that what it needs besides its input and output (the
  normalised input, padded, and the frames before it) is small. A band sees its neighbours' rows; none is done twice.
- *Tiles*: from the upsampling on, a tile of the picture can be made alone, with as much around it as its convolutions
  look at, less after each of them. At the picture's own border the padding is zero as ever.
- An upsampling by two followed by a 3 x 3 convolution is four 2 x 2 convolutions of the small picture, whose weights
  are sums of the large one's: 16 products in the place of 36.

Tensors are [1, C, T, H, W]; in half precision on a card they lie in memory as [T, H, W, C], as its kernels like it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from wan_desktop.engine import levers
from wan_desktop.engine.leash import knock
from wan_desktop.engine.regions import Region

if TYPE_CHECKING:
    from collections.abc import Callable

    from diffusers.models.autoencoders.autoencoder_kl_wan import (
        AutoencoderKLWan,
        WanCausalConv3d,
        WanResample,
        WanResidualBlock,
        WanResidualUpBlock,
    )

BAND_BYTES = 64 * 2**20
"""How large the padded input of a band may be."""
_EPS = 1e-24
"""Added to the mean of squares: nothing, but zeros stay zeros (diffusers divides by at least 1e-12)."""
_PAST = 2
"""Frames before the present ones that a causal kernel of three looks at."""


def fits(vae: AutoencoderKLWan) -> bool:
    """Can `Decoder` compute this VAE? It knows the residual ones of Wan2.2, not the flat ones of Wan2.1."""
    if not vae.config.is_residual or vae.config.attn_scales:
        return False
    ups = [block.avg_shortcut for block in vae.decoder.up_blocks if block.avg_shortcut is not None]
    return all(up.factor_s == 2 and up.in_channels % up.out_channels == 0 for up in ups)


def channels_last(vae: AutoencoderKLWan) -> bool:
    """Do its convolutions want the channels together? In half precision on a card; in float32 it is far slower."""
    weight = vae.decoder.conv_in.weight
    if weight.device.type == "meta":
        return bool(weight.dtype != torch.float32)
    return _levers(weight).channels_last


def lay_out(vae: AutoencoderKLWan) -> None:
    """Lay the decoder's weights in memory as its convolutions want them, once, instead of at every call."""
    if not channels_last(vae):
        return
    for module in vae.decoder.modules():
        if isinstance(module, torch.nn.Conv3d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last_3d)


@dataclass(slots=True)
class _Past:
    """What earlier chunks of frames left behind for one tile, by the layer that looks back."""

    kept: dict[int, torch.Tensor] = field(default_factory=dict)

    def of(
        self, layer: torch.nn.Module, like: torch.Tensor, size: tuple[int, int], wide: Any
    ) -> torch.Tensor:
        """The layer's last two input frames [1, C, 2, *size], zeros before the first; `like` has their channels."""
        if id(layer) not in self.kept:
            shape = (1, like.shape[1], _PAST, *size)
            self.kept[id(layer)] = wide(shape, like).zero_()
        return self.kept[id(layer)]


class Decoder:
    """Decodes one tile of a clip, latent frame by latent frame; `core` is the tile on the grid of `latents * 8`.

    `core` None: the whole picture. `height`, `width` are the latents'. `together`: do the channels lie together?
    None means what suits the device. `band_bytes`: how large a band's padded input may be.
    """

    def __init__(
        self,
        vae: AutoencoderKLWan,
        height: int,
        width: int,
        core: Region | None = None,
        *,
        together: bool | None = None,
        band_bytes: int = BAND_BYTES,
    ) -> None:
        self._vae, self._net = vae, vae.decoder
        self._last = channels_last(vae) if together is None else together
        self._layout = torch.channels_last_3d if self._last else torch.contiguous_format
        self._one_kernel = self._last and _levers(vae.decoder.conv_in.weight).activation
        self._band_bytes = band_bytes
        self._past = _Past()
        self._whole = Region.whole(height, width)
        self._plan(core)
        self._quarters: dict[int, tuple[tuple[torch.Tensor, ...], ...]] = {}
        self._first = True

    def _plan(self, core: Region | None) -> None:
        """What every layer must give so that `core` comes out, from the last layer back to the first."""
        blocks = self._net.up_blocks
        scale = 2 ** sum(block.upsampler is not None for block in blocks)
        whole = Region.whole(self._whole.height * scale, self._whole.width * scale)
        self.core = core or whole
        give, self._give = self.core.grown(), []
        for block in reversed(blocks):
            of_block = []
            if block.upsampler is not None:
                low = give.halved()
                of_block.append(low)
                give = low.grown()
            for _ in block.resnets:
                of_block.append(give)
                give = give.grown(2)
            self._give.append(of_block[::-1])
        self._start = give
        self._give.reverse()

    @torch.no_grad()
    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        """The frames of the next latent frame `z` [1, z, 1, h, w], raw: [1, 3, 1 or 4, H, W], not clamped."""
        x, at = self._whole_picture(z), self._whole
        if self._start != at:
            x, at = self._laid_out(x[(..., *self._start.within(at))]), self._start
        for block, gives in zip(self._net.up_blocks, self._give, strict=True):
            x, at = self._up_block(block, x, at, gives)
        x = self._conv(x, at, self.core, self._net.norm_out, self._net.conv_out)
        self._first = False
        return unpatchified(x, self._vae.config.patch_size or 1)

    def _whole_picture(self, z: torch.Tensor) -> torch.Tensor:
        """The layers that need to see the whole picture, all of them at the latents' own size."""
        net, all_of_it = self._net, self._whole
        x = self._laid_out(self._vae.post_quant_conv(z))
        x = self._conv(x, all_of_it, all_of_it, None, net.conv_in)
        x = self._res_block(net.mid_block.resnets[0], x, all_of_it, all_of_it, x)
        for attention, block in zip(net.mid_block.attentions, net.mid_block.resnets[1:], strict=True):
            x = self._laid_out(attention(x))
            x = self._res_block(block, x, all_of_it, all_of_it, x)
        return x

    def _up_block(
        self, block: WanResidualUpBlock, x: torch.Tensor, at: Region, gives: list[Region]
    ) -> tuple[torch.Tensor, Region]:
        """A block's layers on `x`, which holds `at`; what comes out, and which region it holds."""
        before, before_at = x, at
        for resnet, give in zip(block.resnets, gives, strict=False):
            mine = x is not before or block.avg_shortcut is None
            x, at = self._res_block(resnet, x, at, give, x if mine else None), give
        if block.upsampler is None:
            return x, at
        low = gives[-1]
        knock(block.upsampler, x)
        if block.upsampler.mode == "upsample3d" and not self._first:
            x = self._more_frames(block.upsampler, x, at)
        return self._larger(block, x, at, before, before_at, low), low.doubled()

    def _res_block(
        self, block: WanResidualBlock, x: torch.Tensor, at: Region, give: Region, into: torch.Tensor | None
    ) -> torch.Tensor:
        """x + conv2(act(norm2(conv1(act(norm1 x))))) in region `give`; written over `into` where that is possible."""
        knock(block, x)
        inner = self._conv(x, at, give.grown(), block.norm1, block.conv1)
        rest = x[(..., *give.within(at))]
        wider = None if isinstance(block.conv_shortcut, torch.nn.Identity) else block.conv_shortcut
        out = rest if wider is None and into is x else None
        return self._conv(inner, give.grown(), give, block.norm2, block.conv2, (rest, wider), out)

    def _conv(
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
        past = self._past.of(conv, x, (see.rows, see.columns), self._empty)
        height = self._band_rows(x, give)
        late: Callable[[], object] = _nothing
        for top in range(give.top, give.bottom, height):
            band = give.band(top, min(top + height, give.bottom))
            padded, inside = self._padded(x, at, band, see, past, norm)
            made = functional.conv3d(padded, conv.weight, conv.bias)
            late()
            late = _keeper(past, see, band, padded, inside)
            rows = slice(band.top - give.top, band.bottom - give.top)
            if add is not None:
                made += _seen_through(add[1], add[0][..., rows, :])
            if band.rows == give.rows:
                out = made
                break
            if out is None:
                out = self._empty((*made.shape[:3], give.rows, give.columns), made)
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
        padded = self._empty((1, x.shape[1], _PAST + frames, band.rows + 2, band.columns + 2), x)
        rows = slice(inside.top - band.top + 1, inside.bottom - band.top + 1)
        columns = slice(inside.left - band.left + 1, inside.right - band.left + 1)
        _zero_around(padded, rows, columns)
        body = padded[..., rows, columns]
        body[:, :, :_PAST] = past[(..., *inside.within(see))]
        self._activate(x[(..., *inside.within(at))], norm, body[:, :, _PAST:])
        return padded, inside

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
        if not self._last:
            return norm(x)
        channels = x.movedim(1, -1)
        gamma = norm.gamma.flatten()
        return functional.rms_norm(channels, gamma.shape, gamma, _EPS).movedim(-1, 1)

    def _more_frames(self, sampler: WanResample, x: torch.Tensor, at: Region) -> torch.Tensor:
        """Twice as many frames: a kernel of three frames gives each its two."""
        past = self._past.of(sampler, x, (at.rows, at.columns), self._empty)
        seen = torch.cat([past, x], dim=2)
        past.copy_(seen[:, :, -_PAST:])
        made = functional.conv3d(self._laid_out(seen), sampler.time_conv.weight, sampler.time_conv.bias)
        channels, frames = x.shape[1:3]
        out = self._empty((1, channels, 2 * frames, at.rows, at.columns), x)
        out[:, :, 0::2], out[:, :, 1::2] = made[:, :channels], made[:, channels:]
        return out

    def _larger(
        self,
        block: WanResidualUpBlock,
        x: torch.Tensor,
        at: Region,
        before: torch.Tensor,
        before_at: Region,
        low: Region,
    ) -> torch.Tensor:
        """Twice the rows and columns of region `low`, plus the block's input made as large (DupUp3D)."""
        conv = block.upsampler.resample[1]
        quarters = self._quarters_of(conv)
        frames = x.shape[2]
        out = self._empty((1, conv.out_channels, frames, 2 * low.rows, 2 * low.columns), x)
        height = self._band_rows(x, low)
        for top in range(low.top, low.bottom, height):
            band = low.band(top, min(top + height, low.bottom))
            padded = self._padded_pictures(x, at, band)
            rows = slice(2 * (band.top - low.top), 2 * (band.bottom - low.top))
            shortcut = before[(..., *band.within(before_at))]
            for a in (0, 1):
                for b in (0, 1):
                    seen = padded[..., a : a + band.rows + 1, b : b + band.columns + 1]
                    made = functional.conv2d(self._flat_layout(seen), quarters[a][b], conv.bias)
                    place = out[..., rows, :][..., a::2, b::2]
                    self._add_shortcut(block, made, shortcut, a, b, place)
        return out

    def _add_shortcut(
        self,
        block: WanResidualUpBlock,
        made: torch.Tensor,
        shortcut: torch.Tensor,
        a: int,
        b: int,
        place: torch.Tensor,
    ) -> None:
        """place = made + the shortcut's channels for the rows of parity `a` and columns of parity `b`."""
        up = block.avg_shortcut
        pictures = made.transpose(0, 1)[None]
        every = up.factor // up.repeats
        for t in range(up.factor_t):
            channels = shortcut[:, ((t * 2 + a) * 2 + b) // up.repeats :: every]
            if (
                self._first
            ):  # the first latent frame has one frame: the last of those that it would be made into
                if t == up.factor_t - 1:
                    torch.add(pictures, channels, out=place)
            else:
                torch.add(pictures[:, :, t :: up.factor_t], channels, out=place[:, :, t :: up.factor_t])

    def _padded_pictures(self, x: torch.Tensor, at: Region, band: Region) -> torch.Tensor:
        """`band` of x with one more pixel around, zero outside of the picture: [T, C, rows + 2, columns + 2]."""
        inside = band.grown()
        padded = self._empty((1, x.shape[1], x.shape[2], band.rows + 2, band.columns + 2), x)
        rows = slice(inside.top - band.top + 1, inside.bottom - band.top + 1)
        columns = slice(inside.left - band.left + 1, inside.right - band.left + 1)
        _zero_around(padded, rows, columns)
        padded[..., rows, columns] = x[(..., *inside.within(at))]
        return padded[0].transpose(0, 1)

    def _quarters_of(self, conv: torch.nn.Conv2d) -> tuple[tuple[torch.Tensor, ...], ...]:
        """For rows and columns of each parity, the 2 x 2 kernel on the small picture, [a][b]."""
        found = self._quarters.get(id(conv))
        if found is None:
            weight = conv.weight.float()
            rows = (_pair(weight, 2, 0), _pair(weight, 2, 1))
            found = tuple(
                tuple(self._flat_layout(_pair(half, 3, b).to(conv.weight.dtype)) for b in (0, 1))
                for half in rows
            )
            self._quarters[id(conv)] = found
        return found

    # ---- how tensors lie in memory

    def _empty(self, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=self._layout)

    def _laid_out(self, x: torch.Tensor) -> torch.Tensor:
        return x.contiguous(memory_format=self._layout)

    def _flat_layout(self, x: torch.Tensor) -> torch.Tensor:
        return x.contiguous(memory_format=torch.channels_last if self._last else torch.contiguous_format)

    def _band_rows(self, x: torch.Tensor, give: Region) -> int:
        """How many rows a band has, so that bands are alike and their padded input is as large as it may be."""
        a_row = x.shape[1] * (x.shape[2] + _PAST) * (give.columns + 2) * x.element_size()
        bands = -(-give.rows * a_row // self._band_bytes)
        return max(1, -(-give.rows // max(1, bands)))


def _levers(weight: torch.Tensor) -> levers.Levers:
    return levers.of(str(weight.device), str(weight.dtype).removeprefix("torch."))


def unpatchified(x: torch.Tensor, size: int) -> torch.Tensor:
    """[1, 3 * size * size, T, H, W] as [1, 3, T, size * H, size * W] (diffusers `unpatchify`)."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

    return unpatchify(x, patch_size=size)


def _pair(weight: torch.Tensor, dim: int, parity: int) -> torch.Tensor:
    """Three taps along `dim` as the two that a doubled picture leaves: the middle one falls on a neighbour's copy."""
    first, middle, last = weight.unbind(dim)
    pair = (first, middle + last) if parity == 0 else (first + middle, last)
    return torch.stack(pair, dim)


def _zero_around(padded: torch.Tensor, rows: slice, columns: slice) -> None:
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
    past: torch.Tensor, see: Region, band: Region, padded: torch.Tensor, inside: Region
) -> Callable[[], object]:
    """What keeps the last two frames of `padded` as the past of `band`: for when the next band has seen the old.

    A band at the edge of what is seen keeps the rows beyond it too.
    """
    top = inside.top if inside.top == see.top else band.top
    bottom = inside.bottom if inside.bottom == see.bottom else band.bottom
    own = Region(top, bottom, inside.left, inside.right, see.height, see.width)
    rows = slice(top - band.top + 1, bottom - band.top + 1)
    columns = slice(inside.left - band.left + 1, inside.right - band.left + 1)
    here = past[(..., *own.within(see))]
    return lambda: here.copy_(padded[:, :, -_PAST:, rows, columns])


def _seen_through(kernel: torch.nn.Conv3d | None, x: torch.Tensor) -> torch.Tensor:
    return x if kernel is None else functional.conv3d(x, kernel.weight, kernel.bias)


def _nothing() -> None:
    """Nothing is kept yet."""
