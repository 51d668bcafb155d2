"""How tables of wordings are written."""

from __future__ import annotations


def forms(text: str) -> tuple[str, ...]:
    """Wordings of one meaning, the usual one first: "up | upwards"."""
    return tuple(form.strip(" ") for form in text.split("|"))


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Wordings of two forms each: "moving / moves | going / goes"."""
    return tuple((first, second) for first, second in (forms(pair.replace("/", "|")) for pair in forms(text)))
