"""Training of the demo VAE: first on single pictures, then on cuts from clips of full length."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.export import new_vae
from training.pixels import PixelBank, Window, draw_window, photo_stack
from training.stepper import Loss, Stepper, TimeBox, learning_rate
from training.wholeclip import decode_pixels, encode_moments, use_whole_clips

if TYPE_CHECKING:
    from pathlib import Path

    from diffusers import AutoencoderKLWan

PEAK_RATE = 1.2e-3
KL_WEIGHT = 1e-4  # of the divergence per latent number
LOG_WEIGHT = 1.0  # of the mean logarithm of each clip's squared error, which PSNR measures, in polishing


@dataclass(frozen=True, slots=True)
class Stage:
    """One kind of clip to train on: until `until` of the time is used."""

    window: Window
    batch: int
    bank: int
    until: float
    compiled: bool = True
    photo_share: float = 0.35


STAGES = (
    Stage(Window(1, 160, 192), batch=48, bank=8192, until=0.2, compiled=False, photo_share=0.5),
    Stage(Window(25, 128, 160), batch=12, bank=1536, until=1.0),
)
"""The first needs no compilation: what the second needs can be compiled beside it (`--warm`)."""
POLISHING = (
    Stage(Window(25, 128, 160), batch=12, bank=1536, until=1.0, photo_share=0.7),
    Stage(Window(9, 128, 160), batch=32, bank=3072, until=1.0, photo_share=0.7),
    Stage(Window(1, 160, 192), batch=64, bank=8192, until=1.0, photo_share=0.7),
)
"""In turn, by chance. Single pictures and short clips show more of the photographs than long clips do."""
SMOKE_STAGES = (
    Stage(Window(1, 64, 64), batch=2, bank=4, until=0.5),
    Stage(Window(5, 64, 64), batch=1, bank=2, until=1.0),
)


def _edges(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def reconstruction_loss(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute and squared error of pixels, plus that of their steps in space and time. [N, 3, T, H, W]."""
    error = output - target
    loss = error.abs().mean() + 4 * error.square().mean()
    loss = loss + sum(edge.abs().mean() for edge in _edges(error))
    if error.shape[2] > 1:
        loss = loss + (error[:, :, 1:] - error[:, :, :-1]).abs().mean()
    return loss


def vae_loss(vae: AutoencoderKLWan, pixels: Tensor, log_weight: float = 0.0) -> Tensor:
    """Reconstruction from a sample of the posterior, and its divergence from a unit normal.

    `log_weight` counts the mean logarithm of each clip's squared error in too.
    """
    with torch.autocast(pixels.device.type, torch.bfloat16, enabled=pixels.device.type == "cuda"):
        mean, log_variance = encode_moments(vae, pixels)
        mean, log_variance = mean.float(), log_variance.float()
        latents = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        output = decode_pixels(vae, latents)
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    loss = reconstruction_loss(output.float(), pixels) + KL_WEIGHT * divergence
    if log_weight:
        loss = loss + log_weight * (output.float() - pixels).square().mean(dim=(1, 2, 3, 4)).log().mean()
    return loss


def train_vae(
    seconds: float,
    device: torch.device,
    stages: tuple[Stage, ...] = STAGES,
    steps: int = 10**9,
    shard: Path | None = None,
) -> AutoencoderKLWan:
    """A VAE trained for `seconds` (or `steps`), with averaged weights and latent statistics in its configuration.

    `shard` holds the photographs; None: only the world.
    """
    rng = random.Random(1)
    vae = new_vae().to(device).train()
    use_whole_clips(vae)
    if device.type == "cuda":
        for parameter in vae.parameters():
            if parameter.dim() == 5:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last_3d)
        vae.encoder.compile(dynamic=False)
        vae.decoder.compile(dynamic=False)
    stepper, box = Stepper(list(vae.parameters()), decay=0.998, weight_decay=0.0), TimeBox(seconds, steps)
    for stage in stages:
        _train_stage(vae, stepper, stage, box, rng, shard)
    stepper.use_average()
    with torch.compiler.set_stance("force_eager"):
        mean, std = latent_statistics(vae, rng, device, 8 if steps < 10**9 else 256)
    trained = new_vae(mean, std).to(device)
    trained.load_state_dict(vae.state_dict())
    return trained.eval().requires_grad_(False)


