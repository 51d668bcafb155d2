"""From a file back to the form: a clip of ours by its recipe, anything else by the ComfyUI workflow in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadImage, LibraryProblem, WanError
from wan_desktop.domain.request import Draft, RenderRequest

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session
    from wan_desktop.bridge.workflows import FoundWorkflow


def bring_back(session: Session, path: str) -> FoundWorkflow:
    """What made the file at `path`: its recipe, or the workflow in it. Reads: call it in the background.

    Raises LibraryProblem when it holds neither, InvalidRequest when the workflow cannot be rendered here, BadImage
    when a recipe's start image is gone.
    """
    from wan_desktop.bridge.workflows import FoundWorkflow

    recipe = session.recipe_of(path)
    if recipe is not None:
        return FoundWorkflow(_draft_of(session, path, recipe))
    found = session.workflow_in(path)
    if found is None:
        raise _no_recipe(path)
    return found


def if_workflow(session: Session, path: str) -> FoundWorkflow | None:
    """What the workflow in a picture asks for; None when it has none of use, so that it is a plain picture."""
    if not session.may_hold_workflow(path):
        return None
    try:
        return session.workflow_in(path)
    except WanError:
        return None  # most pictures with a workflow were drawn by another model


def _draft_of(session: Session, path: str, recipe: dict[str, Any]) -> Draft:
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
            "errors",
            "“{name}” holds no recipe and no ComfyUI workflow: drop a clip made here, a workflow, or a picture.",
        ),
        name=Path(path).name,
    )
