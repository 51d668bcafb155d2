"""How much memory each stage of a clip will take with a memory plan, of card and computer, before anything is loaded.

The engine's own code is run without contents (`dry_run`) for what computing takes; weights are added by their size.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.domain.exactness import EXACT
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.engine import components, lean, levers, loading
from wan_desktop.engine.decode import GRID, to_uint8
from wan_desktop.engine.decoder import Decoder, fits, lay_out
from wan_desktop.engine.dry_run import fused_kernels, peak_bytes, without_contents
from wan_desktop.engine.lean_parts import pieces_for
from wan_desktop.engine.lean_pieces import Pieces
from wan_desktop.engine.prediction import MAX_PROMPT_TOKENS
from wan_desktop.engine.regions import tiles
from wan_desktop.engine.streaming import ROOMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.domain.model import ModelSpec, Part
    from wan_desktop.engine.device import Device
    from wan_desktop.engine.levers import Levers
    from wan_desktop.engine.plans import Plan

WORKSPACE = 160 * 2**20
"""Bytes that libraries take for themselves besides tensors: cuBLAS 32 MiB (96 on Hopper), cuDNN's convolutions."""
_EIGHT_BITS = 0.51
"""Bytes of an eight-bit matrix for each of one in bfloat16, its scales included."""
_STATE = 6
"""Tensors like the latents that live beside a forward: the clip, the sampler's history, the guided halves."""
_SOME = 3
"""Blocks that are run for a forecast."""


@dataclass(frozen=True, slots=True)
class Size:
    """A clip's size: `width`, `height` in pixels, `num_frames`."""

    width: int
    height: int
    num_frames: int


