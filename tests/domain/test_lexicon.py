"""Which words of a prompt a model with few words does not know."""

import time

import pytest

from wan_desktop.domain.prompts import Lexicon, unknown_words

VOCABULARY = {
    "en": ("a", "the", "red", "ball", "balls", "moving", "up left", "over", "background", "doesn't", "move"),
    "zh": ("一个", "红色", "红", "的", "球", "向左", "移动", "背景"),
}


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("", ()),
        ("a red ball moving up left", ()),
        ("A RED Ball, moving: up-left!", ()),
        ("a red dragon over the castle", ("dragon", "castle")),
        ("Dragon, dragon and DRAGON", ("Dragon", "and")),
        ("two balls", ("two",)),
        ("reds", ("reds",)),  # only forms that are listed
        ("it doesn't move, it doesn’t", ("it",)),
        ("3 balls, 1.5 and ４", ("and",)),
        ("a 4k ball", ("4k",)),
        ("красный ball 🙂", ("красный",)),
        ("snake_case", ("snake", "case")),
    ],
)
def test_words_that_are_not_listed(prompt, unknown):
    assert unknown_words(prompt, VOCABULARY) == unknown


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("一个红色的球向左移动，红背景。", ()),
        ("一个红色的龙向左移动", ("龙",)),
        ("巨龙飞过红色城堡", ("巨龙飞过", "城堡")),
        ("龙，龙和 red 球", ("龙", "龙和")),
        ("一个red的dragon", ("dragon",)),
        ("三个球", ("三个",)),
    ],
)
def test_chinese_is_read_by_the_longest_known_word(prompt, unknown):
    assert unknown_words(prompt, VOCABULARY) == unknown


def test_a_word_hidden_in_a_longer_one_is_not_taken_apart():
    assert unknown_words("红球", {"zh": ("红", "红球")}) == ()
    assert unknown_words("红色球", {"zh": ("红色球拍", "红", "球")}) == ("色",)


def test_without_a_vocabulary_everything_is_understood():
    assert unknown_words("a dragon 龙", {}) == ()
    assert unknown_words("a dragon 龙", {"en": (), "zh": ()}) == ()


def test_places_are_those_in_the_text():
    text = "🙂 a Dragon 巨龙 ball"
    assert [text[start:end] for start, end in Lexicon(VOCABULARY).unknown(text)] == ["Dragon", "巨龙"]


@pytest.mark.parametrize(
    "text", ["dragon ball " * 833, "龙球" * 5000, "龙" * 10_000, "x" * 10_000, "'a" * 5000]
)
def test_the_longest_prompt_is_looked_through_while_a_key_is_pressed(text):
    lexicon = Lexicon({"en": [f"word{n}" for n in range(400)], "zh": ["球", "一二三四五六七八"]})
    before = time.process_time()
    assert list(lexicon.unknown(text))
    assert time.process_time() - before < 0.1
