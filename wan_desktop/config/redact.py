"""Takes out of a text what says who somebody is, what he made, and what opens his doors."""

from __future__ import annotations

import getpass
import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.ids import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LEAST_NAME, _LEAST_PROMPT = 3, 3
"""Shorter ones would take half of the text with them."""
_NOBODY = frozenset({"root", "user", "admin", "ubuntu", "localhost"})
"""Names that say nothing of anybody."""
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 <secret>"),
    (
        re.compile(
            r"(?i)([\w-]*(?:token|secret|password|passwd|api[_-]?key|authorization))(\W{1,4})[^\s,;\"'&]{4,}"
        ),
        r"\1\2<secret>",
    ),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), "://<secret>@"),
    (re.compile(r"\b(?:hf|sk|gh[pousr]|github_pat|xox[abp]|AKIA)[_-]?[A-Za-z0-9_-]{12,}"), "<secret>"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "<mail>"),
)
_CLIP_NAME = re.compile(r"(\d{4}-\d\d-\d\d)_[a-z0-9-]+_([2-9a-hjkmnp-tv-z]{10})\b")


class Redaction:
    """Call it with a text. `folders` become "<name>"; `prompts` are taken out with the names made of them."""

    def __init__(
        self,
        *,
        folders: Mapping[str, Path],
        prompts: Iterable[str] = (),
        home: Path | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """`home` and `names` ({"user": …, "computer": …}) are this computer's unless they are given."""
        places = {f"<{name}>": str(folder) for name, folder in folders.items()} | {
            "~": str(home or Path.home())
        }
        pairs = [(place, sign) for sign, place in places.items() if len(place) > 1]
        self._keep_clip_names = not (prompts := [p for p in prompts if len(p.strip()) >= _LEAST_PROMPT])
        pairs += [
            (text, "<prompt>") for prompt in prompts for text in (prompt, prompt.strip(), slug(prompt, 200))
        ]
        variants = {form: sign for text, sign in pairs for form in _forms(text)}
        self._texts = sorted(variants.items(), key=lambda each: -len(each[0]))
        self._names = [
            (re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE), f"<{what}>")
            for what, name in (names if names is not None else _this_computer()).items()
            if len(name) >= _LEAST_NAME and name.lower() not in _NOBODY
        ]

    def __call__(self, text: str) -> str:
        """The text without what it must not tell."""
        for found, sign in self._texts:
            text = text.replace(found, sign)
        if not self._keep_clip_names:
            text = _CLIP_NAME.sub(r"\1_<prompt>_\2", text)
        for pattern, sign in (*_SECRETS, *self._names):
            text = pattern.sub(sign, text)
        return text

    def data(self, value: Any) -> Any:
        """Plain data with every text in it redacted, keys too."""
        match value:
            case str():
                return self(value)
            case dict():
                return {self(str(key)): self.data(each) for key, each in value.items()}
            case list() | tuple():
                return [self.data(each) for each in value]
            case _:
                return value


def _forms(text: str) -> set[str]:
    """How the text may stand in a log: as it is, inside JSON, as Python shows it, with the other slashes."""
    forms = {
        text,
        text.replace("\\", "/"),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
    }
    return {form for form in forms | {repr(text)[1:-1]} if form}


def _this_computer() -> dict[str, str]:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name for this number, as in some containers
        user = ""
    return {"user": user, "computer": socket.gethostname()}
