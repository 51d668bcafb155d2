"""LoRAs, added to what the transformer's layers compute while a clip is drawn. Base weights are never touched.

y = W x + strength * alpha / rank * B (A x): so every precision of W works, and without the LoRA everything is bit
for bit as before.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from wan_desktop.domain import lora_names
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wan_desktop.domain.request import Lora

_OTHER_KINDS = ("hada_w", "lokr_w", "dora_scale", "oft_blocks", "glora")


@dataclass(slots=True)
class Addition:
    """What a LoRA adds to one layer: `up` @ `down` scaled, a whole `diff`, a `bias`; each may be missing."""

    down: torch.Tensor | None = None
    up: torch.Tensor | None = None
    alpha: float | None = None
    diff: torch.Tensor | None = None
    bias: torch.Tensor | None = None
    moved: dict[Any, tuple[torch.Tensor | None, ...]] = field(default_factory=dict)

    def scale(self) -> float:
        """alpha / rank; 1 when there is no alpha (kohya's convention, PEFT files have it folded in)."""
        return 1.0 if self.alpha is None or self.down is None else self.alpha / self.down.shape[0]

    def output(self, hidden_states: torch.Tensor, strength: float) -> torch.Tensor | float:
        """What is added to the layer's output for this input."""
        key = (hidden_states.device, hidden_states.dtype)
        if key not in self.moved:
            parts = (self.down, self.up, self.diff, self.bias)
            self.moved[key] = tuple(None if p is None else p.to(*key) for p in parts)
        down, up, diff, bias = self.moved[key]
        added: torch.Tensor | float = 0.0
        if down is not None and up is not None:
            low = nn.functional.linear(hidden_states, down)
            added = nn.functional.linear(low, up) * (strength * self.scale())
        if diff is not None:
            added = added + nn.functional.linear(hidden_states, diff) * strength
        return added if bias is None else added + bias * strength


@contextlib.contextmanager
def applied(transformer: nn.Module, loras: Iterable[Lora]) -> Iterator[None]:
    """Inside, the transformer computes with `loras`, each with its strength.

    Raises InvalidRequest (field "lora") when a file is missing, is no LoRA, or is one for another model.
    """
    handles = []
    try:
        for lora in loras:
            for name, addition in read(Path(lora.path), transformer).items():
                layer = transformer.get_submodule(name)
                handles.append(layer.register_forward_hook(_adding(addition, lora.strength)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _adding(addition: Addition, strength: float) -> Any:
    def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        return output + addition.output(inputs[0], strength)

    return hook


def read(file: Path, transformer: nn.Module) -> dict[str, Addition]:
    """The additions in `file` by canonical layer name. Raises InvalidRequest unless they fit `transformer`."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(file)
    except FileNotFoundError as error:
        raise refused(file, QT_TRANSLATE_NOOP("errors", "there is no such file")) from error
    except (OSError, SafetensorError, ValueError) as error:
        raise refused(file, QT_TRANSLATE_NOOP("errors", "it cannot be read as safetensors")) from error
    if any(part in name for name in tensors for part in _OTHER_KINDS):
        raise refused(file, QT_TRANSLATE_NOOP("errors", "it is a LoKr, LoHa or DoRA, which is not supported"))
    if not lora_names.is_lora(tensors):
        raise refused(file, QT_TRANSLATE_NOOP("errors", "it is no LoRA"))
    additions: dict[str, Addition] = {}
    for name, tensor in tensors.items():
        found = lora_names.split(name)
        if found is None:
            continue
        layer, kind = found
        addition = additions.setdefault(layer, Addition())
        if kind == lora_names.ALPHA and tensor.numel() != 1:
            raise refused(file, QT_TRANSLATE_NOOP("errors", "it is no LoRA"))
        setattr(addition, kind, float(tensor) if kind == lora_names.ALPHA else tensor)
    kept = {name: a for name, a in additions.items() if not _is_norm(name)}
    for name, addition in kept.items():
        _check_fits(file, transformer, name, addition)
    return kept


def _is_norm(name: str) -> bool:
    """Extracted LoRAs have differences of norms too, zero or very small: left out, as diffusers does for that."""
    return "norm" in name.rpartition(".")[2] or name.endswith("scale_shift_table")


def _check_fits(file: Path, transformer: nn.Module, name: str, addition: Addition) -> None:
    other = QT_TRANSLATE_NOOP("errors", "it was made for another model")
    try:
        layer = transformer.get_submodule(name)
    except AttributeError as error:
        raise refused(file, other) from error
    shape = _shape(layer)
    down, up, diff, bias = addition.down, addition.up, addition.diff, addition.bias
    if shape is None or (down is None) != (up is None):
        raise refused(file, other)
    if down is not None and up is not None:
        if min(down.ndim, up.ndim) < 2 or not down.numel():
            raise refused(file, other)
        addition.down, addition.up = down, up = down.flatten(1), up.flatten(1)
        if (up.shape[0], down.shape[1]) != shape or up.shape[1] != down.shape[0]:
            raise refused(file, other)
    if diff is not None and tuple(diff.shape) != shape:
        raise refused(file, other)
    if bias is not None and tuple(bias.shape) != shape[:1]:
        raise refused(file, other)


def _shape(layer: nn.Module) -> tuple[int, int] | None:
    """(out, in) of a linear layer, packed or not; None for another layer."""
    return (layer.out_features, layer.in_features) if isinstance(layer, nn.Linear) else None


def refused(file: Path, why: str) -> InvalidRequest:
    """The error for a LoRA that cannot be used."""
    return InvalidRequest(
        QT_TRANSLATE_NOOP("errors", "The LoRA {file} cannot be used: {why}."),
        field="lora",
        action=QT_TRANSLATE_NOOP("errors", "Leave the LoRA out"),
        file=file,
        why=why,
    )
