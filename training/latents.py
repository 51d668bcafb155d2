"""Clips of the world as normalised latents with their captions' states, for training the transformer."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from training.lean import TOKENS, to_patches
from training.objective import encode_text
from training.photos import mirrored, photo_clips
from training.scene import CAMERAS
from training.stream import CHUNK, WORDINGS, photo_scenes, scene_stream, tokens_of
from training.things import moved
from training.wholeclip import encode_moments
from training.world import render

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan
    from transformers import UMT5EncoderModel

    from training.pixels import Window


class Encoders:
    """The frozen VAE and text encoder: pictures and words to what the transformer is trained on."""

    def __init__(self, vae: AutoencoderKLWan, text_encoder: UMT5EncoderModel) -> None:
        """`vae` must already be in whole-clip mode."""
        self.vae, self.text_encoder = vae, text_encoder
        self.device = next(vae.parameters()).device
        self.mean = torch.tensor(vae.config.latents_mean, device=self.device).view(1, -1, 1, 1, 1)
        self.std = torch.tensor(vae.config.latents_std, device=self.device).view(1, -1, 1, 1, 1)

    @torch.no_grad()
    def pixels(self, pixels: Tensor) -> Tensor:
        """Normalised patches [N, T, P, 192] of pixels [N, 3, 1+4k, H, W] in [-1, 1]: (z - mean) / std."""
        pixels = pixels.contiguous(memory_format=torch.channels_last_3d)
        with torch.autocast(pixels.device.type, torch.bfloat16, enabled=pixels.device.type == "cuda"):
            mean = encode_moments(self.vae, pixels)[0]
        return to_patches((mean.float() - self.mean) / self.std)

    @torch.no_grad()
    def text(self, tokens: Tensor) -> Tensor:
        """States [N, TOKENS, dim] of tokens [N, TOKENS]."""
        return encode_text(self.text_encoder, moved(tokens, self.device).long())


class Encoded(NamedTuple):
    """CHUNK new clips: patches [CHUNK, T, P, 192], states [CHUNK, WORDINGS, TOKENS, dim], photo [CHUNK] bool."""

    patches: Tensor
    states: Tensor
    photo: Tensor


class LatentBank:
    """A pool of clips of one size on the device; `renew` replaces the oldest."""

    def __init__(
        self,
        encoders: Encoders,
        window: Window,
        count: int,
        photos: Tensor | None = None,
        photo_share: float = 0.0,
        workers: int = 0,
        seed: int = 2,
    ) -> None:
        self.encoders, self.window, self.photos, self.photo_share = encoders, window, photos, photo_share
        self.rng, self.stream = random.Random(seed), scene_stream(window, workers, seed)
        self.filled = self.position = 0
        patches = window.height * window.width // 1024
        device, dtype = encoders.device, torch.bfloat16 if encoders.device.type == "cuda" else torch.float32
        width = encoders.text_encoder.config.d_model
        self.patches = torch.zeros(
            count, 1 + (window.frames - 1) // 4, patches, 192, dtype=dtype, device=device
        )
        self.states = torch.zeros(count, WORDINGS, TOKENS, width, dtype=dtype, device=device)
        self.photo = torch.zeros(count, dtype=torch.bool, device=device)

    def fill(self, count: int) -> None:
        """Renew until `count` clips are there, then repeat them over the whole pool."""
        while self.filled < min(count, len(self.patches)):
            self.renew()
        rest = torch.arange(self.filled, len(self.patches), device=self.encoders.device)
        for part in (self.patches, self.states, self.photo):
            part[rest] = part[rest % self.filled]

    def renew(self) -> None:
        """Draw and encode one chunk of new clips, in the place of the oldest."""
        self.take(self.make())

    def make(self) -> Encoded:
        """One chunk of new clips, of photographs now and then."""
        photo = self.photos is not None and self.rng.random() < self.photo_share
        pixels, tokens = self._photographs() if photo else self._scenes()
        states = self.encoders.text(tokens.flatten(0, 1)).unflatten(0, (CHUNK, WORDINGS))
        patches = self.encoders.pixels(pixels).to(self.patches.dtype)
        return Encoded(
            patches, states.to(self.states.dtype), torch.full((CHUNK,), photo, device=states.device)
        )

    def take(self, chunk: Encoded) -> None:
        """Put `chunk`, or what of it fits before the pool's end, in the place of the oldest clips."""
        count = min(CHUNK, len(self.patches) - self.position)
        rows = slice(self.position, self.position + count)
        for part, new in zip((self.patches, self.states, self.photo), chunk, strict=True):
            part[rows] = new[:count]
        self.filled = max(self.filled, self.position + count)
        self.position = (self.position + count) % len(self.patches)

    def _scenes(self) -> tuple[Tensor, Tensor]:
        chunk = next(self.stream)
        pixels = render(chunk.clips, self.window.height, self.window.width, self.encoders.device)
        return (pixels * 127.5).round() / 127.5, chunk.tokens

    def _photographs(self) -> tuple[Tensor, Tensor]:
        cameras = [self.rng.choice(CAMERAS) for _ in range(CHUNK)]
        chosen = moved(torch.tensor(self.rng.choices(range(len(self.photos)), k=CHUNK)), self.encoders.device)
        generator = torch.Generator().manual_seed(self.rng.getrandbits(40))
        size = (self.window.frames, self.window.height, self.window.width)
        photos = mirrored(self.photos[chosen], self.rng)
        pixels = photo_clips(photos, cameras, *size, generator)
        return pixels, tokens_of(photo_scenes(cameras), self.rng)

    def batch(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Patches [count, T, P, 192] in float32, one wording's states [count, TOKENS, dim], photo [count]."""
        device = self.encoders.device
        rows = torch.randint(len(self.patches), (count,), device=device)
        wording = torch.randint(WORDINGS, (count,), device=device)
        return self.patches[rows].float(), self.states[rows, wording], self.photo[rows]
