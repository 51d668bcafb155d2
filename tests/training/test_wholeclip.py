"""The whole-clip VAE must equal the chunk-by-chunk one."""

import pytest
import torch

from training.export import new_vae
from training.wholeclip import decode_pixels, encode_moments, use_whole_clips


@pytest.mark.parametrize("frames", [1, 5, 13])
def test_whole_clip_equals_stock(frames: int) -> None:
    torch.manual_seed(0)
    stock, whole = new_vae().eval(), new_vae().eval()
    whole.load_state_dict(stock.state_dict())
    use_whole_clips(whole)
    pixels = torch.rand(1, 3, frames, 32, 64) * 2 - 1
    with torch.no_grad():
        latents = stock.encode(pixels).latent_dist.mode()
        torch.testing.assert_close(encode_moments(whole, pixels)[0], latents, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(
            decode_pixels(whole, latents).clamp(-1, 1), stock.decode(latents).sample, rtol=1e-4, atol=1e-5
        )
