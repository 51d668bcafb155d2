"""Ids and names: short, sortable enough for people, safe in file names."""

from __future__ import annotations

import re
import secrets
import time
import unicodedata

_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """A new id of 10 letters and digits, without look-alikes (0/o, 1/l/i, u)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


def slug(text: str, most: int = 40) -> str:
    """The text's first words in [a-z0-9-], at most `most` characters; "clip" when nothing is left.

    Letters with accents lose them; other scripts are left out, since a file name must survive any file system.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return words[:most].rstrip("-") or "clip"


def clip_name(prompt: str, clip_id: str, now: float) -> str:
    """A clip's file name, `{date}_{slug}_{id}.mp4`, in [A-Za-z0-9._-]; `now` in seconds since 1970, local date."""
    date = time.strftime("%Y-%m-%d", time.localtime(now))
    return f"{date}_{slug(prompt)}_{clip_id}.mp4"
