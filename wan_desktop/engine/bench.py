"""Measures what this computer needs for the 5 B, with random weights and pieces of the networks: no download.

One block of the transformer, its attention alone, a few frames of the decoder and the way to the card say what a
whole clip takes: all blocks are alike, attention grows with the square of the tokens and all else in proportion.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.domain.benchmark import Benchmark
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.engine import full_size, lean, levers, plans
from wan_desktop.engine.compiling import pieces
from wan_desktop.engine.decoder import Decoder, lay_out
from wan_desktop.engine.forecast import Forecast, Size
from wan_desktop.engine.lanes import Pinned
from wan_desktop.engine.lean_parts import pieces_for
from wan_desktop.engine.loaded import free
from wan_desktop.engine.planner import free_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_desktop.engine.device import Device

CLIP = Size(1280, 704, 121)
"""Five seconds at 720p: what the model is made for."""
STEPS = ("memory", "transfer", "transformer", "attention", "decoder")
"""What is measured, in order."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: tokens of a block and of attention, latents along each side of a decoded frame."""

    tokens: int
    attention: int
    latents: tuple[int, int]
    repeats: int


ON_CARD = Scale(27_280, 27_280, (44, 80), 3)
ON_SMALL_CARD = Scale(6_820, 6_820, (22, 40), 3)
"""A quarter, where the whole does not fit."""
ON_PROCESSOR = Scale(256, 1024, (4, 4), 1)
"""A small part: the whole would take an hour."""
_TEXT = 512


class Bench:
    """The measurement on `device`. `configs`: of the networks. `scale`: how much of them is measured."""

    def __init__(
        self,
        device: Device,
        configs: dict[str, dict[str, Any]] = full_size.CONFIGS,
        scale: Scale | None = None,
    ) -> None:
        self._device, self._configs = device, configs
        self._scale = scale or (ON_CARD if device.is_cuda else ON_PROCESSOR)
        self._where, self._dtype = torch.device(device.name), getattr(torch, device.dtype)
        self.found: dict[str, Any] = {}

    def steps(self) -> Iterator[str]:
        """Measure, step by step: yields the name of each of `STEPS` before it begins; then there is a `result`.

        Raises torch.OutOfMemoryError when not even a quarter of the size fits.
        """
        for name in STEPS:
            yield name
            step = getattr(self, f"_{name}")
            with torch.no_grad():
                try:
                    self.found |= step()
                except torch.OutOfMemoryError:
                    free(self._device)
                    self._scale = ON_SMALL_CARD
                    self.found |= step()
            free(self._device)

    def result(self) -> Benchmark:
        """What `steps` found."""
        found, layers = self.found, self._configs[TRANSFORMER]["num_layers"]
        streamed = found["plan"].streamed
        (block_s, tokens), (attention_s, pairs) = found["block"], found["attention"]
        squared = attention_s / pairs**2
        linear = max(0.0, block_s - squared * tokens**2) / tokens
        return Benchmark(
            device=self._device.name,
            device_name=self._device.label,
            torch=self._device.torch,
            linear=layers * linear,
            squared=layers * squared,
            transfer=found["transformer_bytes"] / found["bytes_a_second"] if streamed else 0.0,
            decode=found["decode_s"],
            text=found["text_bytes"] / found["bytes_a_second"],
            plan=found["plan"].name,
            scaled=not self._device.is_cuda,
            measured_at=time.time(),
        )

    # ---- the steps

    def _memory(self) -> dict[str, Any]:
        """The plan that the clip gets here, and the sizes of what travels."""
        outlines = {name: full_size.outline(name, self._dtype, self._configs) for name in self._configs}
        sizes = {name: sum(p.nbytes for p in module.parameters()) for name, module in outlines.items()}
        forecast = Forecast(
            *(outlines[name] for name in (TRANSFORMER, VAE, TEXT_ENCODER)),
            levers=levers.of(self._device.name, self._device.dtype),
            compiled=False,
        )
        here = plans.available(self._device)
        number = 0
        if self._device.is_cuda:
            number = plans.fitting(forecast, CLIP, free_now(self._device), here)
        text = outlines[TEXT_ENCODER].encoder.block
        return {
            "plan": here[number],
            "transformer_bytes": sizes[TRANSFORMER],
            "text_bytes": sum(p.nbytes for p in text.parameters()),
        }

    def _transfer(self) -> dict[str, Any]:
        """Bytes a second from the computer's memory to where networks compute."""
        size = 64 * 2**20
        here, there = Pinned(size, self._where), torch.empty(size, dtype=torch.uint8, device=self._where)
        seconds = self._timed(lambda: there.copy_(here.bytes, non_blocking=True))
        return {"bytes_a_second": size / seconds}

    def _transformer(self) -> dict[str, Any]:
        """Seconds of one block, and for how many tokens."""
        scale, config = self._scale, self._configs[TRANSFORMER]
        one: Any = full_size.outline(TRANSFORMER, self._dtype, {TRANSFORMER: config | {"num_layers": 1}})
        lean.adopt(one)
        block: Any = full_size.filled(one.blocks[0], self._where)
        found = levers.of(self._device.name, self._device.dtype)
        width, head = (
            config["num_attention_heads"] * config["attention_head_dim"],
            config["attention_head_dim"],
        )
        clip = lean.Clip(found, pieces() if found.compiler and not found.pieces else pieces_for(found))
        text = lean.Text(clip, self._random(0))
        text.embedded = self._random(1, _TEXT, width).to(self._dtype)
        x = self._random(1, scale.tokens, width).to(self._dtype)
        rope = (self._random(scale.tokens, 1, head), self._random(scale.tokens, 1, head))
        modulation = self._random(1, 1, 6, width)
        return {"block": (self._timed(lambda: block(x, text, modulation, rope)), scale.tokens)}

    def _attention(self) -> dict[str, Any]:
        """Seconds of one block's attention of all tokens to all, and for how many."""
        config, tokens = self._configs[TRANSFORMER], self._scale.attention
        shape = (1, tokens, config["num_attention_heads"], config["attention_head_dim"])
        parts = [self._random(*shape).to(self._dtype) for _ in range(3)]
        cudnn = levers.of(self._device.name, self._device.dtype).cudnn
        return {"attention": (self._timed(lambda: levers.attention(*parts, cudnn=cudnn)), tokens)}

    def _decoder(self) -> dict[str, Any]:
        """Seconds for each latent of a frame, in a frame that is not the first."""
        height, width = self._scale.latents
        vae = full_size.filled(full_size.outline(VAE, self._dtype, self._configs), self._where)
        lay_out(vae)
        decoder = Decoder(vae, height, width)
        z = self._random(1, vae.config.z_dim, 1, height, width).to(self._dtype)
        decoder(z)
        return {"decode_s": self._timed(lambda: decoder(z)) / (height * width)}

    # ---- how

    def _random(self, *shape: int) -> torch.Tensor:
        return torch.randn(shape, device=self._where) if shape != (0,) else torch.empty(0, device=self._where)

    def _timed(self, work: Callable[[], object]) -> float:
        """Seconds that `work` takes once it is warm: the median."""
        work()
        seconds = []
        for _ in range(self._scale.repeats):
            self._wait()
            began = time.perf_counter()
            work()
            self._wait()
            seconds.append(time.perf_counter() - began)
        return median(seconds)

    def _wait(self) -> None:
        if self._device.is_cuda:
            torch.cuda.synchronize(self._where)
