"""Rules for prompts."""

from __future__ import annotations

import unicodedata

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
