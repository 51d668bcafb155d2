"""Full hashes of weight files: against the cache's own name for them, or against what was noted before."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CHUNK = 8 * 2**20


def sha256(path: Path, tick: Callable[[int], None] = lambda _: None) -> str:
    """The file's sha256 (hex). `tick` gets the number of bytes read since its last call, and may raise.

    Raises OSError.
    """
    return _hashed(path, hashlib.sha256(), tick)


def _hashed(path: Path, digest: hashlib._Hash, tick: Callable[[int], None]) -> str:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            tick(len(chunk))
    return digest.hexdigest()


def cache_name(path: Path) -> str:
    """What the Hugging Face cache calls the file's content: a sha256, or for small files git's sha1; else ""."""
    real = path.resolve()
    if real.parent.name != "blobs":
        return ""
    return real.name if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", real.name) else ""


def is_whole(path: Path, expected: str, tick: Callable[[int], None] = lambda _: None) -> bool:
    """True when the file's content is the one that `expected` (sha256, or git's sha1 of a blob) names."""
    if len(expected) == 64:
        return sha256(path, tick) == expected
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    return _hashed(path, digest, tick) == expected
