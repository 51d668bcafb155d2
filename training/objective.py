"""The flow-matching objective of the demo transformer, text and start-image conditioned, in Wan2.2 TI2V's terms."""

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

DROP = 0.12  # share of clips whose caption becomes an unconditional prompt
IMAGE = 0.3  # share of clips that keep their first latent frame clean; those of photographs always do


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
        """Mean squared error of the predicted velocity noise - latents on all frames that are noised.

        patches [N, T, P, 192] normalised, states [N, TOKENS, dim], photo [N] bool.
        """
        count, device = len(patches), patches.device
        uniform = (torch.arange(count, device=device) + torch.rand(count, device=device)) / count
        sigma = FLOW_SHIFT * uniform / (1 + (FLOW_SHIFT - 1) * uniform)
        clean = (torch.rand(count, device=device) < IMAGE) | photo
        noised = torch.ones(count, patches.shape[1], device=device)
        noised[:, 0] = 1 - clean.float()
        noise = torch.randn_like(patches)
        level = sigma[:, None] * noised
        mixed = patches + level[..., None, None] * (noise - patches)
        context = functional.pad(self.drop_captions(states), (0, 0, 0, 1))
        velocity = self.lean(mixed, level * 1000, context, self.rope)
        error = (velocity.float() - (noise - patches)).square().mean(dim=(2, 3))  # [N, T]
        return (error * noised).sum() / noised.sum()


__all__ = ["TOKENS", "Objective", "encode_text", "unconditional_tokens"]
