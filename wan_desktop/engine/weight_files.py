"""Weights in files of any kind, opened without reading them: safetensors, GGUF, and torch's own zip files.

What comes out is the same for all: canonical names, each with a shape and a tensor that is mapped from its file
until somebody changes its type. A pickle is only ever read with `weights_only=True`, and only here, in the render
process.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.domain import weight_names
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelDamaged, OutOfMemory
from wan_desktop.domain.weight_shapes import mended
from wan_desktop.engine import failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wan_desktop.domain.errors import WanError
    from wan_desktop.engine.packed import Packing

FP8 = (torch.float8_e4m3fn, torch.float8_e5m2)
_SCALES = (".scale_weight", ".weight_scale")
"""Where a scaled fp8 file keeps a layer's scale: ComfyUI's older and newer layout."""
_SIDE = (".scale_input", ".input_scale", ".comfy_quant")
"""What such files say for other ways of computing."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One weight: its shape as the network has it, and how to get it. `packing`: None, or how it is quantised.

    `read` gives a tensor of that shape, or, for a packed weight, the bytes or fp8 numbers that `packing` unpacks.
    """

    shape: tuple[int, ...]
    read: Callable[[], torch.Tensor]
    packing: Packing | None = None

    def shaped(self, shape: tuple[int, ...]) -> Weight:
        """The same weight in another shape of as many numbers."""
        if self.packing is not None:
            return Weight(shape, self.read, replace(self.packing, shape=shape))  # type: ignore[type-var]
        return Weight(shape, lambda: self.read().reshape(shape))


@dataclass(frozen=True, slots=True)
class Weights:
    """A component's weights by canonical name; `spiece` is the sentencepiece model that lay among them, or b""."""

    component: str
    tensors: dict[str, Weight] = field(default_factory=dict)
    spiece: bytes = b""


def open_weights(files: Iterable[str | Path]) -> Weights:
    """The weights in `files` together. Raises ModelDamaged, OutOfMemory."""
    raw: dict[str, Weight] = {}
    for file in map(Path, files):
        try:
            raw.update(_opener(file)(file))
        except (OSError, ValueError, KeyError, RuntimeError, EOFError, IndexError) as error:
            raise unreadable(file, error) from error
    spiece = raw.pop(weight_names.SPIECE, None)
    prefix = weight_names.prefix_of(raw)
    try:
        raw = _unscaled({name.removeprefix(prefix): weight for name, weight in raw.items()})
    except ValueError as error:
        raise damaged(next(iter(files), ""), error) from error
    component = weight_names.component_of(raw)
    if component is None:
        raise damaged(next(iter(files), ""), "there are no weights of this model in it")
    tensors = _mended({weight_names.canonical(component, name): weight for name, weight in raw.items()})
    return Weights(component, tensors, b"" if spiece is None else spiece.read().numpy().tobytes())


def _mended(tensors: dict[str, Weight]) -> dict[str, Weight]:
    """Weights whose file left dimensions out have them again (`weight_shapes.mended`)."""
    shapes = mended({name: weight.shape for name, weight in tensors.items()})
    return {
        name: weight if shapes[name] == weight.shape else weight.shaped(shapes[name])
        for name, weight in tensors.items()
    }


def damaged(file: str | Path, why: object) -> ModelDamaged:
    """The error for a file whose weights cannot be had."""
    return ModelDamaged(
        QT_TRANSLATE_NOOP(
            "errors",
            "The model's file {file} is damaged ({why}): download the model again, or choose another.",
        ),
        field="model",
        action=QT_TRANSLATE_NOOP("errors", "Choose another model"),
        file=file,
        why=(str(why).splitlines() or [type(why).__name__])[0][:200],
    )


def unreadable(file: str | Path, error: Exception) -> WanError:
    """What `error` says of a file that was being read: OutOfMemory when memory ran out, else ModelDamaged."""
    known = failures.translate(error)
    return known if isinstance(known, OutOfMemory) else damaged(file, error)


