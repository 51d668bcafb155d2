"""Latents become frames, one frame group at a time, so that memory does not grow with the clip's length."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

from wan_desktop.engine import plans
from wan_desktop.engine.decoder import Decoder, fits, lay_out
from wan_desktop.engine.device import host_memory
from wan_desktop.engine.regions import tiles
from wan_desktop.media.files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

    from wan_desktop.engine.regions import Region

GRID = 8
"""Cells of the decoder's largest grid per latent, along each side; a cell becomes `patch_size` pixels."""
_ZEROS = 2**20
"""Bytes that are written at a time where a file's room cannot be reserved."""


@torch.no_grad()
def decode_groups(
    vae: AutoencoderKLWan, latents: torch.Tensor, core: Region | None = None
) -> Iterator[torch.Tensor]:
    """The frames of normalised `latents` [1, z, f, h, w]: per latent frame a tensor [n, 3, H, W] in [-1, 1].

    The first group has 1 frame, every other 4; H = 16 h, W = 16 w, or the size of `core`, a region of the grid of
    8 h x 8 w. Equal to `vae.decode` of the whole but for rounding. Nothing stays behind when the caller stops early.
    """
    mean, std = latent_statistics(vae, latents.device)
    decoder: Decoder | _Plain = _Plain(vae)
    if fits(vae):
        lay_out(vae)
        decoder = Decoder(vae, *latents.shape[3:], core)
    try:
        for i in range(latents.shape[2]):
            z = (latents[:, :, i : i + 1].float() * std + mean).to(vae.dtype)
            yield decoder(z)[0].transpose(0, 1).clamp(-1.0, 1.0)
    finally:
        vae.clear_cache()


def decode_frames(
    vae: AutoencoderKLWan, latents: torch.Tensor, cut: tuple[int, int] = (1, 1)
) -> Iterator[np.ndarray]:
    """The frames of normalised `latents`: uint8 [n, H, W, 3] per latent frame (n = 1, then 4).

    `cut`: into how many tiles, down and across, each made alone for the whole clip: that takes less of the device's
    memory, and no frame comes before the last tile. The frames are the same but for rounding. Raises DiskProblem
    when they have to wait in a file, and its disk has no room.
    """
    if cut == (1, 1) or not fits(vae):
        yield from _fetched(to_uint8(group) for group in decode_groups(vae, latents))
        return
    _, _, count, height, width = latents.shape
    pixels = vae.config.patch_size or 1
    shape = ((count - 1) * 4 + 1, height * GRID * pixels, width * GRID * pixels, 3)
    with _Frames(shape) as frames:
        for core in tiles(height * GRID, width * GRID, *cut):
            rows, columns = (slice(pixels * a, pixels * b) for a, b in (core.rows_at, core.columns_at))
            first = 0
            for group in _fetched(to_uint8(group) for group in decode_groups(vae, latents, core)):
                frames[first : first + len(group), rows, columns] = group
                first += len(group)
        yield frames[:1].copy()
        for first in range(1, len(frames), 4):
            yield frames[first : first + 4].copy()


def to_uint8(frames: torch.Tensor) -> torch.Tensor:
    """Frames [n, 3, H, W] in [-1, 1] as uint8 [n, H, W, 3], rounded to nearest, where they are."""
    pixels = ((frames.float() * 0.5 + 0.5) * 255).round_().clamp_(0, 255).to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).contiguous()


def latent_statistics(vae: AutoencoderKLWan, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the VAE's raw latents, each float32 [1, z, 1, 1, 1] on `device`."""
    shape = (1, -1, 1, 1, 1)
    mean = torch.tensor(vae.config.latents_mean, dtype=torch.float32, device=device).view(shape)
    std = torch.tensor(vae.config.latents_std, dtype=torch.float32, device=device).view(shape)
    return mean, std


class _Plain:
    """A `Decoder` of diffusers' own modules (`AutoencoderKLWan._decode`), for a VAE that `Decoder` does not know."""

    def __init__(self, vae: AutoencoderKLWan) -> None:
        self._vae, self._first = vae, True
        vae.clear_cache()

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        vae = self._vae
        vae._conv_idx = [0]
        out = vae.decoder(
            vae.post_quant_conv(z), feat_cache=vae._feat_map, feat_idx=vae._conv_idx, first_chunk=self._first
        )
        self._first = False
        return out if vae.config.patch_size is None else unpatchify(out, patch_size=vae.config.patch_size)


def _fetched(groups: Iterator[torch.Tensor]) -> Iterator[np.ndarray]:
    """The groups as arrays; from a card, each is fetched while the card already works at the next."""
    waiting: tuple[torch.Tensor, torch.cuda.Event] | None = None
    for group in groups:
        if not group.is_cuda:
            yield group.numpy()
            continue
        here = torch.empty(group.shape, dtype=group.dtype, pin_memory=True)
        here.copy_(group, non_blocking=True)
        arrived = torch.cuda.Event()
        arrived.record(torch.cuda.current_stream(group.device))
        if waiting is not None:
            yield _arrived(*waiting)
        waiting = here, arrived
    if waiting is not None:
        yield _arrived(*waiting)


def _arrived(here: torch.Tensor, event: torch.cuda.Event) -> np.ndarray:
    event.synchronize()
    return here.numpy()


class _Frames:
    """Room for frames, uint8 of `shape`: memory, or a file without a name that goes with this (`plans` says which).

    The file has all its room before anything is written: in a mapped one, a full disk would end the process.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._file: Any = None

    def __enter__(self) -> np.ndarray:
        """Raises DiskProblem when the file cannot have its room."""
        count = int(np.prod(self._shape))
        if plans.wait_in_memory(count, host_memory()):
            return np.empty(self._shape, np.uint8)
        folder = spill_folder()
        with disk_errors(folder):
            self._file = tempfile.TemporaryFile(prefix="wan-desktop-", dir=folder, buffering=0)
        try:
            with disk_errors(folder):
                reserve(self._file, count)
            return np.memmap(self._file, np.uint8, "r+", shape=self._shape)
        except BaseException:
            self._file.close()
            raise

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def spill_folder() -> str:
    """Where frames wait in a file: what TMPDIR, TEMP or TMP names, else /var/tmp, as /tmp is often memory itself."""
    for folder in (*map(os.environ.get, ("TMPDIR", "TEMP", "TMP")), "/var/tmp"):
        if folder and os.path.isdir(folder):
            return folder
    return tempfile.gettempdir()


def spill_room() -> int:
    """Bytes that are free there."""
    try:
        return shutil.disk_usage(spill_folder()).free
    except OSError:
        return 0


def reserve(file: Any, count: int) -> None:
    """Give an unbuffered new file `count` bytes of the disk, all zero. Raises OSError when there is no such room."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, count)
            return
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # those: the file system cannot
                raise
    zeros = memoryview(bytes(min(count, _ZEROS)))
    while count > 0:
        count -= file.write(zeros[:count])
