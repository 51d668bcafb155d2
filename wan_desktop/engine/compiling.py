"""Compiled pieces of the transformer: made once a card and size, kept on disk, and only where they pay.

docs/decisions/0010-own-kernels-then-compiled.md says where it is done at all, and why between clips and never within.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from diffusers.models.transformers.transformer_wan import WanTransformerBlock

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.engine import levers
from wan_desktop.engine.lean import Clip, LeanBlock, Text
from wan_desktop.engine.lean_pieces import EAGER, Pieces
from wan_desktop.media.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wan_desktop.engine.device import Device

log = logging.getLogger(__name__)

SHAPES = 64
"""So many sizes of clips may be compiled in one process before new ones run as they are."""
WORTH_S = 30.0
"""Drawing that took less is not worth compiling for: that takes some ten seconds, and saves a tenth."""
LOAD_S = 8.0
"""What compiled code takes to come from the disk, until it was measured."""
_TOKENS_OF_TEXT = 512


@dataclass(frozen=True, slots=True)
class Shape:
    """What compiled pieces depend on: the network's width and heads, and the clip's tokens."""

    width: int
    heads: int
    blocks: int
    eps: float
    frames: int
    tokens: int
    dtype: str

    @classmethod
    def of(cls, transformer: Any, latents: tuple[int, ...]) -> Shape:
        """For clips with latents [1, z, f, h, w]."""
        config = transformer.config
        _, _, frames, height, width = latents
        return cls(
            width=config.num_attention_heads * config.attention_head_dim,
            heads=config.num_attention_heads,
            blocks=config.num_layers,
            eps=config.eps,
            frames=frames,
            tokens=frames * (height // config.patch_size[1]) * (width // config.patch_size[2]),
            dtype=str(transformer.dtype).removeprefix("torch."),
        )


class Compiler:
    """Decides for each clip, before it begins, whether its pieces are compiled ones.

    What was compiled lies in `folder`, with a note for each shape: what it saves a forward, in seconds, and what
    loading it takes. `backend` is torch.compile's; `on` may be given instead of being asked of the device.
    """

    def __init__(
        self, folder: Path, device: Device, *, backend: str = "inductor", on: bool | None = None
    ) -> None:
        self._folder, self._device, self._backend = folder, device, backend
        self._on = on
        self._ready: set[Shape] = set()
        self._asked: tuple[Shape, bool] | None = None
        if device.is_cuda:  # before anything is compiled, kernels of our own included
            os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder))
            os.environ.setdefault("TRITON_CACHE_DIR", str(folder / "triton"))

    @property
    def on(self) -> bool:
        """Can anything be compiled here, and is it worth it? Not where our own kernels do the same for any size."""
        if self._on is None:
            found = levers.of(self._device.name, self._device.dtype)
            self._on = found.compiler and not found.pieces
        return self._on

    def for_clip(self, shape: Shape, forwards: int) -> Pieces:
        """The pieces for a whole clip of so many forwards; compiled ones only if they are there and save time."""
        self._asked = None
        if not self.on:
            return EAGER
        if shape in self._ready:
            return pieces(self._backend)
        note = self._note(shape)
        if note is None:
            self._asked = shape, False
            return EAGER
        if note["saves_s"] * forwards <= note.get("load_s", LOAD_S):
            return EAGER
        loaded = self._trial(shape)
        if loaded is None:
            return EAGER
        self._write(shape, note | {"load_s": loaded["compile_s"]})
        return pieces(self._backend)

    def drawn(self, seconds: float) -> None:
        """The clip that was asked for last is drawn, and took so long. Short ones are not worth compiling for."""
        if self._asked is not None:
            self._asked = self._asked[0], seconds >= WORTH_S

    def work_ahead(self) -> None:
        """Compile what the last clip would have liked, if anything: for the time when its end has been told."""
        asked, self._asked = self._asked, None
        if asked is not None and asked[1] and (found := self._trial(asked[0])) is not None:
            self._write(asked[0], found)

    def _trial(self, shape: Shape) -> dict[str, float] | None:
        """Run one block of this shape, as it is and compiled; None when that fails, and then no more is tried."""
        try:
            found = trial(shape, torch.device(self._device.name), pieces(self._backend))
        except torch.OutOfMemoryError:
            log.info("no memory to compile %s", shape)
            return None
        except (RuntimeError, ImportError, OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("not compiled: %s: %s", type(error).__name__, error)
            self._on = False
            return None
        self._ready.add(shape)
        log.info("compiled: %s %s", shape, found)
        return found

    def _file(self, shape: Shape) -> Path:
        told = asdict(shape) | {"torch": str(torch.__version__), "card": self._device.label}
        told["driver"] = str(torch.version.cuda)
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        return self._folder / f"pieces-{digest[:16]}.json"

    def _note(self, shape: Shape) -> dict[str, float] | None:
        try:
            found = json.loads(self._file(shape).read_text(encoding="utf-8"))
            return {"saves_s": float(found["saves_s"]), "load_s": float(found.get("load_s", LOAD_S))}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _write(self, shape: Shape, note: dict[str, float]) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self._file(shape), json.dumps(note).encode())
        except (OSError, DiskProblem) as error:
            log.info("what was compiled is not noted: %s", error)


@functools.cache
def pieces(backend: str = "inductor") -> Pieces:
    """The pieces, each compiled at its first call with new shapes, which takes seconds."""
    torch._dynamo.config.recompile_limit = SHAPES
    compiled = (torch.compile(piece, fullgraph=True, dynamic=False, backend=backend) for piece in EAGER)
    return Pieces(*compiled)


@torch.no_grad()
def trial(shape: Shape, device: torch.device, compiled: Pieces) -> dict[str, float]:
    """Seconds that compiling takes (`compile_s`), and that it saves a forward (`saves_s`)."""
    block = _a_block(shape, device)
    plain_s = min(_seconds(block, shape, device, EAGER) for _ in range(2))
    first_s = sum(_seconds(block, shape, device, compiled, fuse=fuse) for fuse in (False, True))
    then_s = min(_seconds(block, shape, device, compiled) for _ in range(2))
    return {"saves_s": shape.blocks * (plain_s - then_s), "compile_s": first_s}


def _a_block(shape: Shape, device: torch.device) -> LeanBlock:
    """One block without contents; its feed-forward is small, as that is not compiled."""
    with torch.device("meta"):
        block = WanTransformerBlock(shape.width, 64, shape.heads, "rms_norm_across_heads", True, shape.eps)
    block = block.to(getattr(torch, shape.dtype)).to_empty(device=device).eval().requires_grad_(False)
    for parameter in block.parameters():
        parameter.data.zero_()
    for kept in (block.norm2.weight, block.norm2.bias, block.scale_shift_table):
        kept.data = kept.data.float()
    block.__class__ = LeanBlock
    block.index = 0
    return block


def _seconds(
    block: LeanBlock, shape: Shape, device: torch.device, these: Pieces, *, fuse: bool = True
) -> float:
    """One block, and what stands after the last, just as a clip calls them."""
    clip = Clip(levers.of(str(device), shape.dtype), these, fuse=fuse)
    make: Callable[..., torch.Tensor] = functools.partial(torch.zeros, device=device)
    dtype = getattr(torch, shape.dtype)
    text = Text(clip, make(0))
    text.embedded = make(1, _TOKENS_OF_TEXT, shape.width, dtype=dtype)
    x = make(1, shape.tokens, shape.width, dtype=dtype)
    rope = (
        make(shape.tokens, 1, shape.width // shape.heads),
        make(shape.tokens, 1, shape.width // shape.heads),
    )
    modulation = make(1, shape.frames, 6, shape.width)
    _wait(device)
    began = time.perf_counter()
    x = block(x, text, modulation, rope)
    these.modulate(x, *modulation[:, :, :2].contiguous().unbind(2), shape.eps)
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
