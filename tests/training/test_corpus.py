"""Captions in bulk: tokens with what they tell, the same for any number of processes."""

import torch

from training.corpus import TOKENS, make_corpus
from training.text import FIELDS, labels_of
from training.tokenizer import EOS, PAD, build_tokenizer
from training.words import TOLD


def test_the_number_of_processes_changes_nothing() -> None:
    tokens, labels = make_corpus(2100, seed=3, workers=2)
    assert (tokens.shape, tokens.dtype) == ((2100, TOKENS), torch.uint16)
    assert (labels.shape, labels.dtype) == ((2100, len(FIELDS)), torch.uint8)
    alone = make_corpus(2100, seed=3, workers=1)
    assert torch.equal(tokens, alone[0])
    assert torch.equal(labels, alone[1])
    assert not torch.equal(tokens, make_corpus(2100, seed=4, workers=1)[0])


def test_tokens_end_and_labels_are_values_in_both_languages() -> None:
    tokens, labels = make_corpus(500, workers=1)
    tokens, labels = tokens.long(), labels.long()
    assert ((tokens == EOS).sum(1) == 1).all()
    assert (tokens[:, -1] == PAD).all(), "room to spare"
    for place, values in enumerate(FIELDS.values()):
        assert labels[:, place].max() < len(values)
    assert (labels.sum(1) > 0).all()
    tokenizer = build_tokenizer()
    texts = [tokenizer.decode([i for i in row if i != PAD]) for row in tokens.tolist()]
    english = sum(text.isascii() for text in texts) / len(texts)
    assert 0.5 < english < 0.7


def test_labels_follow_the_fields() -> None:
    assert tuple(FIELDS) == TOLD
    assert all(values[0] == "" for values in FIELDS.values())
    said = dict.fromkeys(TOLD, "") | {"colour": "red", "camera": "out"}
    row = labels_of([said])[0]
    named = {
        name: values[number] for (name, values), number in zip(FIELDS.items(), row.tolist(), strict=True)
    }
    assert named == said
