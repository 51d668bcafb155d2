"""Decoding frame group by frame group equals decoding at once, and leaves nothing behind."""

import torch

from wan_desktop.engine.decode import decode_groups, latent_statistics, to_uint8


def latents(frames):
    return torch.randn(1, 48, frames, 4, 6, generator=torch.Generator().manual_seed(5))


@torch.no_grad()
def test_equals_decoding_at_once(pipeline):
    vae, x = pipeline.vae, latents(4)
    mean, std = latent_statistics(vae, x.device)
    whole = vae.decode(x * std + mean, return_dict=False)[0]
    groups = list(decode_groups(vae, x))
    assert [len(g) for g in groups] == [1, 4, 4, 4]
    assert torch.equal(torch.cat(groups).transpose(0, 1), whole[0])


def test_stopping_early_empties_the_feature_cache(pipeline):
    groups = decode_groups(pipeline.vae, latents(3))
    next(groups)
    assert any(x is not None for x in pipeline.vae._feat_map)
    groups.close()
    assert all(x is None for x in pipeline.vae._feat_map)


def test_pixels():
    levels = torch.tensor([-1.0, 1.0, 0.0, 2 * 100 / 255 - 1]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    pixels = to_uint8(levels)
    assert pixels.shape == (1, 2, 2, 3)
    assert pixels[0, :, :, 0].flatten().tolist() in ([0, 255, 128, 100], [0, 255, 127, 100])
