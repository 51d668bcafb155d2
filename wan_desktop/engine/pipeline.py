"""Wan2.2-TI2V on diffusers' components: one pipeline for text to video and image to video, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import WanResample, WanResidualBlock
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from wan_desktop.domain.sizes import FRAME_STEP
from wan_desktop.engine import fast, lean, sampler_state, samplers
from wan_desktop.engine.decode import decode_frames, latent_statistics
from wan_desktop.engine.lean_pieces import EAGER
from wan_desktop.engine.leash import leashed
from wan_desktop.engine.prediction import MAX_PROMPT_TOKENS, Prediction

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Iterator

    import numpy as np
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
    from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
    from transformers.models.umt5.modeling_umt5 import UMT5EncoderModel

    from wan_desktop.engine.keeping import Snapshot
    from wan_desktop.engine.prompts import PromptTokenizer


@dataclass(frozen=True, slots=True)
class Step:
    """The sampler after step `index` (from 0) of `total`.

    `latents`: what the next step starts from; `x0`: the clip as estimated now. Both normalised, float32
    [1, z, f, h, w]; with a start image, both hold it in latent frame 0. `scheduler` holds the rest of the state.
    """

    index: int
    total: int
    latents: torch.Tensor
    x0: torch.Tensor
    scheduler: Any


class Wan22Pipeline(DiffusionPipeline):
    """The official recipe (UniPC on the official schedule, expanded timesteps for a start image).

    Components are diffusers' and transformers' own; each may be None while nobody needs it. `work_devices` says
    where a component computes, by its name, when that is not where the pipeline does. `new_clip` makes what the
    forwards of one clip share: the levers that are on, and how memory is spent; `pieces`, plain or compiled, are
    those that the next clip uses.
    """

    model_cpu_offload_seq = "text_encoder->transformer->vae"
    _optional_components = ["text_encoder", "tokenizer", "transformer", "vae"]

    def __init__(
        self,
        tokenizer: PromptTokenizer | None,
        text_encoder: UMT5EncoderModel | None,
        transformer: WanTransformer3DModel | None,
        vae: AutoencoderKLWan | None,
    ) -> None:
        super().__init__()
        self.work_devices: dict[str, torch.device] = {}
        self.decode_cut = (1, 1)
        self.new_clip: Callable[[], lean.Clip] = lean.Clip
        self.pieces = EAGER
        self.register_modules(
            tokenizer=tokenizer, text_encoder=text_encoder, transformer=transformer, vae=vae
        )

    def register_modules(self, **modules: Any) -> None:
        """As diffusers' own; a transformer also learns the lean forward, before anything is hung on it."""
        if modules.get("transformer") is not None:
            lean.adopt(modules["transformer"])
        super().register_modules(**modules)

    @torch.no_grad()
    def encode_prompt(self, prompt: str, max_sequence_length: int = MAX_PROMPT_TOKENS) -> torch.Tensor:
        """The text encoder's states of `prompt`, [1, n, text_dim]: n tokens, the end marker included.

        The encoder is run on the padded sequence, as the official code does; padding is then left out.
        """
        ids = self.tokenizer(prompt, max_sequence_length).ids
        padded = torch.zeros(1, max_sequence_length, dtype=torch.long)
        padded[0, : len(ids)] = torch.tensor(ids)
        mask = (torch.arange(max_sequence_length) < len(ids)).long()[None]
        device = self._device_of("text_encoder")
        states = self.text_encoder(padded.to(device), mask.to(device)).last_hidden_state
        return states[:, : len(ids)]

    @torch.no_grad()
    def encode_image(self, image: torch.Tensor) -> torch.Tensor:
        """The start image [1, 3, H, W] in [-1, 1] as normalised latents [1, z, 1, H/16, W/16], float32."""
        device = self._device_of("vae")
        pixels = image[:, :, None].to(device, self.vae.dtype)
        latents = self.vae.encode(pixels).latent_dist.mode().float()
        mean, std = latent_statistics(self.vae, latents.device)
        return (latents - mean) / std

    def prepare_latents(
        self, height: int, width: int, num_frames: int, generator: torch.Generator
    ) -> torch.Tensor:
        """Noise float32 [1, z, f, h, w] drawn on `generator`'s device (the CPU, so every machine draws the same)."""
        scale = self.vae.config.scale_factor_spatial
        frames = (num_frames - 1) // FRAME_STEP + 1
        shape = (1, self.vae.config.z_dim, frames, height // scale, width // scale)
        return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float32)

    @torch.no_grad()
    def steps(
        self,
        prompt_embeds: torch.Tensor,
        negative_prompt_embeds: torch.Tensor | None,
        latents: torch.Tensor,
        *,
        num_inference_steps: int,
        guidance_scale: float,
        flow_shift: float,
        sampler: str = "unipc",
        speed: str = "exact",
        image_latents: torch.Tensor | None = None,
        resume: Snapshot | None = None,
    ) -> Iterator[Step]:
        """Denoise `latents` (noise, [1, z, f, h, w]), yielding after every step; the last `latents` are the clip.

        `negative_prompt_embeds` is needed when guidance_scale > 1 and not looked at otherwise. `image_latents`
        [1, z, 1, h, w] make it image to video: frame 0 is held at them, its tokens see timestep 0
        (Wan2.2 `wan/textimage2video.py: i2v`). With the `speed` "fast" some steps are guessed (`fast.py`). `resume`
        is where to go on, made with the same values; `latents` are then not looked at.
        """
        device = self._device_of("transformer")
        scheduler = samplers.make(sampler, num_inference_steps, flow_shift, device)
        embeds = [prompt_embeds]
        if guidance_scale > 1:
            if negative_prompt_embeds is None:
                raise ValueError("guidance_scale > 1 needs negative_prompt_embeds")
            embeds.append(negative_prompt_embeds)
        letters = fast.table_for(num_inference_steps, sampler) if speed == "fast" else None
        velocity = self.velocities(scheduler, embeds, guidance_scale, letters, held=image_latents is not None)
        first = 0
        if resume is not None:
            first, latents = resume.step, resume.latents
            sampler_state.restore(scheduler, resume.sampler, device)
        latents = hold_first_frame(latents.to(device), image_latents)
        for i, t in enumerate(scheduler.timesteps[first:], first):
            latents = scheduler.step(velocity(i, latents, t), t, latents, return_dict=False)[0]
            latents = hold_first_frame(latents, image_latents)
            x0 = hold_first_frame(scheduler.model_outputs[-1], image_latents)
            yield Step(i, len(scheduler.timesteps), latents, x0, scheduler)

    def velocities(
        self,
        scheduler: Any,
        embeds: list[torch.Tensor],
        guidance_scale: float,
        letters: str | None = None,
        *,
        held: bool = False,
    ) -> Callable[[int, torch.Tensor, torch.Tensor], torch.Tensor]:
        """What gives the guided velocity of a clip's step: of its index, the latents and the timestep.

        `embeds`: of the prompt, and of the negative one if guided. `letters`: which steps are guessed (`fast.py`).
        """
        clip = self.new_clip()
        if self.pieces is not EAGER:
            clip.pieces = self.pieces
        device = self._device_of("transformer")
        predict = Prediction(
            self.transformer, embeds, guidance_scale, clip, device, held=held, scheduler=scheduler
        )
        if letters is None:
            return lambda index, latents, t: predict.velocity(latents, t)
        return fast.Fast(predict, scheduler, letters).velocity

    def decode(self, latents: torch.Tensor) -> Iterator[np.ndarray]:
        """The frames of normalised `latents`: uint8 [n, H, W, 3] per latent frame (n = 1, then 4)."""
        hook = getattr(self.vae, "_hf_hook", None)
        if hook is not None:
            hook.pre_forward(self.vae)
        yield from decode_frames(self.vae, latents.to(self._device_of("vae")), self.decode_cut)

    def checked(self, check: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
        """Inside, `check` is called before every block of every network that is there; it may raise."""
        return leashed(self._blocks(), check)

    def _device_of(self, component: str) -> torch.device:
        device: torch.device = self.work_devices.get(component, self._execution_device)
        return device

    def _blocks(self) -> Iterator[torch.nn.Module]:
        """What the networks are made of, each a fraction of a second's work on a card."""
        if self.text_encoder is not None:
            yield from self.text_encoder.encoder.block.children()  # to iterate over streamed ones would fetch them
        if self.transformer is not None:
            yield from self.transformer.blocks.children()
        if self.vae is not None:
            yield from (m for m in self.vae.modules() if isinstance(m, WanResidualBlock | WanResample))

    def __call__(
        self,
        prompt: str,
        negative_prompt: str = "",
        image: torch.Tensor | None = None,
        *,
        height: int,
        width: int,
        num_frames: int,
        num_inference_steps: int = 50,
        guidance_scale: float = 5.0,
        flow_shift: float = 5.0,
        sampler: str = "unipc",
        generator: torch.Generator | None = None,
        latents: torch.Tensor | None = None,
        output_type: str = "np",
    ) -> Any:
        """Run everything: frames uint8 [num_frames, height, width, 3], or the latents if `output_type` is "latent".

        `image` is [1, 3, height, width] in [-1, 1]. Defaults are the official recipe.
        """
        try:
            embeds = self.encode_prompt(prompt)
            negative = self.encode_prompt(negative_prompt) if guidance_scale > 1 else None
            image_latents = None if image is None else self.encode_image(image)
            if latents is None:
                latents = self.prepare_latents(height, width, num_frames, generator or torch.Generator("cpu"))
            for step in self.steps(
                embeds,
                negative,
                latents,
                num_inference_steps=num_inference_steps,
                guidance_scale=guidance_scale,
                flow_shift=flow_shift,
                sampler=sampler,
                image_latents=image_latents,
            ):
                latents = step.latents
            if output_type == "latent":
                return latents
            return concatenate(self.decode(latents))
        finally:
            self.maybe_free_model_hooks()


def hold_first_frame(latents: torch.Tensor, image_latents: torch.Tensor | None) -> torch.Tensor:
    """`latents` [1, z, f, h, w] with frame 0 replaced by `image_latents` [1, z, 1, h, w], if there are any."""
    if image_latents is None:
        return latents
    return torch.cat([image_latents.to(latents), latents[:, :, 1:]], dim=2)


def concatenate(groups: Iterator[np.ndarray]) -> np.ndarray:
    """All frames of `groups` in one array."""
    import numpy as np

    return np.concatenate(list(groups))
