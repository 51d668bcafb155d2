"""What captions tell of a scene, and how they are put: one choice of facts, told in English or Chinese."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from training import phrases_en, phrases_zh, words_en, words_zh
from training.phrases_en import COLOUR_WORDS, KIND_WORDS
from training.scene import COLOURED, PHOTO

if TYPE_CHECKING:
    import random

    from training.scene import Scene

__all__ = ["COLOUR_WORDS", "KIND_WORDS", "LANGUAGES", "TOLD", "Caption", "all_words", "caption", "facts"]

LANGUAGES = ("en", "zh")
TOLD = (
    "colour",
    "kind",
    "size",
    "motion",
    "speed",
    "setting",
    "ground",
    "colour2",
    "kind2",
    "size2",
    "weather",
    "camera",
)
"""What a sentence may tell: of the thing, of what is behind it (`ground` is its colour), of the second thing."""


class Caption(NamedTuple):
    """A sentence, and what it tells: a value, or "" where it says nothing, for each name in TOLD."""

    text: str
    said: dict[str, str]


def facts(scene: Scene) -> dict[str, str]:
    """All that can be told of `scene`; what is usual (medium, normal) is never said."""
    said = dict.fromkeys(TOLD, "")
    said["camera"] = scene.camera
    if scene.thing is None:
        return said if scene.camera else said | {"motion": "still"}
    said |= {"colour": scene.thing.colour, "kind": scene.thing.kind, "motion": scene.thing.motion}
    said["size"] = "" if scene.thing.size == "medium" else scene.thing.size
    said["speed"] = "" if scene.thing.speed == "normal" else scene.thing.speed
    said |= {"setting": scene.setting, "ground": scene.colour, "weather": scene.weather}
    if scene.second is not None:
        said |= {"colour2": scene.second.colour, "kind2": scene.second.kind}
        said["size2"] = "" if scene.second.size == "medium" else scene.second.size
    return said


def _chosen(scene: Scene, rng: random.Random) -> dict[str, str]:
    """Most of the facts: now and then one is left out, and rarely nearly everything."""
    said = facts(scene)
    if scene.setting == PHOTO:
        return said
    if rng.random() < 0.04:
        return dict.fromkeys(TOLD, "") | rng.choice(
            ({"colour": said["colour"]}, {"kind": said["kind"]}, {n: said[n] for n in ("colour", "kind")})
        )
    rarely = {
        "size": 0.25,
        "speed": 0.2,
        "size2": 0.25,
        "setting": 0.5 if scene.setting == "gradient" else 0.05,
    }
    if scene.setting == "plain":
        rarely["setting"] = 0.94
    if scene.camera:
        rarely["motion"] = 0.5
    for name in TOLD:
        if said[name] and rng.random() < rarely.get(name, 0.05):
            said[name] = ""
    if not said["motion"]:
        said["speed"] = ""
    if scene.setting in COLOURED and not said["ground"]:
        said["setting"] = ""
    if not (said["colour2"] or said["kind2"]):
        said["size2"] = ""
    return said


def caption(scene: Scene, rng: random.Random, language: str = "en") -> Caption:
    """A sentence for `scene`: wording, order and completeness vary. `language`: "en" or "zh"."""
    said = _chosen(scene, rng)
    if language == "zh":
        return Caption(words_zh.joined(words_zh.sentence(said, rng)), said)
    return Caption(words_en.sentence(said, rng), said)


def plain_caption(scene: Scene, language: str = "en") -> str:
    """The most ordinary sentence for `scene` that tells everything that matters."""
    said = facts(scene)
    return words_zh.joined(words_zh.plain(said)) if language == "zh" else words_en.plain(said)


def _words_of(table: object) -> set[str]:
    if isinstance(table, str):
        return set(re.sub(r"\{\w+\}|[,:，：]", " ", table).split())
    parts = [*table.values()] if isinstance(table, dict) else table
    return set().union(*(_words_of(part) for part in parts))


def vocabulary(without: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Every word that a caption may hold, sorted, by language; Chinese words are the units of its sentences.

    `without` names tables of the wordings whose words are left out unless another table has them too.
    """
    modules = {"en": phrases_en, "zh": phrases_zh}
    return {
        language: sorted(
            _words_of(
                [table for name, table in vars(module).items() if name.isupper() and name not in without]
            )
        )
        for language, module in modules.items()
    }


def all_words() -> list[str]:
    """Every word of both languages, sorted: the tokenizer gives each a piece of its own."""
    return sorted({word for words in vocabulary().values() for word in words})
