"""Finding an API-format workflow in texts: JSON files, and what ComfyUI writes into pictures and clips.

ComfyUI puts the prompt under "prompt" (PNG text, MP4 and WebM tags), or as "prompt:{...}" into a WebP's EXIF. Reading
those texts out of a file is `media`'s work; here only texts are looked at.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_desktop.graph.checking import Graph

MAX_TEXT = 10_000_000
"""Characters; a longer text is no workflow."""
_KEYS = ("prompt", "comment", "workflow", "description")


def find_workflow(texts: Mapping[str, str]) -> Graph | None:
    """The workflow among a file's tags (their names in any case), or None."""
    by_name = {name.lower(): text for name, text in texts.items()}
    ordered = [*(by_name[key] for key in _KEYS if key in by_name), *by_name.values()]
    return next((found for text in ordered if (found := parse_workflow(text)) is not None), None)


def holds_layout(texts: Mapping[str, str]) -> bool:
    """True when a text is a workflow as ComfyUI's editor keeps it: nodes with their places, not what runs."""
    return any(_is_layout(text) for text in texts.values())


def parse_workflow(text: str) -> Graph | None:
    """The workflow that a text is, or holds: plain, as {"prompt": ...}, or behind "prompt:". None when it is none."""
    text = text.strip().removeprefix("\ufeff")
    if text[:7].lower() == "prompt:":
        text = text[7:]
    if len(text) > MAX_TEXT or text[:1] != "{":
        return None
    try:
        return _as_graph(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _is_layout(text: str) -> bool:
    start = text.find("{", 0, 20)
    if start < 0 or len(text) > MAX_TEXT:
        return False
    try:
        found = json.loads(text[start:])
    except (ValueError, RecursionError):
        return False
    found = found.get("workflow", found)
    return isinstance(found, dict) and isinstance(found.get("nodes"), list) and "links" in found


def _as_graph(found: Any) -> Graph | None:
    if not isinstance(found, dict) or not found:
        return None
    if "prompt" in found:
        inner = found["prompt"]
        return parse_workflow(inner) if isinstance(inner, str) else _as_graph(inner)
    nodes = all(isinstance(node, dict) and "class_type" in node for node in found.values())
    return found if nodes else None
