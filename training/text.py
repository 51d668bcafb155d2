"""Reading lessons for the text encoder: before it steers anything it learns who is what colour and moves where.

Trained only through the transformer, a small encoder stays at a bag of words ("a red ball over blue" equals "a
blue ball over red") for thousands of steps. Naming the scene from every token teaches order in a minute.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.configs import TEXT_DIM
from training.stepper import Stepper, TimeBox, learning_rate
from training.tokenizer import encode_padded
from training.words import COLOURS, MOTIONS, SIZES, THINGS, Scene, caption
from training.world import random_scene

if TYPE_CHECKING:
    from transformers import UMT5EncoderModel

FIELDS: dict[str, tuple[str, ...]] = {
    "colour": COLOURS,
    "thing": THINGS,
    "motion": MOTIONS,
    "background": COLOURS,
    "size": SIZES,
}
_TOKENS = 40  # of the longest caption, with room
_BATCH = 256


def labels_of(scenes: list[Scene]) -> Tensor:
    """[N, 5] indices of each scene's values, in the order of FIELDS."""
    return torch.tensor(
        [[values.index(getattr(scene, name)) for name, values in FIELDS.items()] for scene in scenes]
    )


def read_tokens(text_encoder: UMT5EncoderModel, tokens: Tensor) -> Tensor:
    """Hidden states [N, L, dim] of tokens [N, L], 0 being padding."""
    bias = ((tokens != 0).float() - 1)[:, None, None, :] * 1e4
    return text_encoder(input_ids=tokens, attention_mask=bias).last_hidden_state


def naming_loss(heads: nn.Linear, states: Tensor, tokens: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of naming every field from every real token, and the share right at </s>, [5]."""
    parts = heads(states.float()).split([len(values) for values in FIELDS.values()], dim=-1)
    mask, rows = (tokens != 0).float(), torch.arange(len(tokens), device=tokens.device)
    ends = mask.sum(1).long() - 1
    loss, right = torch.zeros((), device=tokens.device), []
    for index, logits in enumerate(parts):
        target = labels[:, index, None].expand(tokens.shape)
        entropy = functional.cross_entropy(logits.transpose(1, 2), target, reduction="none")
        loss = loss + (entropy * mask).sum() / mask.sum()
        right.append((logits[rows, ends].argmax(-1) == labels[:, index]).float().mean())
    return loss, torch.stack(right)


def teach_reading(text_encoder: UMT5EncoderModel, seconds: float, steps: int = 1500) -> Tensor:
    """Train `text_encoder` in place; returns the running share right of each field at </s>, [5] on the CPU."""
    device, rng = next(text_encoder.parameters()).device, random.Random(4)
    heads = nn.Linear(TEXT_DIM, sum(len(values) for values in FIELDS.values())).to(device)
    stepper = Stepper([*text_encoder.parameters(), *heads.parameters()], decay=0.99)
    box, right = TimeBox(seconds, steps), torch.zeros(len(FIELDS), device=device)
    while (share := box.share(stepper.steps)) < 1:
        scenes = [random_scene(rng) for _ in range(_BATCH)]
        tokens = torch.tensor(
            encode_padded([caption(scene, rng) for scene in scenes], _TOKENS), device=device
        )
        labels = labels_of(scenes).to(device)

        def loss(tokens: Tensor = tokens, labels: Tensor = labels) -> Tensor:
            value, share_right = naming_loss(heads, read_tokens(text_encoder, tokens), tokens, labels)
            right.lerp_(share_right, 0.05)
            return value

        stepper.run("text", loss, learning_rate(2e-3, stepper.steps, share, warmup=50))
        if stepper.steps % 100 == 0:
            named = ", ".join(
                f"{name} {value:.2f}" for name, value in zip(FIELDS, right.tolist(), strict=True)
            )
            print(f"text: step {stepper.steps} loss {stepper.loss.item():.3f} {named}", flush=True)
    stepper.use_average()
    return right.cpu()
