"""What a server's history says of a prompt, and the clip among its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.graph.writing import OUTPUT
from wan_desktop.remote.problems import RemoteProblem

_VIDEOS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".webp", ".gif")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a prompt is: "waiting" (behind so many others), "running", "ended" (with its history `entry`), "gone"."""

    state: str
    behind: int = 0
    entry: dict[str, Any] | None = None


def in_queue(queue: Any, prompt_id: str, client_id: str) -> tuple[Place | None, str]:
    """Where the prompt is in the body of GET /queue, and its id there; None when it is not in it."""
    if not isinstance(queue, dict):
        return None, prompt_id
    running, pending = (_entries(queue.get(key)) for key in ("queue_running", "queue_pending"))
    for entry in running:
        if _is(entry, prompt_id, client_id):
            return Place("running"), str(entry[1])
    pending.sort(key=lambda entry: entry[0])
    for number, entry in enumerate(pending):
        if _is(entry, prompt_id, client_id):
            return Place("waiting", number + len(running)), str(entry[1])
    return None, prompt_id


def in_history(history: Any, prompt_id: str, client_id: str) -> tuple[Place | None, str]:
    """The prompt's entry in the body of GET /history or /history/{id}, and its id there."""
    for ident, entry in history.items() if isinstance(history, dict) else ():
        if not isinstance(entry, dict):
            continue
        asked = _entries([entry.get("prompt")])
        if ident == prompt_id or (asked and _is(asked[0], prompt_id, client_id)):
            return Place("ended", entry=entry), str(ident)
    return None, prompt_id


def clip_in(entry: dict[str, Any], name: str) -> dict[str, str]:
    """The file to fetch: filename, subfolder, type. Raises RemoteProblem when the prompt failed or made none."""
    _raise_if_failed(entry, name)
    outputs = entry.get("outputs")
    outputs = outputs if isinstance(outputs, dict) else {}
    ours = outputs.get(OUTPUT)
    for output in [ours] if isinstance(ours, dict) else outputs.values():
        for items in output.values() if isinstance(output, dict) else ():
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict) and str(item.get("filename", "")).lower().endswith(_VIDEOS):
                    return {
                        "filename": str(item["filename"]),
                        "subfolder": str(item.get("subfolder") or ""),
                        "type": str(item.get("type") or "output"),
                    }
    raise RemoteProblem(
        QT_TRANSLATE_NOOP("errors", "The server “{name}” says that it is done, but it has made no video."),
        name=name,
    )


def _raise_if_failed(entry: dict[str, Any], name: str) -> None:
    status = entry.get("status")
    status = status if isinstance(status, dict) else {}
    if status.get("status_str") != "error":
        return
    told = _last_error(status.get("messages"))
    if told is None:
        raise RemoteProblem(
            QT_TRANSLATE_NOOP("errors", "The job was stopped on the server “{name}”, by somebody there."),
            name=name,
        )
    kind, why = str(told.get("exception_type", "")), " ".join(str(told.get("exception_message", "")).split())
    if "OutOfMemory" in kind:
        raise RemoteProblem(
            QT_TRANSLATE_NOOP("errors", "The server “{name}” ran out of memory."),
            action=QT_TRANSLATE_NOOP("errors", "Use a smaller size or fewer frames"),
            name=name,
        )
    raise RemoteProblem(
        QT_TRANSLATE_NOOP("errors", "The render failed on the server “{name}”: {why}"),
        name=name,
        why=why[:300] or kind or "no reason given",
    )


def _last_error(messages: Any) -> dict[str, Any] | None:
    """What the execution_error in a status says; None when it was interrupted instead."""
    for message in reversed(messages) if isinstance(messages, list) else ():
        if isinstance(message, list) and len(message) == 2 and isinstance(message[1], dict):
            if message[0] == "execution_error":
                return message[1]
            if message[0] == "execution_interrupted":
                return None
    return {}


def _entries(listed: Any) -> list[list[Any]]:
    found = listed if isinstance(listed, list) else []
    return [
        each
        for each in found
        if isinstance(each, list) and len(each) >= 4 and isinstance(each[0], int | float)
    ]


def _is(entry: list[Any], prompt_id: str, client_id: str) -> bool:
    extra = entry[3]
    return entry[1] == prompt_id or (isinstance(extra, dict) and extra.get("client_id") == client_id)
