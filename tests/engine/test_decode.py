"""Every way of decoding makes the frames that diffusers makes at once, and leaves nothing behind."""

import os
import sys
import tempfile

import numpy as np
import pytest
import torch

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.engine import decode, plans
from wan_desktop.engine.decode import decode_frames, decode_groups, latent_statistics, to_uint8
from wan_desktop.engine.decoder import Decoder, fits
from wan_desktop.engine.leash import leashed
from wan_desktop.engine.regions import tiles


def latents(frames, height=4, width=6):
    return torch.randn(1, 48, frames, height, width, generator=torch.Generator().manual_seed(5))


@torch.no_grad()
def at_once(vae, x):
    """diffusers' own decode, [f, 3, H, W]."""
    mean, std = latent_statistics(vae, x.device)
    return vae.decode(x * std + mean, return_dict=False)[0][0].transpose(0, 1)


def tiled(vae, x, down, across, **how):
    """All frames put together from tiles, before anything is rounded to pixels."""
    height, width = x.shape[3:]
    mean, std = latent_statistics(vae, x.device)
    made = torch.full((x.shape[2] * 4 - 3, 3, height * 16, width * 16), torch.nan)
    for core in tiles(height * 8, width * 8, down, across):
        decoder = Decoder(vae, height, width, core, **how)
        groups = [decoder(x[:, :, i : i + 1] * std + mean) for i in range(x.shape[2])]
        place = made[..., 2 * core.top : 2 * core.bottom, 2 * core.left : 2 * core.right]
        place.copy_(torch.cat(groups, dim=2)[0].transpose(0, 1))
    return made.clamp(-1, 1)


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_group_by_group_equals_at_once(pipeline, frames):
    x = latents(frames)
    groups = list(decode_groups(pipeline.vae, x))
    assert [len(g) for g in groups] == [1, 4, 4, 4][:frames]
    assert (torch.cat(groups) - at_once(pipeline.vae, x)).abs().max() <= 1e-5


@pytest.mark.parametrize(
    ("size", "cut", "how"),
    [
        ((1, 4, 6), (1, 1), {"band_bytes": 1}),
        ((3, 4, 6), (1, 1), {"band_bytes": 30_000}),
        ((3, 4, 6), (1, 1), {"together": True}),
        ((3, 4, 6), (1, 2), {}),
        ((2, 4, 6), (2, 1), {"together": True, "band_bytes": 30_000}),
        ((3, 6, 4), (3, 1), {"band_bytes": 30_000}),
        ((2, 5, 7), (3, 5), {}),
        ((2, 2, 2), (3, 3), {"band_bytes": 1}),
        ((13, 4, 6), (1, 3), {"together": True}),
        ((3, 4, 6), (1, 1), {"pictures": True}),
        ((4, 4, 6), (1, 1), {"pictures": True, "together": True, "band_bytes": 30_000}),
        ((3, 6, 4), (3, 2), {"pictures": True, "together": True}),
        ((2, 5, 7), (3, 5), {"pictures": True, "band_bytes": 1}),
    ],
)
def test_tiles_and_bands_have_no_seams(pipeline, size, cut, how):
    """Up to 49 frames; odd cuts; tiles smaller than what their convolutions look at."""
    x = latents(*size)
    assert (tiled(pipeline.vae, x, *cut, **how) - at_once(pipeline.vae, x)).abs().max() <= 1e-5


@pytest.mark.parametrize(("keep", "memory"), [(2**30, 2**40), (100, 2**40), (2**30, 0)])
def test_frames_of_tiles_are_those_of_the_whole(pipeline, monkeypatch, keep, memory):
    """In memory, and in a file when they are too many for it, or for what is free."""
    monkeypatch.setattr(plans, "KEEP_BYTES", keep)
    monkeypatch.setattr(decode, "host_memory", lambda: memory)
    x = latents(3)
    whole = list(decode_frames(pipeline.vae, x))
    cut = list(decode_frames(pipeline.vae, x, (2, 3)))
    assert (
        [g.shape for g in cut] == [g.shape for g in whole] == [(1, 64, 96, 3), (4, 64, 96, 3), (4, 64, 96, 3)]
    )
    difference = np.abs(np.concatenate(whole).astype(int) - np.concatenate(cut))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


@pytest.fixture(params=["reserved", "written"])
def way(request, monkeypatch):
    """How a file gets its room: as POSIX has it, or without that."""
    if request.param == "written":
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    elif not hasattr(os, "posix_fallocate"):
        pytest.skip("not on this system")


@pytest.mark.skipif(sys.platform == "win32", reason="limits and blocks of POSIX")
@pytest.mark.parametrize(("keep", "memory"), [(0, 2**40), (2**30, 2**27)])
def test_a_file_that_cannot_have_its_room_is_a_full_disk(pipeline, monkeypatch, tmp_path, way, keep, memory):
    import resource

    monkeypatch.setattr(plans, "KEEP_BYTES", keep)
    monkeypatch.setattr(decode, "host_memory", lambda: memory)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, limits[1]))  # the frames take 165,888 bytes
    try:
        with pytest.raises(DiskProblem, match="is full") as told:
            next(decode_frames(pipeline.vae, latents(3), (1, 2)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert told.value.values["place"] == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits and blocks of POSIX")
def test_a_file_has_all_its_room_before_anything_is_written(way):
    count = 3 * 2**20 + 5
    with tempfile.TemporaryFile(buffering=0) as file:
        decode.reserve(file, count)
        found = os.fstat(file.fileno())
        assert found.st_size == count
        assert found.st_blocks * 512 >= count
        file.seek(0)
        assert not any(file.read())


def test_another_make_of_vae_is_decoded_by_diffusers(pipeline, monkeypatch):
    x = latents(3)
    expected = at_once(pipeline.vae, x)
    monkeypatch.setattr(decode, "fits", lambda vae: False)
    assert fits(pipeline.vae)
    assert torch.equal(torch.cat(list(decode_groups(pipeline.vae, x))), expected)


def test_stopping_early_empties_the_feature_cache(pipeline, monkeypatch):
    monkeypatch.setattr(decode, "fits", lambda vae: False)
    groups = decode_groups(pipeline.vae, latents(3))
    next(groups)
    assert any(x is not None for x in pipeline.vae._feat_map)
    groups.close()
    assert all(x is None for x in pipeline.vae._feat_map)


def test_every_block_can_be_stopped_before(pipeline):
    """What `leashed` hangs on the blocks is asked although they do not compute themselves."""
    blocks = [
        m for m in pipeline.vae.decoder.modules() if type(m).__name__ in ("WanResidualBlock", "WanResample")
    ]
    asked = []
    with leashed(blocks, lambda: asked.append(1)):
        next(decode_groups(pipeline.vae, latents(1)))
    assert len(asked) == len(blocks)


def test_pixels():
    levels = torch.tensor([-1.0, 1.0, 0.0, 2 * 100 / 255 - 1]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    pixels = to_uint8(levels)
    assert pixels.shape == (1, 2, 2, 3)
    assert pixels[0, :, :, 0].flatten().tolist() in ([0, 255, 128, 100], [0, 255, 127, 100])
