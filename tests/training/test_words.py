"""Captions say what they claim to say, in both languages, and nothing of combinations that are held out."""

import random
from collections import Counter
from itertools import product

import pytest

from training import phrases_en, phrases_zh, words_en, words_zh
from training.scene import (
    CAMERAS,
    COLOURED,
    COLOURS,
    KINDS,
    MOTIONS,
    PHOTO,
    SETTINGS,
    SIZES,
    SPEEDS,
    WEATHERS,
    Scene,
    Thing,
    held_out,
    random_scene,
)
from training.words import LANGUAGES, TOLD, caption, facts, plain_caption, vocabulary

RICH = Scene(
    Thing("red", "star", "large", "up left", "slow"),
    "gradient",
    "blue",
    second=Thing("white", "moon", "small"),
    weather="snow",
)


def fields(**said: str) -> dict[str, str]:
    return dict.fromkeys(TOLD, "") | said


def told(language: str, **said: str) -> list[str]:
    """Fifty wordings of the same facts, lower-case, without spaces where Chinese."""
    rng = random.Random(3)
    if language == "zh":
        return [words_zh.joined(words_zh.sentence(fields(**said), rng)) for _ in range(50)]
    return [words_en.sentence(fields(**said), rng) for _ in range(50)]


SAYINGS = [  # facts, and of which words every English and every Chinese sentence for them must hold one
    ({"colour": "red"}, "red crimson scarlet", "红"),
    ({"kind": "ball"}, "ball circle sphere disc dot", "球 圆"),
    ({"kind": "cross"}, "cross plus", "十字 加号"),
    ({"kind": "moon"}, "moon crescent", "月"),
    ({"kind": "ball", "size": "small"}, "small little tiny", "小"),
    ({"kind": "ball", "size": "large"}, "large big huge", "大"),
    ({"kind": "ball", "motion": "left"}, "left leftwards", "左"),
    (
        {"kind": "ball", "motion": "up"},
        "up upwards upward top rising rises climbing climbs ascending ascends",
        "上 升",
    ),
    ({"kind": "ball", "motion": "down right"}, "right", "右下"),
    ({"kind": "ball", "motion": "up left"}, "left", "左上"),
    (
        {"kind": "ball", "motion": "left", "speed": "slow"},
        "slow slowly gently low creeping creeps crawling crawls",
        "慢 缓",
    ),
    (
        {"kind": "ball", "motion": "left", "speed": "fast"},
        "fast quickly rapidly swiftly high racing races rushing rushes dashing dashes speeding speeds",
        "快 速",
    ),
    (
        {"kind": "ball", "motion": "growing"},
        "growing grows bigger larger expanding expands swelling swells",
        "大 膨胀",
    ),
    ({"kind": "ball", "motion": "circling"}, "circle circling circles orbiting orbits", "圈 圆 盘旋"),
    ({"kind": "ball", "ground": "blue", "setting": "gradient"}, "gradient shaded fading", "渐变 由浅到深"),
    ({"kind": "ball", "ground": "blue"}, "blue", "蓝"),
    ({"kind": "ball", "setting": "sea"}, "sea ocean waves water", "海 水面"),
    ({"kind": "ball", "setting": "night"}, "night stars starry dark", "夜 星空 晚"),
    ({"kind": "ball", "weather": "rain"}, "rain rainy rains raining rainfall", "雨"),
    ({"kind": "ball", "weather": "snow"}, "snow snowy snows snowing snowfall", "雪"),
    ({"camera": "left"}, "left", "左"),
    ({"camera": "in"}, "in closer forward", "近 推进 放大"),
    ({"camera": "out"}, "out back away", "远 后 缩小"),
    ({"motion": "still"}, "still static nothing not", "静止 不动"),
    ({"kind": "ball", "kind2": "heart"}, "heart", "心"),
]


@pytest.mark.parametrize(("said", "english", "chinese"), SAYINGS, ids=lambda value: str(value)[:40])
def test_every_wording_says_the_fact(said: dict[str, str], english: str, chinese: str) -> None:
    for text in told("en", **said):
        assert set(english.split()) & set(
            text.replace(",", " ").replace(".", " ").replace(":", " ").split()
        ), text
    for text in told("zh", **said):
        assert any(word in text for word in chinese.split()), text


