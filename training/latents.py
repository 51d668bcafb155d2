"""Clips of the world as normalised latents with their captions, for training the transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.tokenizer import encode_padded
from training.wholeclip import encode_moments
from training.words import caption
from training.world import layout, random_scene, render

if TYPE_CHECKING:
    import random

    from diffusers import AutoencoderKLWan

    from training.pixels import Window

WORDINGS = 4  # captions kept for each clip
TOKENS = 64  # of a caption, </s> and padding included; the default negative prompt fits


class LatentEncoder:
    """Normalised latents of clips: (z - mean) / std by the VAE's own statistics."""

    def __init__(self, vae: AutoencoderKLWan) -> None:
        """`vae` must already be in whole-clip mode."""
        self.vae = vae
        shape, device = (1, -1, 1, 1, 1), next(vae.parameters()).device
        self.mean = torch.tensor(vae.config.latents_mean, device=device).view(shape)
        self.std = torch.tensor(vae.config.latents_std, device=device).view(shape)

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> Tensor:
        """[N, 48, 1+k, H/16, W/16] of pixels [N, 3, 1+4k, H, W] in [-1, 1]."""
        with torch.autocast(pixels.device.type, torch.bfloat16, enabled=pixels.device.type == "cuda"):
            mean = encode_moments(self.vae, pixels)[0]
        return (mean.float() - self.mean) / self.std


class LatentBank:
    """A pool of clips of one size on the device; `renew` replaces the oldest."""

    def __init__(
        self,
        encoder: LatentEncoder,
        window: Window,
        count: int,
        rng: random.Random,
        device: torch.device,
        chunk: int = 32,
    ) -> None:
        self.encoder, self.window, self.rng, self.device = encoder, window, rng, device
        self.chunk, self.filled, self.position = min(chunk, count), 0, 0
        shape = (count, 48, 1 + (window.frames - 1) // 4, window.height // 16, window.width // 16)
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.latents = torch.zeros(shape, dtype=dtype, device=device)
        self.tokens = torch.zeros(count, WORDINGS, TOKENS, dtype=torch.long, device=device)

    def fill(self, count: int) -> None:
        """Renew until `count` clips are there, then repeat them over the whole pool."""
        while self.filled < min(count, len(self.latents)):
            self.renew()
        rest = torch.arange(self.filled, len(self.latents), device=self.device)
        self.latents[rest], self.tokens[rest] = (
            self.latents[rest % self.filled],
            self.tokens[rest % self.filled],
        )

    def renew(self) -> None:
        """Draw and encode one chunk of new clips."""
        end = min(self.position + self.chunk, len(self.latents))
        scenes = [random_scene(self.rng) for _ in range(end - self.position)]
        generator = torch.Generator().manual_seed(self.rng.getrandbits(40))
        height, width = self.window.height, self.window.width
        clips = layout(scenes, self.window.frames, height, width, generator).to(self.device)
        pixels = (render(clips, height, width) * 127.5).round() / 127.5
        self.latents[self.position : end] = self.encoder(pixels).to(self.latents.dtype)
        texts = [caption(scene, self.rng) for scene in scenes for _ in range(WORDINGS)]
        tokens = torch.tensor(encode_padded(texts, TOKENS)).view(len(scenes), WORDINGS, TOKENS)
        self.tokens[self.position : end] = tokens.to(self.device)
        self.filled, self.position = max(self.filled, end), end % len(self.latents)

    def batch(self, count: int) -> tuple[Tensor, Tensor]:
        """Latents [count, 48, ...] in float32 and one wording's tokens [count, TOKENS] for each."""
        rows = torch.randint(len(self.latents), (count,), device=self.device)
        wording = torch.randint(WORDINGS, (count,), device=self.device)
        return self.latents[rows].float(), self.tokens[rows, wording]
