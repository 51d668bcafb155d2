"""Training of the demo transformer on latents of the trained VAE and states of the trained text encoder."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from training.export import new_vae
from training.latents import Encoders, LatentBank
from training.lean import LeanTransformer
from training.objective import Objective, unconditional_tokens
from training.pixels import Window
from training.stepper import Stepper, TimeBox, learning_rate
from training.wholeclip import use_whole_clips

if TYPE_CHECKING:
    from collections.abc import Callable

    from diffusers import AutoencoderKLWan, WanTransformer3DModel
    from torch import Tensor, nn
    from transformers import UMT5EncoderModel

PEAK_RATE = 1.5e-3
RENEW_EVERY = 16  # steps for each chunk of new clips
KEEP_EVERY = 2500


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clip size gets: its share of the steps, its batch, the clips at the start and in the full bank."""

    name: str
    window: Window
    share: float
    batch: int
    first: int
    bank: int
    workers: int = 0
    photo_share: float = 0.05


PLANS = (
    Plan("wide", Window(25, 160, 256), 0.66, batch=256, first=6144, bank=40960, workers=8),
    Plan("tall", Window(25, 256, 160), 0.08, batch=256, first=512, bank=8192, workers=2),
    Plan("square", Window(25, 192, 192), 0.08, batch=256, first=512, bank=8192, workers=2),
    Plan("large", Window(25, 192, 320), 0.08, batch=160, first=256, bank=6144, workers=1),
    Plan("short", Window(9, 160, 256), 0.05, batch=512, first=512, bank=8192, workers=1),
    Plan("long", Window(49, 160, 256), 0.05, batch=128, first=256, bank=4096, workers=1),
)
SMOKE_PLANS = (
    Plan("wide", Window(5, 64, 96), 0.5, batch=2, first=4, bank=6, photo_share=0.0),
    Plan("tall", Window(5, 96, 64), 0.5, 2, 2, 2, photo_share=0.0),
)


@dataclass(frozen=True, slots=True)
class Span:
    """The part of the whole training that one run does: from `begin` to `end`, in shares."""

    begin: float = 0.0
    end: float = 1.0

    def at(self, share: float) -> float:
        """Where the whole training is when `share` of this run is done."""
        return self.begin + (self.end - self.begin) * share


def frozen_encoders(vae: AutoencoderKLWan, text_encoder: UMT5EncoderModel, device: torch.device) -> Encoders:
    """A whole-clip copy of `vae`, and the text encoder, for encoding."""
    copy = new_vae(list(vae.config.latents_mean), list(vae.config.latents_std)).to(device)
    copy.load_state_dict(vae.state_dict())
    for parameter in copy.parameters():
        if parameter.dim() == 5:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last_3d)
    use_whole_clips(copy.eval().requires_grad_(False))
    return Encoders(copy, text_encoder.to(device).eval().requires_grad_(False))


def _matrices(transformer: WanTransformer3DModel) -> list[nn.Parameter]:
    """The weight matrices inside the blocks."""
    return [
        p for name, p in transformer.blocks.named_parameters() if p.dim() == 2 and name.endswith("weight")
    ]


class Course:
    """The banks, losses and the stepper of one training run."""

    def __init__(
        self,
        encoders: Encoders,
        transformer: WanTransformer3DModel,
        photos: Tensor | None,
        plans: tuple[Plan, ...],
    ) -> None:
        device = encoders.device
        cuda = device.type == "cuda"
        self.plans, self.transformer = plans, transformer.to(device).train().requires_grad_(True)
        self.lean = LeanTransformer(transformer, torch.bfloat16 if cuda else torch.float32, compiled=cuda)
        self.stepper = Stepper(list(transformer.parameters()), decay=0.9995, matrices=_matrices(transformer))
        self.stepper.rate.fill_(1e-6)
        self.banks: dict[str, LatentBank] = {}
        self.losses: dict[str, Callable[[], Tensor]] = {}
        unconditional = encoders.text(unconditional_tokens(device))
        for seed, plan in enumerate(plans):  # all of them first: their processes take a while to start
            size = (encoders, plan.window, plan.bank, photos, plan.photo_share)
            self.banks[plan.name] = LatentBank(*size, workers=plan.workers if cuda else 0, seed=seed)
        for plan in plans:
            self._prepare(plan, unconditional)

    def _prepare(self, plan: Plan, unconditional: Tensor) -> None:
        """Fill the plan's bank and capture its step."""
        begun, bank, window = time.monotonic(), self.banks[plan.name], plan.window
        bank.fill(plan.first)
        filled = time.monotonic()
        shape = (1 + (window.frames - 1) // 4, window.height // 16, window.width // 16)
        self.losses[plan.name] = self._loss(Objective(self.lean, unconditional, shape), bank, plan.batch)
        self.stepper.prepare(plan.name, self.losses[plan.name])
        times = f"{filled - begun:.0f} s, prepared in {time.monotonic() - filled:.0f} s"
        print(f"diffusion: {plan.name} filled in {times}", flush=True)

    @staticmethod
    def _loss(objective: Objective, bank: LatentBank, batch: int) -> Callable[[], Tensor]:
        return lambda: objective.loss(*bank.batch(batch))

    def run(self, box: TimeBox, span: Span, keep: Callable[[dict[str, Tensor]], None]) -> None:
        """Steps on random plans until the box is used up; new clips come in all the while.

        Every KEEP_EVERY steps and in the end `keep` gets the averaged weights.
        """
        rng, stepper = random.Random(7), self.stepper
        names, shares, begun = [p.name for p in self.plans], [p.share for p in self.plans], time.monotonic()
        while (share := box.share(stepper.steps)) < 1:
            name = rng.choices(names, shares)[0]
            rate = learning_rate(PEAK_RATE, stepper.steps, span.at(share))
            stepper.run(name, self.losses[name], rate)
            if stepper.steps % RENEW_EVERY == 0:
                self.banks[rng.choices(names, shares)[0]].renew()
            if stepper.steps % 500 == 0:
                self._report(stepper.steps / (time.monotonic() - begun))
            if stepper.steps % KEEP_EVERY == 0:
                keep(self.averaged())
        keep(self.averaged())

    def averaged(self) -> dict[str, Tensor]:
        """The transformer's weights by name, averaged over the last steps."""
        names = [name for name, _ in self.transformer.named_parameters()]
        return dict(zip(names, self.stepper.average, strict=True))

    def _report(self, pace: float) -> None:
        print(
            f"diffusion: step {self.stepper.steps} loss {self.stepper.loss.item():.4f} {pace:.1f} steps/s "
            f"{self.banks[self.plans[0].name].filled} clips",
            flush=True,
        )
