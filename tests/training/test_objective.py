"""Training's shortcuts must equal what the stock pipeline computes."""

import torch

from training import objective as objective_module
from training.configs import NEGATIVE_PROMPT, TEXT_DIM, TRANSFORMER
from training.export import new_text_encoder
from training.lean import TOKENS, LeanTransformer
from training.objective import Objective, encode_text, noise_levels
from training.tokenizer import encode_padded


def _objective() -> Objective:
    from diffusers import WanTransformer3DModel

    torch.manual_seed(0)
    transformer = WanTransformer3DModel(**(TRANSFORMER | {"num_layers": 1}))
    torch.nn.init.zeros_(transformer.proj_out.weight)
    torch.nn.init.zeros_(transformer.proj_out.bias)
    lean = LeanTransformer(transformer, torch.float32, compiled=False)
    return Objective(lean, torch.ones(2, TOKENS, TEXT_DIM), (3, 4, 4))


def test_encode_text_equals_stock_encoder_and_is_zero_past_the_text() -> None:
    encoder = new_text_encoder().eval()
    tokens = torch.tensor(encode_padded(["a red ball", NEGATIVE_PROMPT, ""], TOKENS))
    with torch.no_grad():
        stock = encoder(tokens, (tokens != 0).long()).last_hidden_state
        ours = encode_text(encoder, tokens)
    for row, count in enumerate((tokens != 0).sum(1).tolist()):
        torch.testing.assert_close(ours[row, :count], stock[row, :count], rtol=1e-4, atol=1e-4)
        assert ours[row, count:].abs().sum() == 0
    assert (tokens[1] != 0).sum() < TOKENS


class Says:
    """Stands for a transformer whose prediction is `error` off the clean latents `patches`."""

    def __init__(self, patches: torch.Tensor, error: float) -> None:
        self.patches, self.error = patches, error

    def rope(self, *_shape: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.zeros(1), torch.zeros(1)

    def __call__(self, *_inputs: object) -> torch.Tensor:
        return self.patches + self.error


def test_the_loss_is_the_error_of_the_velocity_that_follows_from_the_clean_latents(monkeypatch) -> None:
    states, photo = torch.zeros(16, TOKENS, TEXT_DIM), torch.zeros(16, dtype=torch.bool)
    patches = torch.randn(16, 3, 4, 192)
    monkeypatch.setattr(objective_module, "noise_levels", lambda count, device: torch.full((count,), 0.25))
    for error in (0.0, 0.5):
        objective = Objective(Says(patches, error), torch.ones(2, TOKENS, TEXT_DIM), (3, 4, 4))
        torch.testing.assert_close(
            objective.loss(patches, states, photo), torch.tensor((error / 0.25) ** 2), rtol=1e-4, atol=1e-6
        )


def test_a_third_of_the_steps_see_less_noise_than_picture() -> None:
    levels = noise_levels(4096, torch.device("cpu"))
    assert levels.min() >= 0
    assert levels.max() <= 1
    assert 0.31 < (levels < 0.5).float().mean() < 0.36


def test_some_captions_become_unconditional() -> None:
    dropped = _objective().drop_captions(torch.zeros(2000, TOKENS, TEXT_DIM))[:, 0, 0]
    assert 0.08 < dropped.mean() < 0.16


def test_a_photographs_first_frame_is_never_learnt() -> None:
    objective = _objective()
    patches = torch.randn(8, 3, 4, 192)
    patches[:, 0] = 1e6  # would drown the loss if it counted
    loss = objective.loss(patches, torch.zeros(8, TOKENS, TEXT_DIM), torch.ones(8, dtype=torch.bool))
    assert loss.item() < 1e3