class Forecast:
    """Predicts for networks without contents (`components.outline`), in the types they compute in on the card.

    `stored`: how much of that the blocks of transformer and text encoder take as their files have them (a quantised
    file: less). `levers` are the card's; with `compiled` the pieces between products take their results alone.
    """

    def __init__(
        self,
        transformer: Any,
        vae: Any,
        text_encoder: Any,
        *,
        levers: Levers,
        compiled: bool,
        stored: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self._transformer, self._vae, self._reader = transformer, vae, text_encoder
        lean.adopt(transformer)
        lay_out(vae)
        self._blocks, self._text = _sizes(transformer.blocks), _sizes(text_encoder.encoder.block)
        self._stored, self._levers, self._compiled = stored, levers, compiled
        self._known: dict[tuple[Plan, Size], dict[str, int]] = {}

    @classmethod
    def of(
        cls, model: ModelSpec, device: Device, precision: str = EXACT, *, compiled: bool = False
    ) -> Forecast:
        """For the files of `model` on `device`, from their headers. Raises ModelMissing, ModelDamaged."""
        parts = loading.parts_of(model)
        dtype = getattr(torch, device.dtype)
        transformer, text = (components.outline(parts[c], dtype) for c in (TRANSFORMER, TEXT_ENCODER))
        vae = components.outline(parts[VAE], loading.dtype_of(VAE, device))
        found = levers.of(device.name, device.dtype)
        stored = _stored(parts[TRANSFORMER], transformer), _stored(parts[TEXT_ENCODER], text)
        if precision != EXACT:
            stored = min(stored[0], _EIGHT_BITS), stored[1]
        return cls(transformer, vae, text, levers=found, compiled=compiled, stored=stored)

    def peaks(self, plan: Plan, size: Size) -> dict[str, int]:
        """Bytes on the card by stage: "encoding", "denoising", "decoding"."""
        if (plan, size) not in self._known:
            self._known[plan, size] = {
                "encoding": self._encoding(),
                "denoising": self._denoising(plan, size),
                "decoding": 0 if plan.vae_on_cpu else self._decoding(plan, size),
            }
        return self._known[plan, size]

    def peak(self, plan: Plan, size: Size) -> int:
        """Bytes on the card at the worst time."""
        return max(self.peaks(plan, size).values())

    def waiting(self, plan: Plan, size: Size) -> int:
        """Bytes of the frames that wait for the last tile, in the computer's memory or in a file (`decode`)."""
        if plan.cut == (1, 1) or not fits(self._vae):
            return 0
        return size.width * size.height * size.num_frames * 3

    def on_processor(self, plan: Plan, size: Size) -> int:
        """Bytes of the computer's memory for what the plan computes there: it does so in float32."""
        if not plan.vae_on_cpu:
            return 0
        return (self._decoding(plan, size) - WORKSPACE) * torch.float32.itemsize // self._vae.dtype.itemsize

    def _encoding(self) -> int:
        """umT5 comes block by block, and leaves its table of words where it is."""
        reader = self._reader

        def one_block() -> None:
            states = torch.empty(1, MAX_PROMPT_TOKENS, reader.config.d_model, dtype=reader.dtype)
            mask = torch.empty(1, 1, MAX_PROMPT_TOKENS, MAX_PROMPT_TOKENS, dtype=reader.dtype)
            reader.encoder.block[0](states, attention_mask=mask)

        with without_contents(), fused_kernels():
            computing = peak_bytes(one_block, list(_tensors(reader)))
        return int(2 * self._text[0] * self._stored[1]) + computing + WORKSPACE

    def _denoising(self, plan: Plan, size: Size) -> int:
        model, (block, blocks) = self._transformer, self._blocks
        here = ROOMS * block * self._stored[0] if plan.streamed else blocks * min(1.0, self._stored[0])
        weights = _bytes(model) - blocks + int(here)
        if plan.keep_text:
            weights += self._kept_text(model.dtype)
        try:
            computing = self._forwards(plan, size, self._levers)
        except (
            NotImplementedError,
            RuntimeError,
        ):  # a kernel that has no outline: the plain way takes a little more
            computing = self._forwards(plan, size, levers.NONE)
        return weights + computing + WORKSPACE

    def _forwards(self, plan: Plan, size: Size, found: Levers) -> int:
        """Bytes for the two forwards of a step, weights left out."""
        model = self._transformer
        grid, kind = self._latents(size), model.dtype
        clip = lean.Clip(
            found,
            OUTLINE if self._compiled or found.pieces else pieces_for(found, plan.feed_forward_parts),
            keep_text=plan.keep_text,
            fuse=False,
            feed_forward_parts=plan.feed_forward_parts,
        )

        def forwards() -> None:
            shape = (1, MAX_PROMPT_TOKENS, model.config.text_dim)
            texts = [lean.Text(clip, torch.empty(shape, dtype=kind)) for _ in range(2)]
            state = [torch.empty(grid) for _ in range(_STATE)]
            for text in texts:
                model(state[0].to(kind), torch.empty(grid[2]), text, return_dict=False)

        with without_contents(), fused_kernels(), _only_blocks(model, _SOME):
            return peak_bytes(forwards, list(_tensors(model)))

    def _kept_text(self, kind: torch.dtype) -> int:
        """Keys and values of two texts, for the blocks that are not run here."""
        model = self._transformer
        width = model.config.num_attention_heads * model.config.attention_head_dim
        one = MAX_PROMPT_TOKENS * width * kind.itemsize
        return 4 * one * max(0, len(model.blocks) - _SOME)

    def _decoding(self, plan: Plan, size: Size) -> int:
        vae, (_, channels, _, height, width) = self._vae, self._latents(size)
        if not fits(vae):
            return 2**62  # nothing is known of another make, so it is not promised to fit
        cores = tiles(height * GRID, width * GRID, *plan.cut)
        widest = max(cores, key=lambda core: core.grown(GRID).rows * core.grown(GRID).columns)

        def chunks() -> None:
            decoder = Decoder(vae, height, width, widest)
            for _ in range(min(2, (size.num_frames + 3) // 4)):
                pixels = decoder(torch.empty(1, channels, 1, height, width, dtype=vae.dtype))
                to_uint8(pixels[0].transpose(0, 1).clamp(-1.0, 1.0))

        with without_contents(), fused_kernels():
            return _bytes(vae) + peak_bytes(chunks, list(_tensors(vae))) + WORKSPACE

    def _latents(self, size: Size) -> tuple[int, int, int, int, int]:
        scale = self._vae.config.scale_factor_spatial
        frames = (size.num_frames - 1) // 4 + 1
        return 1, self._vae.config.z_dim, frames, size.height // scale, size.width // scale


@contextlib.contextmanager
def _only_blocks(model: Any, count: int) -> Iterator[None]:
    """Inside, `model` has its first `count` blocks alone: they are all alike."""
    blocks = model.blocks
    model.blocks = blocks[:count]
    try:
        yield
    finally:
        model.blocks = blocks


def _tensors(module: Any) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _bytes(module: Any) -> int:
    return sum(tensor.nbytes for tensor in _tensors(module))


def _sizes(blocks: Any) -> tuple[int, int]:
    """Bytes of the largest block, and of all of them."""
    each = [_bytes(block) for block in blocks.children()]
    return max(each), sum(each)


def _stored(part: Part, network: Any) -> float:
    """Bytes of the part's files for each that its weights have in the types they compute in."""
    return sum(Path(file).stat().st_size for file in part.files) / max(1, _bytes(network))


def _like(x: torch.Tensor, *_: object) -> torch.Tensor:
    return torch.empty_like(x)


def _two(x: torch.Tensor, *_: object) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.empty_like(x), torch.empty_like(x)


def _heads(x: torch.Tensor, weight: torch.Tensor, cos: Any, *_: object) -> torch.Tensor:
    head = cos if isinstance(cos, int) else cos.shape[-1]
    return torch.empty_like(x).unflatten(-1, (-1, head))


OUTLINE = Pieces(
    modulate=_like, turn=_heads, norm_heads=_heads, leave_self=_two, leave_text=_two, gated=_like
)
"""What compiled pieces and our own kernels take: their results alone."""
