"""Training of the demo transformer together with its text encoder, on latents of the trained VAE."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.export import new_text_encoder, new_transformer, new_vae
from training.latents import LatentBank, LatentEncoder
from training.objective import Denoiser, use_short_context
from training.pixels import Window
from training.stepper import Stepper, TimeBox, learning_rate
from training.wholeclip import use_whole_clips

if TYPE_CHECKING:
    from collections.abc import Callable

    from diffusers import AutoencoderKLWan, WanTransformer3DModel
    from transformers import UMT5EncoderModel

PEAK_RATE = 1.2e-3


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clip size gets: its share of the steps, its batch, the clips at the start and in the full bank."""

    name: str
    window: Window
    share: float
    batch: int
    first: int
    bank: int
    compiled: bool = False


PLANS = (
    Plan("wide", Window(25, 160, 256), 0.76, batch=256, first=4096, bank=24576, compiled=True),
    Plan("tall", Window(25, 256, 160), 0.09, batch=192, first=512, bank=4096),
    Plan("square", Window(25, 192, 192), 0.09, batch=192, first=512, bank=4096),
    Plan("short", Window(13, 160, 256), 0.06, batch=256, first=512, bank=3072),
)
SMOKE_PLANS = (
    Plan("wide", Window(5, 64, 96), 0.5, batch=2, first=4, bank=6),
    Plan("tall", Window(5, 96, 64), 0.5, 2, 2, 2),
)


def _frozen_encoder(vae: AutoencoderKLWan, device: torch.device) -> LatentEncoder:
    """A whole-clip copy of `vae` for encoding."""
    copy = new_vae(list(vae.config.latents_mean), list(vae.config.latents_std)).to(device)
    copy.load_state_dict(vae.state_dict())
    use_whole_clips(copy.eval().requires_grad_(False))
    return LatentEncoder(copy)


def _new_denoiser(
    text_encoder: UMT5EncoderModel, device: torch.device, transformer: WanTransformer3DModel | None
) -> Denoiser:
    transformer = (transformer or new_transformer()).to(device).requires_grad_(True)
    denoiser = Denoiser(text_encoder.to(device), transformer).train()
    use_short_context(denoiser.transformer)
    if device.type == "cuda":
        for block in denoiser.transformer.blocks:
            block.compile(dynamic=False)
    return denoiser


def train_denoiser(
    vae: AutoencoderKLWan,
    text_encoder: UMT5EncoderModel,
    seconds: float,
    device: torch.device,
    plans: tuple[Plan, ...] = PLANS,
    steps: int = 10**9,
    transformer: WanTransformer3DModel | None = None,
) -> tuple[UMT5EncoderModel, WanTransformer3DModel]:
    """`text_encoder` and a transformer (a new one unless given) trained for `seconds` or `steps`, averaged."""
    box, rng = TimeBox(seconds, steps), random.Random(2)
    encoder, denoiser = _frozen_encoder(vae, device), _new_denoiser(text_encoder, device, transformer)
    stepper = Stepper(list(denoiser.parameters()), decay=0.9993, weight_decay=0.01)
    stepper.rate.fill_(1e-5)
    banks, losses = {}, {}
    for plan in plans:
        begun = time.monotonic()
        banks[plan.name] = LatentBank(encoder, plan.window, plan.bank, rng, device)
        banks[plan.name].fill(plan.first)
        torch.cuda.synchronize() if device.type == "cuda" else None
        filled = time.monotonic()
        losses[plan.name] = _loss_of(denoiser, banks[plan.name], plan.batch)
        stepper.prepare(plan.name, losses[plan.name], plan.compiled)
        print(
            f"diffusion: {plan.name} filled in {filled - begun:.0f} s, prepared in "
            f"{time.monotonic() - filled:.0f} s",
            flush=True,
        )
    _loop(stepper, plans, banks, losses, box, rng)
    stepper.use_average()
    return _plain_copies(denoiser, device)


def _loss_of(denoiser: Denoiser, bank: LatentBank, batch: int) -> Callable[[], Tensor]:
    return lambda: denoiser.loss(*bank.batch(batch))


def _loop(
    stepper: Stepper,
    plans: tuple[Plan, ...],
    banks: dict[str, LatentBank],
    losses: dict[str, Callable[[], Tensor]],
    box: TimeBox,
    rng: random.Random,
) -> None:
    """Steps on random plans until the box is used up; new clips come in all the while, fewer near the end."""
    names, shares, begun = [plan.name for plan in plans], [plan.share for plan in plans], time.monotonic()
    while (share := box.share(stepper.steps)) < 1:
        name = rng.choices(names, shares)[0]
        stepper.run(name, losses[name], learning_rate(PEAK_RATE, stepper.steps, share))
        if stepper.steps % 16 == 0 and share < 0.9:
            banks[rng.choices(names, shares)[0]].renew()
        if stepper.steps % 250 == 0:
            pace = stepper.steps / (time.monotonic() - begun)
            print(
                f"diffusion: step {stepper.steps} loss {stepper.loss.item():.4f} {pace:.1f} steps/s "
                f"{banks[names[0]].filled} clips",
                flush=True,
            )


def _plain_copies(denoiser: Denoiser, device: torch.device) -> tuple[UMT5EncoderModel, WanTransformer3DModel]:
    """The trained weights in models with their stock attention."""
    text_encoder, transformer = new_text_encoder().to(device), new_transformer().to(device)
    text_encoder.load_state_dict(denoiser.text_encoder.state_dict())
    transformer.load_state_dict(denoiser.transformer.state_dict())
    return text_encoder.eval().requires_grad_(False), transformer.eval().requires_grad_(False)
