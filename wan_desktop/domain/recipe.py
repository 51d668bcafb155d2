"""The recipe: the request plus what produced it, as it stands in the MP4 and in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_desktop import __version__
from wan_desktop.domain.sentence import Sentence, sentence_to_json

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job

FORMAT = 1
"""Version of the recipe's own layout."""


def make_recipe(job: Job, clip_id: str, created_at: float, made_by: dict[str, Any]) -> dict[str, Any]:
    """The recipe of a finished job: plain data, ready for JSON. `created_at` in seconds since 1970 (UTC)."""
    return {
        "format": FORMAT,
        "app": f"Wan Desktop {__version__}",
        "clip_id": clip_id,
        "job_id": job.id,
        "created_at": created_at,
        "request": job.request.to_json(),
        "made_by": made_by,
        "notes": [sentence_to_json(note) for note in job.notes],
    }


def notes_of(recipe: dict[str, Any]) -> tuple[Sentence, ...]:
    """What was worth telling of the render; () in a recipe that has no such list, as one of a foreign file may."""
    told = recipe.get("notes")
    return tuple(Sentence.from_json(note) for note in told) if isinstance(told, list | tuple) else ()
