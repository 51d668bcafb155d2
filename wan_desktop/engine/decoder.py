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

from typing import TYPE_CHECKING

import torch

from wan_desktop.engine import levers
from wan_desktop.engine.bands import BAND_BYTES, TILE_BAND_BYTES, Bands
from wan_desktop.engine.doubling import Doubling
from wan_desktop.engine.leash import knock
from wan_desktop.engine.pictures import TAPS, Pictures, lay_flat
from wan_desktop.engine.regions import Region

if TYPE_CHECKING:
    from diffusers.models.autoencoders.autoencoder_kl_wan import (
        AutoencoderKLWan,
        WanResidualBlock,
        WanResidualUpBlock,
    )


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
    pictures = _levers(vae.decoder.conv_in.weight).pictures
    for module in vae.decoder.modules():
        if isinstance(module, torch.nn.Conv3d):
            weight = module.weight.data
            if pictures and weight.shape[2] == TAPS and weight.shape[3] > 1:
                module.weight.data = lay_flat(weight)
            else:
                module.weight.data = weight.contiguous(memory_format=torch.channels_last_3d)


class Decoder:
    """Decodes one tile of a clip, latent frame by latent frame; `core` is the tile on the grid of `latents * 8`.

    `core` None: the whole picture. `height`, `width` are the latents'. `together`: do the channels lie together?
    `one_kernel`: are norm and activation one kernel? `pictures`: are convolutions over pictures, not over clips? None
    means what suits the device. `band_bytes`: how large a band's padded input may be; None: more for a whole picture.
    """

    def __init__(
        self,
        vae: AutoencoderKLWan,
        height: int,
        width: int,
        core: Region | None = None,
        *,
        together: bool | None = None,
        one_kernel: bool | None = None,
        pictures: bool | None = None,
        band_bytes: int | None = None,
    ) -> None:
        self._vae, self._net = vae, vae.decoder
        together = channels_last(vae) if together is None else together
        found = _levers(vae.decoder.conv_in.weight)
        one_kernel = together and found.activation if one_kernel is None else one_kernel
        pictures = together and found.pictures if pictures is None else pictures
        self._whole = Region.whole(height, width)
        self._plan(core)
        if band_bytes is None:
            band_bytes = BAND_BYTES if self._all_of_it else TILE_BAND_BYTES
        kind = Pictures if pictures else Bands
        self._bands = kind(together=together, one_kernel=one_kernel, band_bytes=band_bytes)
        self._doubled = Doubling(self._bands)
        self._first = True

    def _plan(self, core: Region | None) -> None:
        """What every layer must give so that `core` comes out, from the last layer back to the first."""
        blocks = self._net.up_blocks
        scale = 2 ** sum(block.upsampler is not None for block in blocks)
        whole = Region.whole(self._whole.height * scale, self._whole.width * scale)
        self.core = core or whole
        self._all_of_it = self.core == whole
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
            x, at = self._bands.laid_out(x[(..., *self._start.within(at))]), self._start
        for block, gives in zip(self._net.up_blocks, self._give, strict=True):
            x, at = self._up_block(block, x, at, gives)
        x = self._bands.conv(x, at, self.core, self._net.norm_out, self._net.conv_out)
        self._first = False
        return unpatchified(x, self._vae.config.patch_size or 1)

    def _whole_picture(self, z: torch.Tensor) -> torch.Tensor:
        """The layers that need to see the whole picture, all of them at the latents' own size."""
        net, all_of_it = self._net, self._whole
        x = self._bands.laid_out(self._vae.post_quant_conv(z))
        x = self._bands.conv(x, all_of_it, all_of_it, None, net.conv_in)
        x = self._res_block(net.mid_block.resnets[0], x, all_of_it, all_of_it, x)
        for attention, block in zip(net.mid_block.attentions, net.mid_block.resnets[1:], strict=True):
            x = self._bands.laid_out(attention(x))
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
            x = self._bands.more_frames(block.upsampler, x, at)
        return self._doubled(block, x, at, before, before_at, low, first=self._first), low.doubled()

    def _res_block(
        self, block: WanResidualBlock, x: torch.Tensor, at: Region, give: Region, into: torch.Tensor | None
    ) -> torch.Tensor:
        """x + conv2(act(norm2(conv1(act(norm1 x))))) in region `give`; written over `into` where that is possible."""
        knock(block, x)
        inner = self._bands.conv(x, at, give.grown(), block.norm1, block.conv1)
        rest = x[(..., *give.within(at))]
        wider = None if isinstance(block.conv_shortcut, torch.nn.Identity) else block.conv_shortcut
        out = rest if wider is None and into is x else None
        return self._bands.conv(inner, give.grown(), give, block.norm2, block.conv2, (rest, wider), out)


def _levers(weight: torch.Tensor) -> levers.Levers:
    return levers.of(str(weight.device), str(weight.dtype).removeprefix("torch."))


def unpatchified(x: torch.Tensor, size: int) -> torch.Tensor:
    """[1, 3 * size * size, T, H, W] as [1, 3, T, size * H, size * W] (diffusers `unpatchify`)."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

    return unpatchify(x, patch_size=size)
