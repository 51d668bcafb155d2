"""The tokenizer covers the world's words, the default negative prompt and, by bytes, everything else."""

import random

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from training.configs import NEGATIVE_PROMPT
from training.tokenizer import EOS, PAD, UNK, build_tokenizer, encode_padded, save_tokenizer
from training.words import caption
from training.world import random_scene


def test_every_caption_word_is_one_piece() -> None:
    rng, tokenizer = random.Random(0), build_tokenizer()
    for _ in range(300):
        text = caption(random_scene(rng), rng)
        words = text.replace(",", " , ").replace(".", " . ").split()
        assert len(tokenizer.encode(text).ids) == len(words) + 1


def test_nothing_is_unknown_and_text_survives() -> None:
    tokenizer = build_tokenizer()
    for text in (NEGATIVE_PROMPT, "红色的球 🎈 wébcam #1", "Red ball,blue  star."):
        ids = tokenizer.encode(text).ids
        assert UNK not in ids
        assert ids[-1] == EOS
    assert tokenizer.decode(tokenizer.encode("红色的球 wébcam").ids) == "红色的球 wébcam"
    assert tokenizer.encode("Red ball,blue").ids == tokenizer.encode("red ball, blue").ids


def test_saved_files_load_everywhere(tmp_path) -> None:
    save_tokenizer(tmp_path)
    plain = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert (loaded.pad_token_id, loaded.eos_token_id, loaded.unk_token_id) == (PAD, EOS, UNK)
    assert loaded("a red ball").input_ids == plain.encode("a red ball").ids


def test_padding_and_cutting_keep_the_end_mark() -> None:
    short, long = encode_padded(["a red ball", "red " * 50], 8)
    assert short[3:] == [EOS, PAD, PAD, PAD, PAD]
    assert len(long) == 8
    assert long[-1] == EOS
