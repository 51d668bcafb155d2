"""A clip as its own file tells of it."""

from __future__ import annotations

import logging
import math
import re
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.ids import new_id
from wan_desktop.domain.job import Clip
from wan_desktop.library.listing import clip_id
from wan_desktop.media.clips import read_recipe, thumbnail
from wan_desktop.media.files import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ID = re.compile(r"[a-z0-9]{4,32}")
log = logging.getLogger(__name__)


def read_clip(
    path: Path, thumbnail_file: Callable[[str], Path], *, deleted_at: float | None = None
) -> Clip | None:
    """The clip in the file, by its recipe; None when it has none. Blocks, a few milliseconds.

    `thumbnail_file` says where the thumbnail of an id lies; one that is not there is made, if that is possible.
    Raises OSError when the file is gone.
    """
    recipe = read_recipe(path)
    if recipe is None:
        return None
    found = path.stat()
    ident = str(recipe.get("clip_id", ""))
    if not _ID.fullmatch(ident):
        ident = clip_id(path) or new_id()
    small = thumbnail_file(ident)
    if not small.is_file():
        try:
            make_folder(small.parent)
            thumbnail(path, small)
        except (WanError, OSError) as error:
            log.warning("no thumbnail for %s: %s", path, error)
    return Clip(
        id=ident,
        job_id=str(recipe.get("job_id", "")),
        path=str(path),
        thumbnail=str(small),
        created_at=_time(recipe.get("created_at"), found.st_mtime),
        size_bytes=found.st_size,
        recipe=recipe,
        deleted_at=deleted_at,
    )


def _time(value: Any, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else otherwise
