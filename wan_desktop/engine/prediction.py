"""What the transformer says in a step: with and without the prompt, put together by guidance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.engine.lean import LeanTransformer, Text

if TYPE_CHECKING:
    from wan_desktop.engine.lean import Clip

SAMPLE, FLOW = "sample", "flow_prediction"
"""What a network says, in the words of diffusers' schedulers: the clean latents, or the velocity noise - latents."""
MAX_PROMPT_TOKENS = 512
"""umT5's text_len in the official configuration; the transformer always sees this many (zeros fill up)."""


class Prediction:
    """Guided velocities of one clip. `embeds` [N, n, text_dim]: of the prompt, and of the negative one if guided.

    `held`: latent frame 0 is a start image, whose tokens see timestep 0. `clip` is what its forwards share. A
    transformer whose `prediction_type` is SAMPLE says x0; with the scheduler's noise level sigma, which `scheduler`
    must then be given for, that is the velocity (x_t - x0) / sigma.
    """

    def __init__(
        self,
        transformer: Any,
        embeds: list[torch.Tensor],
        guidance_scale: float,
        clip: Clip,
        device: torch.device,
        *,
        held: bool,
        scheduler: Any = None,
    ) -> None:
        self._transformer, self._guidance, self._held = transformer, guidance_scale, held
        self._levels = scheduler if getattr(transformer, "prediction_type", FLOW) == SAMPLE else None
        self._lean = isinstance(transformer, LeanTransformer)
        padded = [pad(part).to(device, transformer.dtype) for part in embeds]
        self._contexts: list[Any] = [Text(clip, states) for states in padded] if self._lean else padded

    @property
    def is_guided(self) -> bool:
        """Is there a second text, and so a second forward a step?"""
        return len(self._contexts) > 1

    def velocity(self, latents: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """uncond + guidance_scale * (cond - uncond), float32, like `latents` [N, z, f, h, w]; `t` in 0…1000."""
        cond = self.of(0, latents, t)
        return self.guided(cond, cond - self.of(1, latents, t)) if self.is_guided else cond

    def guided(self, cond: torch.Tensor, difference: torch.Tensor) -> torch.Tensor:
        """The guided velocity from that with the prompt, and by how much it differs from that without."""
        return cond + (self._guidance - 1) * difference

    def of(self, which: int, latents: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The velocity for the prompt (0) or the negative one (1) alone, float32."""
        timesteps = self._timesteps(t, latents)
        model_input = latents.to(self._transformer.dtype)
        said = self._transformer(model_input, timesteps, self._contexts[which], return_dict=False)[0].float()
        velocity: torch.Tensor = said if self._levels is None else (latents - said) / self._sigma(t)
        return velocity

    def _sigma(self, t: torch.Tensor) -> float:
        """The noise level of timestep `t`, which may be a rounded thousandfold of it."""
        index = int((self._levels.timesteps == t).nonzero()[0])
        return float(self._levels.sigmas[index])

    def _timesteps(self, t: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        """One per latent frame, [f]; for diffusers' own forward one for all, [N], or one per token, [N, tokens]."""
        count, _, frames, height, width = latents.shape
        each = t.float().expand(frames).clone()
        if self._held:
            each[0] = 0
        if self._lean:
            return each.to(latents.device)
        if not self._held:
            return t.expand(count)
        _, patch_h, patch_w = self._transformer.config.patch_size
        tokens = each.repeat_interleave((height // patch_h) * (width // patch_w))
        return tokens.to(latents.device).expand(count, -1)


def pad(embeds: torch.Tensor) -> torch.Tensor:
    """Embeddings [N, n, text_dim] filled up with zeros to [N, 512, text_dim]."""
    return torch.nn.functional.pad(embeds, (0, 0, 0, MAX_PROMPT_TOKENS - embeds.shape[1]))
