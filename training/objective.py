"""The flow-matching objective of the demo transformer, text and start-image conditioned, in Wan2.2 TI2V's terms.

The transformer says the clean latents, and is judged by the velocity that follows from them (Li and He, "Back to
basics: let denoising generative models denoise", 2025): its stream is 256 wide and a token carries 192 numbers, so
that a velocity, which holds all of the noise, would leave it little room for anything else. After 72 s from nothing
it stood where a velocity's training stood after seven minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from training.configs import FLOW_SHIFT, NEGATIVE_PROMPT
from training.lean import TOKENS, LeanTransformer
from training.tokenizer import encode_padded

if TYPE_CHECKING:
    from transformers import UMT5EncoderModel

DROP = 0.1  # share of clips whose caption becomes an unconditional prompt
LEAST_SIGMA = 0.08  # errors of clean latents are divided by the noise level, but never by less than this
IMAGE = 0.12  # share of clips that keep their first latent frame clean; those of photographs always do


def encode_text(text_encoder: UMT5EncoderModel, tokens: Tensor) -> Tensor:
    """States [N, TOKENS, dim] of tokens [N, TOKENS] (0 is padding): zero past each text, as in Wan."""
    mask = (tokens != 0).float()
    bias = (mask - 1)[:, None, None, :] * 1e4
    states = text_encoder(input_ids=tokens, attention_mask=bias).last_hidden_state
    return states * mask[..., None].to(states.dtype)


def unconditional_tokens(device: torch.device) -> Tensor:
    """[2, TOKENS]: the empty prompt and the default negative prompt."""
    return torch.tensor(encode_padded(["", NEGATIVE_PROMPT], TOKENS), device=device)


class Objective:
    """The loss of `lean` on clips of one size; `unconditional` [2, TOKENS, dim] are the states captions drop to."""

    def __init__(self, lean: LeanTransformer, unconditional: Tensor, shape: tuple[int, int, int]) -> None:
        """`shape` is the latents' (frames, height, width)."""
        device = unconditional.device
        self.lean, self.unconditional = lean, unconditional
        self.rope = tuple(part.to(device) for part in lean.rope(*shape))

    def drop_captions(self, states: Tensor) -> Tensor:
        """Replace a share DROP of the captions' states, half by the empty, half by the negative prompt's."""
        count, device = len(states), states.device
        other = self.unconditional[torch.randint(2, (count,), device=device)].to(states.dtype)
        return torch.where(torch.rand(count, 1, 1, device=device) < DROP, other, states)

    def loss(self, patches: Tensor, states: Tensor, photo: Tensor) -> Tensor:
        """Mean squared error, on all frames that are noised, of the velocity (x_t - x0) / sigma of the predicted x0.

        patches [N, T, P, 192] normalised, states [N, TOKENS, dim], photo [N] bool.
        """
        count, device = len(patches), patches.device
        sigma = noise_levels(count, device)
        clean = (torch.rand(count, device=device) < IMAGE) | photo
        noised = torch.ones(count, patches.shape[1], device=device)
        noised[:, 0] = 1 - clean.float()
        noise = torch.randn_like(patches)
        level = sigma[:, None] * noised
        mixed = patches + level[..., None, None] * (noise - patches)
        context = functional.pad(self.drop_captions(states), (0, 0, 0, 1))
        x0 = self.lean(mixed, level * 1000, context, self.rope)
        error = (x0.float() - patches) / level.clamp(min=LEAST_SIGMA)[..., None, None]
        each = error.square().mean(dim=(2, 3))  # [N, T]
        return (each * noised).sum() / noised.sum()


def noise_levels(count: int, device: torch.device) -> Tensor:
    """[count] noise levels in [0, 1]: half of them spread evenly, half by FLOW_SHIFT as in sampling.

    With shifted ones alone one step in six sees a level below 0.5, where outlines are settled.
    """
    uniform = (torch.randperm(count, device=device) + torch.rand(count, device=device)) / count
    shift = torch.ones(count, device=device)
    shift[::2] = FLOW_SHIFT
    return shift * uniform / (1 + (shift - 1) * uniform)


__all__ = ["TOKENS", "Objective", "encode_text", "unconditional_tokens"]
