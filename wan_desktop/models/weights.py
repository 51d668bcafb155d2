"""Are a component's weights all there? Told from names, sizes and safetensors headers, without reading weights."""

from __future__ import annotations

import json
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelDamaged, ModelMissing

CHOOSE = QT_TRANSLATE_NOOP("errors", "Choose another model")
_MAX_HEADER = 100_000_000
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip


def weight_files(folder: Path, stem: str) -> list[Path]:
    """The component's weight files, each checked to be whole; `stem` as diffusers or transformers name them.

    Raises ModelMissing when a file is not there, ModelDamaged when one is truncated or no safetensors file.
    """
    index = folder / f"{stem}.safetensors.index.json"
    if index.is_file():
        return _shards(folder, index)
    single = folder / f"{stem}.safetensors"
    if single.is_file():
        tensor_names(single)
        return [single]
    pickled = next((p for pattern in _PICKLES for p in sorted(folder.glob(pattern))), None)
    if pickled is not None:
        raise ModelDamaged(
            QT_TRANSLATE_NOOP(
                "errors",
                "{file} is a pickle, which can run programs on this computer: get the model as safetensors files.",
            ),
            field="model",
            action=CHOOSE,
            file=pickled,
        )
    raise missing_file(single)


def _shards(folder: Path, index: Path) -> list[Path]:
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise damaged_file(index, "it names no weights")
    shards: dict[str, set[str]] = {}
    for tensor, name in weight_map.items():
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(".safetensors"):
            raise damaged_file(index, "it names a file outside its folder")
        shards.setdefault(name, set()).add(tensor)
    for name, tensors in shards.items():
        path = folder / name
        if not path.is_file():
            raise missing_file(path)
        if not tensors <= tensor_names(path):
            raise damaged_file(path, "weights that its index names are not in it")
    return [folder / name for name in sorted(shards)]


def tensor_names(path: Path) -> frozenset[str]:
    """The names of the weights in a safetensors file. Raises ModelDamaged unless it is whole.

    Layout: 8 bytes little-endian length of the header, the header (JSON), the data; every tensor's `data_offsets`
    lie inside the data and fit its shape and type (the safetensors format's own description).
    """
    try:
        found = path.stat()
        return _tensor_names(str(path), found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise damaged_file(path, error.strerror or str(error)) from error


@lru_cache(maxsize=1024)
def _tensor_names(name: str, mtime_ns: int, size: int) -> frozenset[str]:
    return frozenset(safetensors_header(Path(name))[0])


def safetensors_header(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The header of a whole safetensors file: each weight's dtype, shape and offsets; and the file's metadata.

    Raises ModelDamaged unless the file is as long as its header says, OSError when it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 0 < length <= min(size - 8, _MAX_HEADER):
            raise damaged_file(path, "its header is cut short")
        header = _parsed(file.read(length), path)
    metadata = header.pop("__metadata__", None)
    end = max((_tensor_end(tensor, path) for tensor in header.values()), default=0)
    if 8 + length + end != size:
        raise damaged_file(path, f"it has {size} bytes instead of {8 + length + end}")
    return header, metadata if isinstance(metadata, dict) else {}


def _tensor_end(tensor: Any, path: Path) -> int:
    try:
        begin, end = tensor["data_offsets"]
        size = prod(tensor["shape"]) * _BYTES.get(tensor["dtype"], 0)
    except (TypeError, KeyError, ValueError) as error:
        raise damaged_file(path, "its header is not that of weights") from error
    numbers = all(isinstance(n, int) for n in (begin, end, size))
    if not numbers or not 0 <= begin <= end or (size and size != end - begin):
        raise damaged_file(path, "its header is not that of weights")
    return int(end)


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in the file. Raises ModelMissing or ModelDamaged."""
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise missing_file(path) from error
    except OSError as error:
        raise damaged_file(path, error.strerror or str(error)) from error
    return _parsed(text, path)


def _parsed(text: bytes, path: Path) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged_file(path, "it is not readable") from error
    if not isinstance(data, dict):
        raise damaged_file(path, "it is not readable")
    return data


def missing_file(path: Path) -> ModelMissing:
    """The error for a file that a model needs and that is not there."""
    return ModelMissing(
        QT_TRANSLATE_NOOP(
            "errors", "The model's file {file} is missing: download the model again, or choose another."
        ),
        field="model",
        action=CHOOSE,
        file=path,
    )


def damaged_file(path: Path, why: str) -> ModelDamaged:
    """The error for a model's file that is not what it should be."""
    return ModelDamaged(
        QT_TRANSLATE_NOOP(
            "errors",
            "The model's file {file} is damaged ({why}): download the model again, or choose another.",
        ),
        field="model",
        action=CHOOSE,
        file=path,
        why=why,
    )
