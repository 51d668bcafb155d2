"""What a file of weights holds, told from its header: names, shapes and types. Reads no weights, runs no code."""

from __future__ import annotations

import json
import pickletools
import struct
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelDamaged
from wan_desktop.models.weights import CHOOSE, damaged_file, safetensors_header

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAFE_MODULES = ("torch", "torch._utils", "collections", "_codecs", "numpy", "numpy._core.multiarray")
_SAFE_NAMES = frozenset(
    {"OrderedDict", "_rebuild_tensor_v2", "_rebuild_parameter", "encode", "dtype", "scalar"}
)
_MAX_PICKLE = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Table:
    """A file's weights: `shapes` by name (empty shapes in a torch file, which tells only names), `dtypes` likewise.

    `format` is "safetensors", "gguf" or "torch"; `metadata` are the words that the file says of itself.
    """

    format: str
    shapes: dict[str, tuple[int, ...]]
    dtypes: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def read_table(path: Path) -> Table:
    """The table of a safetensors, GGUF or torch file, whatever it is called.

    Raises ModelDamaged when the file is cut short, is none of these, or is a pickle that could run programs.
    """
    try:
        found = path.stat()
        return _read(str(path), found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise damaged_file(path, error.strerror or str(error)) from error


@lru_cache(maxsize=4096)
def _read(name: str, mtime_ns: int, size: int) -> Table:
    path = Path(name)
    with path.open("rb") as file:
        magic = file.read(4)
        if magic == b"GGUF":
            return _gguf(path, file, size)
    if magic[:2] == b"PK":
        return _torch(path)
    if magic[:1] == b"\x80":
        raise unsafe_pickle(path)  # a bare pickle, as old programs wrote them
    return _safetensors(path)


def _safetensors(path: Path) -> Table:
    header, metadata = safetensors_header(path)
    shapes = {name: tuple(tensor["shape"]) for name, tensor in header.items()}
    return Table(
        "safetensors", shapes, {name: tensor["dtype"] for name, tensor in header.items()}, dict(metadata)
    )


# ---- GGUF


_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST = 1_000_000


def _gguf(path: Path, file: BinaryIO, size: int) -> Table:
    """The header of a GGUF file (version 2 or 3, little-endian; ggml's docs/gguf.md)."""
    import gguf

    try:
        version, count, pairs = struct.unpack("<IQQ", _exactly(file, 20))
        if version not in (2, 3) or max(count, pairs) > _MOST:
            raise damaged_file(path, f"GGUF version {version} is not known")
        metadata = dict(_pair(file) for _ in range(pairs))
        shapes, dtypes, end = {}, {}, 0
        for _ in range(count):
            name = _string(file)
            (dims,) = struct.unpack("<I", _exactly(file, 4))
            shape = struct.unpack(f"<{dims}Q", _exactly(file, 8 * min(dims, 8)))[::-1]
            number, offset = struct.unpack("<IQ", _exactly(file, 12))
            kind = gguf.GGMLQuantizationType(number)
            block, block_bytes = gguf.GGML_QUANT_SIZES[kind]
            end = max(end, offset + prod(shape) // block * block_bytes)
            told = metadata.get(f"comfy.gguf.orig_shape.{name}")
            shapes[name] = tuple(told) if isinstance(told, list) else shape
            dtypes[name] = kind.name
        align = metadata.get("general.alignment", 32)
        start = -(-file.tell() // align) * align
    except (struct.error, ValueError, KeyError, TypeError, ZeroDivisionError, RecursionError) as error:
        raise damaged_file(path, "its header is cut short") from error
    if size < start + end:
        raise damaged_file(path, f"it has {size} bytes instead of {start + end}")
    return Table("gguf", shapes, dtypes, {k: str(v) for k, v in metadata.items() if not isinstance(v, list)})


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise ValueError("cut short")
    return data


def _string(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", _exactly(file, 8))
    if length > _MAX_PICKLE:
        raise ValueError("a word of this length")
    return _exactly(file, length).decode("utf-8", "replace")


def _pair(file: BinaryIO) -> tuple[str, Any]:
    name = _string(file)
    (kind,) = struct.unpack("<I", _exactly(file, 4))
    return name, _value(file, kind)


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        form = f"<{_SCALARS[kind]}"
        return struct.unpack(form, _exactly(file, struct.calcsize(form)))[0]
    inner, count = struct.unpack("<IQ", _exactly(file, 12))
    if count > _MOST:
        raise ValueError("a list of this length")
    return [_value(file, inner) for _ in range(count)]


# ---- torch's own files


def _torch(path: Path) -> Table:
    """The names in a torch file (a zip with a pickle), from the pickle's words; it is not unpickled."""
    try:
        with zipfile.ZipFile(path) as archive:
            (inner,) = [n for n in archive.namelist() if n.endswith("data.pkl")]
            if archive.getinfo(inner).file_size > _MAX_PICKLE:
                raise damaged_file(path, "its list of weights is too long")
            words = list(_words(path, archive.read(inner)))
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
        raise damaged_file(path, "it is cut short, or no file of weights") from error
    return Table("torch", dict.fromkeys(words, ()))


def _words(path: Path, data: bytes) -> Iterator[str]:
    """The texts in the pickle. Raises ModelDamaged for anything that is not a tensor or a plain value."""
    recent: list[str] = []
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name in ("GLOBAL", "INST"):
            module, _, name = str(argument).partition(" ")
            _check_safe(path, module, name)
        elif opcode.name == "STACK_GLOBAL":
            _check_safe(path, *recent[-2:])
        elif isinstance(argument, str):
            recent.append(argument)
            yield argument


def _check_safe(path: Path, module: str = "", name: str = "") -> None:
    storage = module == "torch" and (name.endswith("Storage") or name in ("Size", "device"))
    if not storage and not (module in _SAFE_MODULES and name in _SAFE_NAMES):
        raise unsafe_pickle(path)


def unsafe_pickle(path: Path) -> ModelDamaged:
    """The error for a pickle that holds more than weights."""
    return ModelDamaged(
        QT_TRANSLATE_NOOP(
            "errors",
            "{file} is a pickle, which can run programs on this computer: get the model as safetensors files.",
        ),
        field="model",
        action=CHOOSE,
        file=path,
    )


def read_words(path: Path) -> dict[str, Any]:
    """The JSON object in a small file beside weights, or {} when there is none or it is not readable."""
    try:
        found = json.loads(path.read_bytes()) if path.stat().st_size < _MOST else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