def test_words_of_different_colours_and_kinds_never_meet() -> None:
    for language in (phrases_en, phrases_zh):
        for table in (language.COLOUR_WORDS, language.KIND_WORDS):
            words = [word for name in table for word in table[name]]
            assert len(words) == len(set(words))
    assert set(phrases_en.COLOUR_WORDS) == set(phrases_zh.COLOUR_WORDS) == set(COLOURS)
    assert set(phrases_en.KIND_WORDS) == set(phrases_zh.KIND_WORDS) == set(KINDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_said_is_not_in_the_sentence(language: str) -> None:
    table = (phrases_en if language == "en" else phrases_zh).COLOUR_WORDS
    foreign = [word for name in table if name not in ("red", "blue") for word in table[name] if len(word) > 1]
    for text in told(language, colour="red", kind="star", motion="left", ground="blue"):
        assert not any(word in text.split() if language == "en" else word in text for word in foreign), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_captions_say_nothing_false_and_most_of_the_truth(language: str) -> None:
    rng, seen, possible = random.Random(1), Counter(), Counter()
    for _ in range(3000):
        scene = random_scene(rng)
        truth, said = facts(scene), caption(scene, rng, language).said
        assert list(said) == list(TOLD)
        assert all(value in ("", truth[name]) for name, value in said.items())
        assert any(said.values())
        assert not {"medium", "normal"} & set(said.values())
        assert not held_out(scene)
        seen.update(name for name, value in said.items() if value)
        possible.update(name for name, value in truth.items() if value)
    for name in ("colour", "kind", "motion", "ground", "weather", "camera", "colour2", "kind2"):
        assert 0.8 < seen[name] / possible[name] < 0.97, name


def test_a_photograph_tells_only_its_camera() -> None:
    rng = random.Random(2)
    for language, camera in product(LANGUAGES, CAMERAS):
        said = caption(Scene(None, PHOTO, camera=camera), rng, language).said
        assert {name: value for name, value in said.items() if value} == (
            {"camera": camera} if camera else {"motion": "still"}
        )


def test_the_plainest_sentences() -> None:
    assert plain_caption(RICH) == (
        "a large red star slowly moving up and left over a blue gradient in the snow, next to a small white moon"
    )
    assert plain_caption(RICH, "zh") == (
        "一颗红色的大星星在蓝色渐变背景上慢慢向左上方移动，旁边有一个白色的小月亮，下着雪"
    )
    simple = Scene(Thing("red", "ball", motion="right"), "plain", "blue")
    assert plain_caption(simple) == "a red ball moving right over a blue background"
    assert plain_caption(simple, "zh") == "一个红色的球在蓝色背景上向右移动"
    camera = Scene(Thing("orange", "ring"), "sea", camera="left")
    assert plain_caption(camera) == "an orange ring standing still over the sea, the camera pans left"
    assert plain_caption(camera, "zh") == "一个橙色的圆环在海面上静止不动，镜头向左移动"
    assert plain_caption(Scene(None, PHOTO, camera="in")) == "the camera zooms in"
    assert plain_caption(Scene(None, PHOTO), "zh") == "画面静止不动"


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_sentences_tell_scenes_apart(language: str) -> None:
    scenes = [
        Scene(
            Thing("red", kind, size, motion, speed),
            setting,
            "blue" if setting in COLOURED else "",
            weather=fall,
        )
        for kind, size, motion, speed, setting, fall in product(
            KINDS[:2], SIZES, MOTIONS, SPEEDS, SETTINGS, WEATHERS
        )
    ]
    scenes += [Scene(Thing("red", "ball"), "sea", camera=camera) for camera in CAMERAS[1:]]
    assert len({plain_caption(scene, language) for scene in scenes}) == len(scenes)


def test_captions_are_in_order() -> None:
    rng = random.Random(5)
    texts = [caption(random_scene(rng, core=0.2), rng, "en").text for _ in range(2000)]
    assert len(set(texts)) > 1800
    for text in texts:
        assert text == text.strip()
        assert "  " not in text
        assert " ," not in text
        assert ",," not in text.replace(" ", "")
        assert "{" not in text


def test_the_vocabulary_holds_every_word_and_no_more_than_words() -> None:
    words, rng = {language: set(listed) for language, listed in vocabulary().items()}, random.Random(6)
    used = set()
    for _ in range(6000):
        scene = random_scene(rng, core=0.2)
        text = caption(scene, rng, "en").text.replace(",", " ").replace(".", " ").replace(":", " ")
        used |= set(text.split())
    assert used <= words["en"]
    assert len(words["en"] - used) < 15, sorted(words["en"] - used)
    assert all(word.isascii() and word.isalpha() for word in words["en"])
    assert all("\u4e00" <= letter <= "\u9fff" for word in words["zh"] for letter in word)
