"""How tables of wordings are written and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence


def forms(text: str) -> tuple[str, ...]:
    """Wordings of one meaning, the usual one first: "up | upwards"."""
    return tuple(form.strip(" ") for form in text.split("|"))


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Wordings of two forms each: "moving / moves | going / goes"."""
    return tuple((first, second) for first, second in (forms(pair.replace("/", "|")) for pair in forms(text)))


def pick(rng: random.Random, options: Sequence[str], first: float = 0.4) -> str:
    """The first option, the usual one, more often than the others: with `first` on top of its share."""
    return options[0] if rng.random() < first else options[int(rng.random() * len(options))]
