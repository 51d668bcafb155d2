"""The text encoder's reading lessons."""

import torch

from training.corpus import make_corpus
from training.export import new_text_encoder
from training.reading import naming_loss, read_tokens
from training.text import FIELDS
from training.tokenizer import encode_padded


def test_order_of_words_reaches_the_states_from_the_start() -> None:
    encoder = new_text_encoder().eval()
    texts = ["a red ball over a blue background", "a blue ball over a red background"]
    tokens = torch.tensor(encode_padded(texts, 12))
    with torch.no_grad():
        states = read_tokens(encoder, tokens)
    assert (states[0, 2] - states[1, 5]).abs().max() > 0.01  # "ball" beside red or blue


def test_naming_loss_counts_every_field() -> None:
    tokens, labels = (part.long() for part in make_corpus(8, workers=1))
    heads = torch.nn.Linear(192, sum(map(len, FIELDS.values())))
    loss, right = naming_loss(heads, read_tokens(new_text_encoder(), tokens), tokens, labels)
    assert 10 < loss.item() < 60
    assert right.shape == (len(FIELDS),)
