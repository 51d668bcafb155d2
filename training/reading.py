"""Reading lessons for the text encoder: before it steers anything it learns who is what colour and moves where.

Trained only through the transformer, a small encoder stays at a bag of words ("a red ball over blue" equals "a
blue ball over red") for thousands of steps. Naming all that a sentence tells from every one of its tokens teaches
order, and both languages' words for one thing, in a minute; after that the encoder is left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.configs import TEXT_DIM
from training.stepper import Stepper, TimeBox, learning_rate
from training.text import FIELDS

if TYPE_CHECKING:
    from transformers import UMT5EncoderModel

_BATCH = 512


def read_tokens(text_encoder: UMT5EncoderModel, tokens: Tensor) -> Tensor:
    """Hidden states [N, L, dim] of tokens [N, L], 0 being padding."""
    bias = ((tokens != 0).float() - 1)[:, None, None, :] * 1e4
    return text_encoder(input_ids=tokens, attention_mask=bias).last_hidden_state


def naming_loss(heads: nn.Linear, states: Tensor, tokens: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of naming every field from every real token, and the share right at </s>, [fields]."""
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


def teach_reading(
    text_encoder: UMT5EncoderModel, corpus: tuple[Tensor, Tensor], seconds: float, steps: int = 10**9
) -> Tensor:
    """Train `text_encoder` in place on tokens [N, L] and labels [N, fields] for `seconds` or `steps`.

    Returns the share right of each field at </s> among the last thousand captions, which are kept apart.
    """
    device = next(text_encoder.parameters()).device
    tokens, labels = (part.to(device).long() for part in corpus)
    apart = max(1, min(1000, len(tokens) // 10))
    batch = min(_BATCH, len(tokens))
    heads = nn.Linear(TEXT_DIM, sum(len(values) for values in FIELDS.values())).to(device)
    stepper = Stepper([*text_encoder.parameters(), *heads.parameters()], decay=0.998)
    box = TimeBox(seconds, steps)

    def loss() -> Tensor:
        rows = torch.randint(len(tokens) - apart, (batch,), device=device)
        chosen = tokens[rows]
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            states = read_tokens(text_encoder, chosen)
        return naming_loss(heads, states, chosen, labels[rows])[0]

    stepper.prepare("text", loss, compiled=False)
    while (share := box.share(stepper.steps)) < 1:
        stepper.run("text", loss, learning_rate(2e-3, stepper.steps, share, warmup=100))
        if stepper.steps % 500 == 0:
            print(f"text: step {stepper.steps} loss {stepper.loss.item():.3f}", flush=True)
    stepper.use_average()
    with torch.no_grad():
        states = read_tokens(text_encoder, tokens[-apart:])
        return naming_loss(heads, states, tokens[-apart:], labels[-apart:])[1].cpu()