def _train_stage(
    vae: AutoencoderKLWan,
    stepper: Stepper,
    stage: Stage,
    box: TimeBox,
    rng: random.Random,
    shard: Path | None,
) -> None:
    begun, first = time.monotonic(), stepper.steps
    photos = photo_stack(shard, "train", stage.window, stepper.device)
    bank = PixelBank(stage.bank, stage.window, rng, stepper.device, photos, stage.photo_share)

    def loss() -> Tensor:
        return vae_loss(vae, bank.batch(stage.batch))

    stepper.rate.fill_(learning_rate(PEAK_RATE, stepper.steps, box.share(stepper.steps)) * 0.2)
    stepper.prepare(str(stage.window), loss, stage.compiled)
    print(f"vae: {stage.window} ready after {time.monotonic() - begun:.0f} s", flush=True)
    begun = time.monotonic()
    while (share := box.share(stepper.steps)) < stage.until:
        stepper.run(str(stage.window), loss, learning_rate(PEAK_RATE, stepper.steps, share))
        if stepper.steps % 4 == 0:
            bank.renew()
        if stepper.steps % 250 == 0:
            pace = (stepper.steps - first) / (time.monotonic() - begun)
            print(f"vae: step {stepper.steps} loss {stepper.loss.item():.4f} {pace:.1f} steps/s", flush=True)


def polish(
    vae: AutoencoderKLWan,
    seconds: float,
    stages: tuple[Stage, ...] = POLISHING,
    steps: int = 10**9,
    shard: Path | None = None,
) -> None:
    """Train a finished VAE on, in place, for `seconds` or `steps`. Its latents change a little.

    Its latents' statistics are kept. Not compiled, so that `--warm` has the processor to itself.
    """
    rng = random.Random(11)
    use_whole_clips(vae.train())
    parameters = list(vae.requires_grad_(True).parameters())
    for parameter in parameters:
        if parameter.dim() == 5:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last_3d)
    stepper = Stepper(parameters, decay=0.998, weight_decay=0.0)
    stepper.rate.fill_(1e-6)
    courses = [_polishing(vae, stepper, stage, rng, shard) for stage in stages]
    box = TimeBox(seconds, steps)
    while (share := box.share(stepper.steps)) < 1:
        name, bank, loss = rng.choice(courses)
        stepper.run(name, loss, learning_rate(PEAK_RATE / 3, stepper.steps, share))
        if stepper.steps % 4 == 0:
            bank.renew()
    stepper.use_average()
    print(f"polish: {stepper.steps} steps, loss {stepper.loss.item():.4f}", flush=True)


def _polishing(
    vae: AutoencoderKLWan, stepper: Stepper, stage: Stage, rng: random.Random, shard: Path | None
) -> tuple[str, PixelBank, Loss]:
    """Name, clips and captured loss of one kind of clip."""
    photos = photo_stack(shard, "train", stage.window, stepper.device)
    bank = PixelBank(stage.bank, stage.window, rng, stepper.device, photos, stage.photo_share)

    def loss() -> Tensor:
        return vae_loss(vae, bank.batch(stage.batch), LOG_WEIGHT)

    stepper.prepare(str(stage.window), loss, compiled=False)
    return str(stage.window), bank, loss


@torch.no_grad()
def latent_statistics(
    vae: AutoencoderKLWan, rng: random.Random, device: torch.device, count: int
) -> tuple[list[float], list[float]]:
    """Mean and deviation of each latent channel over `count` clips; the deviation of unused channels is floored."""
    window = Window(25, 160, 256) if count > 8 else Window(5, 64, 64)
    latents = []
    for _ in range(count // 8):
        pixels = draw_window(8, window, rng, device).float() / 127.5 - 1
        latents.append(encode_moments(vae, pixels)[0].float().transpose(0, 1).flatten(1))
    values = torch.cat(latents, dim=1)
    std = values.std(1)
    return values.mean(1).tolist(), std.clamp(min=0.1 * std.median().item()).tolist()


@torch.no_grad()
def clip_psnr(vae: AutoencoderKLWan, device: torch.device, count: int = 16, frames: int = 25) -> float:
    """Mean PSNR in dB of stock encode and decode over unseen clips of 256x160."""
    rng, values = random.Random(999), []
    for _ in range(count):
        pixels = draw_window(1, Window(frames, 160, 256), rng, device).float() / 127.5 - 1
        output = vae.decode(vae.encode(pixels).latent_dist.mode()).sample
        values.append(10 * torch.log10(4 / (output - pixels).square().mean()).item())
    return sum(values) / len(values)
