"""Prompt embeddings on disk, so that a prompt seen before needs no text encoder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import torch

MAX_BYTES = 512 * 2**20
"""A 5 B embedding is at most 4 MB (512 x 4096 in bf16), so this holds more than a hundred long prompts."""
_SAMPLES, _BLOCK = 64, 4096


def fingerprint(files: Iterable[Path]) -> str:
    """A sha256 over each file's name, size, first block and 64 sampled blocks: instant for any size."""
    digest = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        digest.update(f"{file.name}\0{size}\0".encode())
        with file.open("rb") as stream:
            for i in range(_SAMPLES):
                stream.seek(max(0, size - _BLOCK) * i // (_SAMPLES - 1))
                digest.update(stream.read(_BLOCK))
    return digest.hexdigest()


class PromptCache:
    """A folder of safetensors files, one a prompt; the least recently used go when it grows past `max_bytes`.

    A file that cannot be read or written is no error: the prompt is then encoded again.
    """

    def __init__(self, folder: Path, encoder: str, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._encoder = encoder
        self._max_bytes = max_bytes

    def get(self, text: str) -> torch.Tensor | None:
        """The embeddings [1, n, text_dim] of `text`, or None."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        file = self._file(text)
        try:
            embeds = load(file.read_bytes())["embeds"]
            os.utime(file)
        except (OSError, SafetensorError, KeyError):
            return None
        return embeds

    def put(self, text: str, embeds: torch.Tensor) -> None:
        """Remember the embeddings [1, n, text_dim] of `text`."""
        from safetensors.torch import save

        file = self._file(text)
        part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(save({"embeds": embeds.cpu().contiguous()}))
            part.replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        self._shrink()

    def _file(self, text: str) -> Path:
        key = hashlib.sha256(f"{self._encoder}\0{text}".encode()).hexdigest()
        return self._folder / f"{key}.safetensors"

    def _shrink(self) -> None:
        with contextlib.suppress(OSError), os.scandir(self._folder) as found:
            entries = [(e.stat(), e.path) for e in found if e.is_file()]
            total = sum(stat.st_size for stat, _ in entries)
            for stat, path in sorted(entries, key=lambda e: e[0].st_mtime_ns):
                if total <= self._max_bytes:
                    break
                os.unlink(path)
                total -= stat.st_size