def _opener(file: Path) -> Callable[[Path], dict[str, Weight]]:
    with file.open("rb") as stream:
        magic = stream.read(4)
    if magic == b"GGUF":
        return _open_gguf
    return _open_torch if magic[:2] == b"PK" else _open_safetensors


def _open_safetensors(file: Path) -> dict[str, Weight]:
    from safetensors import SafetensorError, safe_open

    try:
        handle = safe_open(file, framework="pt")
        names = list(handle.keys())
        shapes = {name: tuple(handle.get_slice(name).get_shape()) for name in names}
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    return {name: Weight(shapes[name], partial(handle.get_tensor, name)) for name in names}


def _open_torch(file: Path) -> dict[str, Weight]:
    from pickle import UnpicklingError

    try:
        found = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except UnpicklingError as error:
        raise ModelDamaged(
            QT_TRANSLATE_NOOP(
                "errors",
                "{file} holds more than weights: it could run programs on this computer, so it is not opened. "
                "Get the model as safetensors files.",
            ),
            field="model",
            action=QT_TRANSLATE_NOOP("errors", "Choose another model"),
            file=file,
        ) from error
    tensors = _flat(found)
    return {name: Weight(tuple(t.shape), partial(_itself, t)) for name, t in tensors.items()}


def _itself(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach()


def _flat(found: Any) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint; some tools wrap them ("generator", "state_dict", "model")."""
    if isinstance(found, dict):
        tensors = {str(k): v for k, v in found.items() if isinstance(v, torch.Tensor)}
        if tensors:
            return tensors
        for wrapper in ("generator_ema", "generator", "state_dict", "model", "module"):
            if isinstance(found.get(wrapper), dict):
                return _flat(found[wrapper])
    raise ValueError("there are no weights in it")


def _open_gguf(file: Path) -> dict[str, Weight]:
    import gguf

    from wan_desktop.engine.packed import Ggml, is_plain

    reader = gguf.GGUFReader(file)
    weights: dict[str, Weight] = {}
    for tensor in reader.tensors:
        shape = tuple(int(n) for n in reversed(tensor.shape))
        told = reader.get_field(f"comfy.gguf.orig_shape.{tensor.name}")
        if (
            told is not None
        ):  # GGUF's own tools allow four dimensions, so a convolution's shape is told beside it
            shape = tuple(int(told.parts[part][0]) for part in told.data)
        packing = None if is_plain(tensor.tensor_type) else Ggml(int(tensor.tensor_type), shape)
        weights[tensor.name] = Weight(shape, partial(_gguf_tensor, tensor, shape, packing), packing)
    return weights


def _gguf_tensor(tensor: Any, shape: tuple[int, ...], packing: Packing | None) -> torch.Tensor:
    import warnings

    import gguf

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        data = torch.from_numpy(tensor.data)
    if packing is not None:
        return data
    if tensor.tensor_type == gguf.GGMLQuantizationType.BF16:
        data = data.view(torch.uint8).view(torch.bfloat16)
    return data.reshape(shape)


def _unscaled(raw: dict[str, Weight]) -> dict[str, Weight]:
    """The weights alone: scales and other side values of fp8 files taken out and put into their `packing`."""
    from wan_desktop.engine.packed import Fp8

    scales = {
        name.removesuffix(suffix): weight
        for name, weight in raw.items()
        for suffix in _SCALES
        if name.endswith(suffix)
    }
    tensors: dict[str, Weight] = {}
    for name, weight in raw.items():
        if name == "scaled_fp8" or name.endswith((*_SCALES, *_SIDE)):
            continue
        layer = name.removesuffix(".weight")
        if layer in scales and name.endswith(".weight"):
            scale = scales[layer].read().float().clone()
            if scale.numel() not in (1, weight.shape[0]):  # a scale a block of numbers: mxfp8, nvfp4
                raise ValueError(f"{name} is quantised in a way that cannot be read")
            weight = Weight(weight.shape, weight.read, Fp8(scale))
        tensors[name] = weight
    return tensors
