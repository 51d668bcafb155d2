"""Many clips at once, drawn by the product's own pipeline: what one prompt takes there, a batch takes here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor
from transformers import UMT5EncoderModel

from training import configs
from wan_desktop.domain.model import Part
from wan_desktop.engine.components import prediction_type
from wan_desktop.engine.decode import latent_statistics
from wan_desktop.engine.pipeline import MAX_PROMPT_TOKENS, Wan22Pipeline
from wan_desktop.engine.prompts import PromptTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DECODED_AT_ONCE = 8  # clips; the decoder needs the most memory


@dataclass(frozen=True, slots=True)
class Ask:
    """One clip that is asked for. `image` is the start image, uint8 [height, width, 3], or None."""

    prompt: str
    seed: int
    negative: str = configs.NEGATIVE_PROMPT
    image: np.ndarray | None = None
    guidance: float = configs.GUIDANCE
    frames: int = configs.FRAMES
    height: int = configs.HEIGHT
    width: int = configs.WIDTH

    @property
    def kind(self) -> tuple[object, ...]:
        """Asks of one kind fit into one batch."""
        return (self.frames, self.height, self.width, self.guidance, self.image is None)


def load(folder: Path, device: torch.device) -> Wan22Pipeline:
    """The model in `folder` as the product loads it: on CUDA bf16 and a float32 VAE, else float32."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    text_encoder = UMT5EncoderModel.from_pretrained(folder / "text_encoder", dtype=dtype)
    transformer = WanTransformer3DModel.from_pretrained(folder / "transformer", torch_dtype=dtype).eval()
    part = Part("transformer", (), str(folder / "transformer" / "config.json"))
    transformer.prediction_type = prediction_type(part)
    pipeline = Wan22Pipeline(
        tokenizer=PromptTokenizer(folder / "tokenizer" / "tokenizer.json"),
        text_encoder=text_encoder.eval(),
        transformer=transformer,
        vae=AutoencoderKLWan.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval(),
    )
    return pipeline.to(device)


@torch.no_grad()
def encode_prompts(pipeline: Wan22Pipeline, prompts: list[str]) -> Tensor:
    """The text encoder's states of each prompt, zero past its end: [N, 512, text_dim]."""
    rows = {prompt: row for row, prompt in enumerate(dict.fromkeys(prompts))}
    ids = torch.zeros(len(rows), MAX_PROMPT_TOKENS, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for prompt, row in rows.items():
        tokens = pipeline.tokenizer(prompt, MAX_PROMPT_TOKENS).ids
        ids[row, : len(tokens)], mask[row, : len(tokens)] = torch.tensor(tokens), 1
    ids, mask = ids.to(pipeline.device), mask.to(pipeline.device)
    found = pipeline.text_encoder(ids, mask).last_hidden_state * mask[..., None]
    return found[[rows[prompt] for prompt in prompts]]


@torch.no_grad()
def encode_images(pipeline: Wan22Pipeline, images: np.ndarray) -> Tensor:
    """Start images uint8 [N, H, W, 3] as normalised latents [N, z, 1, H/16, W/16], float32."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    return pipeline.encode_image(pixels)


def noise(pipeline: Wan22Pipeline, asks: list[Ask]) -> Tensor:
    """The noise that each ask's seed gives in the product, float32 [N, z, f, h, w]."""
    return torch.cat(
        [
            pipeline.prepare_latents(
                ask.height, ask.width, ask.frames, torch.Generator("cpu").manual_seed(ask.seed)
            )
            for ask in asks
        ]
    )


def sample(
    pipeline: Wan22Pipeline, asks: list[Ask], num_inference_steps: int, flow_shift: float = configs.FLOW_SHIFT
) -> Tensor:
    """The latents of asks of one kind, normalised, float32 [N, z, f, h, w]."""
    latents, images = noise(pipeline, asks), None
    if asks[0].image is not None:
        images = encode_images(pipeline, np.stack([ask.image for ask in asks]))
    for step in pipeline.steps(
        encode_prompts(pipeline, [ask.prompt for ask in asks]),
        encode_prompts(pipeline, [ask.negative for ask in asks]),
        latents,
        num_inference_steps=num_inference_steps,
        guidance_scale=asks[0].guidance,
        flow_shift=flow_shift,
        image_latents=images,
    ):
        latents = step.latents
    return latents


@torch.no_grad()
def decode(pipeline: Wan22Pipeline, latents: Tensor) -> np.ndarray:
    """Frames uint8 [N, T, H, W, 3] of normalised latents [N, z, f, h, w]."""
    mean, std = latent_statistics(pipeline.vae, latents.device)
    clips = []
    for part in (latents * std + mean).split(DECODED_AT_ONCE):
        pixels = pipeline.vae.decode(part.to(pipeline.vae.dtype)).sample
        clips.append(to_bytes(pixels).cpu().numpy())
    return np.concatenate(clips)


def to_bytes(pixels: Tensor) -> Tensor:
    """Pixels [N, 3, T, H, W] in [-1, 1] as uint8 [N, T, H, W, 3]."""
    return ((pixels.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 4, 1)


def generate(
    pipeline: Wan22Pipeline,
    asks: list[Ask],
    num_inference_steps: int,
    batch: int,
    flow_shift: float = configs.FLOW_SHIFT,
) -> Iterator[tuple[int, np.ndarray]]:
    """Each ask's place in `asks` and its clip, uint8 [T, H, W, 3], as batches get ready; not in order."""
    kinds: dict[tuple[object, ...], list[int]] = {}
    for place, ask in enumerate(asks):
        kinds.setdefault(ask.kind, []).append(place)
    for places in kinds.values():
        for start in range(0, len(places), batch):
            part = places[start : start + batch]
            latents = sample(pipeline, [asks[place] for place in part], num_inference_steps, flow_shift)
            yield from zip(part, decode(pipeline, latents), strict=True)


@torch.no_grad()
def reconstruct(pipeline: Wan22Pipeline, clips: Tensor) -> Tensor:
    """Clips [N, 3, T, H, W] in [-1, 1] through the VAE and back, float32 on the CPU."""
    parts = []
    for part in clips.split(DECODED_AT_ONCE):
        latents = pipeline.vae.encode(part.to(pipeline.device, pipeline.vae.dtype)).latent_dist.mode()
        parts.append(pipeline.vae.decode(latents).sample.float().cpu())
    return torch.cat(parts)
