"""Fingerprints: what a model or a LoRA is made of, told in milliseconds even for 10 GB."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_desktop.domain.model import Part

BLOCKS = 64
BLOCK_BYTES = 16_384
_HEADER_BYTES = 65_536


def file_fingerprint(path: Path) -> str:
    """sha256 (hex) over the file's size, its head and 64 blocks spread evenly over it; a small file as a whole.

    Two files that differ in a few bytes between the blocks have the same fingerprint: it tells versions apart, it
    does not guard against forgery. Remembered by path, time of change and size. Raises OSError.
    """
    found = path.stat()
    return _of_file(str(path), found.st_mtime_ns, found.st_size)


def combined_fingerprint(folder: Path, files: Iterable[Path]) -> str:
    """sha256 (hex) over the names, relative to `folder`, and fingerprints of `files`, in any order."""
    lines = sorted(f"{path.relative_to(folder).as_posix()}\0{file_fingerprint(path)}\n" for path in files)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def parts_fingerprint(parts: Iterable[Part]) -> str:
    """sha256 (hex) over the components and fingerprints of the parts' files, wherever these lie."""
    lines = sorted(
        f"{part.component}\0{file_fingerprint(Path(file))}\n"
        for part in parts
        for file in (*part.files, *([part.config] if part.config else []))
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@lru_cache(maxsize=4096)
def _of_file(path: str, mtime_ns: int, size: int) -> str:
    digest = hashlib.sha256(f"{size}\n".encode())
    with Path(path).open("rb", buffering=0) as file:
        if size <= _HEADER_BYTES + BLOCKS * BLOCK_BYTES:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
            return digest.hexdigest()
        digest.update(file.read(_HEADER_BYTES))
        for number in range(BLOCKS):
            file.seek(_HEADER_BYTES + (size - _HEADER_BYTES - BLOCK_BYTES) * number // (BLOCKS - 1))
            digest.update(file.read(BLOCK_BYTES))
    return digest.hexdigest()
