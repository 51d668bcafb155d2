"""From a clip's file back to the form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadImage, LibraryProblem
from wan_desktop.domain.request import Draft, RenderRequest

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session


def draft_of(session: Session, path: str) -> Draft:
    """The draft that would make the clip at `path` again, with its start image. Reads: call it in the background.

    Raises LibraryProblem when the file is no clip of ours, BadImage when its start image is gone.
    """
    recipe = session.recipe_of(path)
    if recipe is None:
        raise _no_recipe(path)
    try:
        draft = Draft.from_request(RenderRequest.from_json(recipe["request"]))
    except (TypeError, ValueError, AttributeError) as error:
        raise _no_recipe(path) from error
    if draft.stored_image is None:
        return draft
    try:
        session.image_path(draft.stored_image)
    except BadImage:
        kept = session.keep_image_of(path)
        if kept is None:
            raise
        draft = replace(draft, stored_image=kept)
    return draft


def _no_recipe(path: str) -> LibraryProblem:
    return LibraryProblem(
        QT_TRANSLATE_NOOP(
            "errors", "“{name}” holds no recipe of Wan Desktop: drop a clip that was made here, or a picture."
        ),
        name=Path(path).name,
    )
