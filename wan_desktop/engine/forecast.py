"""How much of a card's memory each stage of a clip will take with a memory plan, before anything is loaded.

The engine's own code is run without contents (`dry_run`) for what computing takes; weights are added by their size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.engine import lean
from wan_desktop.engine.decoder import Decoder, fits
from wan_desktop.engine.dry_run import outlined_attention, peak_bytes, without_contents
from wan_desktop.engine.lean_pieces import Pieces
from wan_desktop.engine.prediction import MAX_PROMPT_TOKENS
from wan_desktop.engine.regions import tiles
from wan_desktop.engine.streaming import ROOMS

if TYPE_CHECKING:
    from wan_desktop.engine.levers import Levers
    from wan_desktop.engine.plans import Plan

WORKSPACE = 160 * 2**20
"""Bytes that libraries take for themselves besides tensors: cuBLAS 32 MiB (96 on Hopper), cuDNN's convolutions."""
_ENCODER_WORK = 384 * 2**20
"""Bytes that umT5-XXL needs to compute on 512 tokens: four tables of 64 heads x 512 x 512 float32, and its states."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of a component on the card: all of it, the largest of its repeated blocks, and those blocks together."""

    total: int
    block: int = 0
    blocks: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """A clip's size: `width`, `height` in pixels, `num_frames`."""

    width: int
    height: int
    num_frames: int


class Forecast:
    """Predicts for one model. `configs`: of the transformer and the VAE; `weights` by component; `dtype` on the card.

    `compiled`: are the pieces between the products compiled, so that nothing lies between them? `spatial`: pixels
    of a latent along each side.
    """

    def __init__(
        self,
        configs: dict[str, dict[str, Any]],
        weights: dict[str, Weights],
        dtype: torch.dtype,
        *,
        compiled: bool,
        levers: Levers,
        vae_dtype: torch.dtype | None = None,
    ) -> None:
        self._configs, self._weights, self._dtype = configs, weights, dtype
        self._vae_dtype = vae_dtype or dtype
        self._compiled, self._levers = compiled, levers

    def peaks(self, plan: Plan, size: Size) -> dict[str, int]:
        """Bytes on the card by stage: "encoding", "denoising", "decoding"."""
        return {
            "encoding": self._encoding(),
            "denoising": self._denoising(plan, size),
            "decoding": 0 if plan.vae_on_cpu else self._decoding(plan, size),
        }

    def peak(self, plan: Plan, size: Size) -> int:
        """Bytes on the card at the worst time."""
        return max(self.peaks(plan, size).values())

    def _encoding(self) -> int:
        """umT5 comes block by block, and leaves its table of words where it is."""
        text = self._weights[TEXT_ENCODER]
        return 2 * text.block + min(_ENCODER_WORK, text.total) + WORKSPACE

    def _denoising(self, plan: Plan, size: Size) -> int:
        weights = self._weights[TRANSFORMER]
        here = weights.total
        if plan.streamed:
            here += ROOMS * weights.block - weights.blocks
        model = self._transformer
        grid = self._latents(size)
        kind = self._dtype
        clip = lean.Clip(
            self._levers,
            OUTLINE if self._compiled else lean.EAGER,
            keep_text=plan.keep_text,
            fuse=False,
            feed_forward_parts=plan.feed_forward_parts,
        )

        def forwards() -> None:
            texts = [torch.empty(1, MAX_PROMPT_TOKENS, model.config.text_dim, dtype=kind) for _ in range(2)]
            kept = [lean.Text(clip, states) for states in texts]
            state = [
                torch.empty(grid) for _ in range(6)
            ]  # the sampler's history, the clip, the guided halves
            for text in kept:
                model(state[0].to(kind), torch.empty(grid[2]), text, return_dict=False)

        with without_contents(), outlined_attention():
            return here + peak_bytes(forwards, list(model.parameters())) + WORKSPACE

    def _decoding(self, plan: Plan, size: Size) -> int:
        vae, (_, channels, _, height, width) = self._vae, self._latents(size)
        if not fits(vae):
            return 2**62  # nothing is known of another make, so it is not promised to fit
        core = tiles(height * 8, width * 8, *plan.cut)
        widest = max(core, key=lambda tile: min(tile.grown(8).rows, 10**9) * tile.grown(8).columns)

        def chunks() -> None:
            decoder = Decoder(vae, height, width, widest, channels_last=self._vae_dtype != torch.float32)
            for _ in range(min(3, (size.num_frames + 3) // 4)):
                pixels = decoder(torch.empty(1, channels, 1, height, width, dtype=self._vae_dtype)).clamp(
                    -1, 1
                )
                ((pixels.float() * 0.5 + 0.5) * 255).to(torch.uint8)

        with without_contents(), outlined_attention():
            return self._weights[VAE].total + peak_bytes(chunks, list(vae.parameters())) + WORKSPACE

    def _latents(self, size: Size) -> tuple[int, int, int, int, int]:
        scale = self._vae.config.scale_factor_spatial
        frames = (size.num_frames - 1) // 4 + 1
        return 1, self._vae.config.z_dim, frames, size.height // scale, size.width // scale

    @cached_property
    def _transformer(self) -> Any:
        from diffusers.models.transformers.transformer_wan import WanTransformer3DModel

        config = self._configs[TRANSFORMER]
        with without_contents():
            model = WanTransformer3DModel(**config | {"patch_size": tuple(config["patch_size"])})
        lean.adopt(model)
        return _typed(model, self._dtype)

    @cached_property
    def _vae(self) -> Any:
        from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

        with without_contents():
            return _typed(AutoencoderKLWan(**self._configs[VAE]), self._vae_dtype)


def _typed(module: torch.nn.Module, dtype: torch.dtype) -> torch.nn.Module:
    for parameter in module.parameters():
        parameter.data = parameter.data.to(dtype)
    return module.eval().requires_grad_(False)


def _like(x: torch.Tensor, *_: object) -> torch.Tensor:
    return torch.empty_like(x)


def _two(x: torch.Tensor, *_: object) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.empty_like(x), torch.empty_like(x)


def _heads(x: torch.Tensor, weight: torch.Tensor, cos: Any, *_: object) -> torch.Tensor:
    head = cos if isinstance(cos, int) else cos.shape[-1]
    return torch.empty_like(x).unflatten(-1, (-1, head))


OUTLINE = Pieces(
    modulate=_like, turn=_heads, norm_heads=_heads, leave_self=_two, leave_text=_two, gated=_like
)
"""What compiled pieces take: their results alone."""
