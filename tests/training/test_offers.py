"""What the built-in model offers in the window: only words that it knows, as clips that training shows."""

import json

import pytest

from training.model_card import model_card, model_description
from training.offers import EXAMPLES
from training.scene import held_out
from wan_desktop.domain.prompts import unknown_words
from wan_desktop.models.declared import NAME, read_spec
from wan_desktop.ui.panels.create.tips import tips_for


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    """What the window reads of a model exported now."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / NAME).write_text(json.dumps(model_description(), ensure_ascii=False), encoding="utf-8")
    return read_spec(folder, "demo", "0" * 64)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_example_and_every_word_offered_is_known(spec, language):
    offered = [*spec.examples_in(language), *(w for words in spec.words_in(language).values() for w in words)]
    assert len(offered) > 40
    assert {text: unknown for text in offered if (unknown := unknown_words(text, spec.vocabulary))} == {}


def test_both_languages_offer_the_same(spec):
    assert len(spec.examples_in("en")) == len(spec.examples_in("zh_CN")) == len(EXAMPLES)
    english, chinese = spec.words_in("en"), spec.words_in("zh_CN")
    assert {kind: len(words) for kind, words in english.items()} == {k: len(w) for k, w in chinese.items()}


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("a dragon over a castle", ("dragon", "castle")),
        ("Two red balls bounce happily", ("Two", "balls", "bounce", "happily")),
        ("一条巨龙在城堡上", ("一条巨龙", "城堡")),
    ],
)
def test_a_world_outside_is_told_from_the_models_own(spec, prompt, unknown):
    assert unknown_words(prompt, spec.vocabulary) == unknown


def test_the_first_example_alone_is_of_a_combination_that_training_never_shows():
    assert [scene for scene in EXAMPLES if held_out(scene)] == [EXAMPLES[0]]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_each_offered_word_lights_its_own_tip(spec, language):
    for tip in tips_for(spec, language):
        assert [word for word in tip.offers if not tip.covered(word)] == []
        assert not tip.covered("dragon 巨龙")


def test_the_card_names_what_it_understands():
    card = model_card("| a | b |")
    assert "a red ball moving right over a blue background" in card
    assert "一个红色的球在蓝色背景上向右移动" in card
    assert "- cameras: the camera pans left" in card
    assert card.rstrip().endswith("| a | b |")


def test_what_the_model_does_not_draw_is_outside_its_words() -> None:
    from training.model_card import model_description

    known = model_description()["vocabulary"]
    assert not {"rain", "snow", "snowing"} & set(known["en"])
    assert not {"下雨", "雪中"} & set(known["zh"])
    assert {"red", "camera", "the"} <= set(known["en"])
