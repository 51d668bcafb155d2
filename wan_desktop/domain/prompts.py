"""Rules for prompts, and which of their words a model with few words does not know."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_CHARACTERS = 10_000
_KEPT = {"\n", "\t"}
_JOINERS = {"\u200c", "\u200d"}  # zero-width joiners carry meaning in several scripts and in emoji


def clean(text: str) -> str:
    """The text without control and invisible format characters, line ends made "\\n", outer space cut.

    Letters of every script, emoji and their joiners stay.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = (
        c for c in text if c in _KEPT or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )
    return "".join(kept).strip()


_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORDS = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)*")
"""A run of Chinese characters, or a word of any other script, with its apostrophes; hyphens part words."""


class Lexicon:
    """The words that a model knows, ready for looking through prompts.

    `vocabulary` is the one of a ModelSpec: words by language; words with spaces count one by one. Case makes no
    difference. A form is known only as it is listed: "balls" is not known by "ball".
    """

    def __init__(self, vocabulary: Mapping[str, Sequence[str]]) -> None:
        listed = [
            part for words in vocabulary.values() for word in words for part in _WORDS.findall(_fold(word))
        ]
        self._known = frozenset(listed)
        self._longest = max((len(word) for word in listed if _is_han(word)), default=1)

    def unknown(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of each word of `text` that is not known, in characters; nothing for an empty vocabulary.

        Chinese is read by the longest known word at each place; what is left over between known words is one
        unknown word. Numbers and signs are passed over.
        """
        if not self._known:
            return
        for match in _WORDS.finditer(text):
            word = _fold(match.group())
            if _is_han(word):
                yield from self._unknown_han(word, match.start())
            elif not word.isnumeric() and word not in self._known:
                yield match.span()

    def _unknown_han(self, run: str, offset: int) -> Iterator[tuple[int, int]]:
        place, lost = 0, 0  # run[lost:place] is not known
        while place < len(run):
            lengths = range(min(self._longest, len(run) - place), 0, -1)
            length = next((n for n in lengths if run[place : place + n] in self._known), 0)
            if length and lost < place:
                yield offset + lost, offset + place
            place += length or 1
            lost = place if length else lost
        if lost < place:
            yield offset + lost, offset + place


def unknown_words(prompt: str, vocabulary: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The words of `prompt` that `vocabulary` (words by language) does not hold, each once, as first written."""
    found: dict[str, str] = {}
    for start, end in Lexicon(vocabulary).unknown(prompt):
        found.setdefault(_fold(prompt[start:end]), prompt[start:end])
    return tuple(found.values())


def _fold(word: str) -> str:
    return word.lower().replace("’", "'")


def _is_han(word: str) -> bool:
    return re.match(f"[{_HAN}]", word) is not None
