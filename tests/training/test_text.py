"""The text encoder's reading lessons."""

import random

import torch

from training.export import new_text_encoder
from training.text import FIELDS, labels_of, naming_loss, read_tokens
from training.tokenizer import encode_padded
from training.words import caption
from training.world import random_scene


def test_order_of_words_reaches_the_states_from_the_start() -> None:
    encoder = new_text_encoder().eval()
    texts = ["a red ball over a blue background", "a blue ball over a red background"]
    tokens = torch.tensor(encode_padded(texts, 12))
    with torch.no_grad():
        states = read_tokens(encoder, tokens)
    assert (states[0, 2] - states[1, 5]).abs().max() > 0.01  # "ball" beside red or blue


def test_naming_loss_counts_every_field() -> None:
    rng = random.Random(0)
    scenes = [random_scene(rng) for _ in range(8)]
    tokens = torch.tensor(encode_padded([caption(scene, rng) for scene in scenes], 40))
    heads = torch.nn.Linear(192, sum(map(len, FIELDS.values())))
    loss, right = naming_loss(heads, read_tokens(new_text_encoder(), tokens), tokens, labels_of(scenes))
    assert 5 < loss.item() < 25
    assert right.shape == (len(FIELDS),)
