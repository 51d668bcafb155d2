"""Training's shortcuts must equal what the stock pipeline computes."""

import torch

from training.configs import LATENT_CHANNELS, NEGATIVE_PROMPT, TEXT_DIM, TEXT_LENGTH, TRANSFORMER
from training.export import new_text_encoder
from training.latents import TOKENS
from training.objective import Denoiser, encode_text, use_short_context
from training.tokenizer import encode_padded


def _transformer() -> torch.nn.Module:
    from diffusers import WanTransformer3DModel

    torch.manual_seed(0)
    return WanTransformer3DModel(**(TRANSFORMER | {"num_layers": 1})).eval()


def test_short_context_equals_512_zero_padded_positions() -> None:
    transformer = _transformer()
    latents, timestep = torch.randn(2, LATENT_CHANNELS, 2, 4, 4), torch.full((2, 8), 700.0)
    context = torch.zeros(2, TEXT_LENGTH, TEXT_DIM)
    context[:, :9] = torch.randn(2, 9, TEXT_DIM)
    with torch.no_grad():
        stock = transformer(latents, timestep, context, return_dict=False)[0]
        use_short_context(transformer)
        short = transformer(latents, timestep, context[:, : TOKENS + 1], return_dict=False)[0]
    torch.testing.assert_close(short, stock, rtol=1e-4, atol=1e-5)


def test_encode_text_equals_stock_encoder_and_is_zero_past_the_text() -> None:
    encoder = new_text_encoder().eval()
    tokens = torch.tensor(encode_padded(["a red ball", NEGATIVE_PROMPT, ""], TOKENS))
    with torch.no_grad():
        stock = encoder(tokens, (tokens != 0).long()).last_hidden_state
        ours = encode_text(encoder, tokens)
    for row, count in enumerate((tokens != 0).sum(1).tolist()):
        torch.testing.assert_close(ours[row, :count], stock[row, :count], rtol=1e-4, atol=1e-4)
        assert ours[row, count:].abs().max() == 0
    assert (tokens[1] != 0).sum() < TOKENS


def test_loss_of_an_untrained_model_is_that_of_predicting_zero() -> None:
    transformer = _transformer()
    torch.nn.init.zeros_(transformer.proj_out.weight)
    torch.nn.init.zeros_(transformer.proj_out.bias)
    use_short_context(transformer)
    denoiser = Denoiser(new_text_encoder(), transformer)
    tokens = torch.tensor(encode_padded(["a red ball"] * 16, TOKENS))
    loss = denoiser.loss(torch.randn(16, LATENT_CHANNELS, 3, 4, 4), tokens)
    assert 1.8 < loss.item() < 2.2
