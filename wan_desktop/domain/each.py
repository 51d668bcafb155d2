"""Doing several things of which none must keep the others from being done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.domain.errors import WanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def do_each(works: Iterable[Callable[[], object]]) -> None:
    """Do all `works` in their order; when some raise WanErrors, raise the first at the end."""
    first: WanError | None = None
    for work in works:
        try:
            work()
        except WanError as error:
            first = first or error
    if first is not None:
        raise first
