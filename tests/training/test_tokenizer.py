"""The tokenizer covers the world's words, the default negative prompt and, by bytes, everything else."""

import random

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from training import words_zh
from training.configs import NEGATIVE_PROMPT
from training.scene import CAMERAS, PHOTO, Scene, random_scene
from training.tokenizer import EOS, PAD, UNK, build_tokenizer, encode_padded, save_tokenizer
from training.words import caption, vocabulary


def scenes(count: int, seed: int) -> list[Scene]:
    rng = random.Random(seed)
    photos = [Scene(None, PHOTO, camera=camera) for camera in CAMERAS]
    return [*photos, *(random_scene(rng, core=0.3) for _ in range(count))]


def test_every_english_word_is_one_piece() -> None:
    rng, tokenizer = random.Random(0), build_tokenizer()
    for scene in scenes(1000, 0):
        text = caption(scene, rng).text
        words = text.replace(",", " , ").replace(".", " . ").replace(":", " : ").split()
        assert len(tokenizer.encode(text).ids) == len(words) + 1, text
    for word in vocabulary()["en"]:
        assert len(tokenizer.encode(word).ids) == 2, word


def test_every_chinese_word_is_one_piece_in_any_sentence() -> None:
    rng, tokenizer = random.Random(1), build_tokenizer()
    known = set(tokenizer.get_vocab())
    assert known >= set(vocabulary()["zh"])
    for scene in scenes(3000, 1):
        said = caption(scene, rng, "zh").said
        units = words_zh.sentence(said, rng).replace("，", " , ").replace("：", " : ")
        pieces = [piece.removeprefix("▁") for piece in tokenizer.encode(words_zh.joined(units)).tokens]
        assert [piece for piece in pieces if piece] == [*units.split(), "</s>"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_captions_survive_and_fit(language: str) -> None:
    rng, tokenizer = random.Random(2), build_tokenizer()
    lengths = []
    for scene in scenes(1000, 2):
        text = caption(scene, rng, language).text
        ids = tokenizer.encode(text).ids
        assert tokenizer.decode(ids) == text.replace("，", ",").replace("：", ":")
        lengths.append(len(ids))
    assert max(lengths) <= 45
    assert sum(lengths) / len(lengths) < 20


def test_the_vocabulary_stays_small() -> None:
    assert build_tokenizer().get_vocab_size() <= 1100


def test_nothing_is_unknown_and_text_survives() -> None:
    tokenizer = build_tokenizer()
    for text in (NEGATIVE_PROMPT, "红色的球 🎈 wébcam #1", "Red ball,blue  star.", "猫在跳舞"):
        ids = tokenizer.encode(text).ids
        assert UNK not in ids
        assert ids[-1] == EOS
    assert tokenizer.decode(tokenizer.encode("红色的球 wébcam").ids) == "红色的球 wébcam"
    assert tokenizer.encode("Red ball,blue").ids == tokenizer.encode("red ball, blue").ids
    assert tokenizer.encode("红球，蓝色背景").ids == tokenizer.encode("红球,蓝色背景").ids


def test_the_negative_prompt_fits_into_a_caption() -> None:
    assert len(build_tokenizer().encode(NEGATIVE_PROMPT).ids) <= 64


def test_saved_files_load_everywhere(tmp_path) -> None:
    save_tokenizer(tmp_path)
    plain = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert (loaded.pad_token_id, loaded.eos_token_id, loaded.unk_token_id) == (PAD, EOS, UNK)
    for text in ("a red ball", "一个红色的球在蓝色背景上向右移动"):
        assert loaded(text).input_ids == plain.encode(text).ids


def test_padding_and_cutting_keep_the_end_mark() -> None:
    short, long = encode_padded(["a red ball", "red " * 50], 8)
    assert short[3:] == [EOS, PAD, PAD, PAD, PAD]
    assert len(long) == 8
    assert long[-1] == EOS
