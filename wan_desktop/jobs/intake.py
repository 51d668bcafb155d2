"""From a draft to a request that may be queued: checked, its picture stored, the library asked for room."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.validate import resolve

if TYPE_CHECKING:
    from wan_desktop.domain.request import Draft, RenderRequest
    from wan_desktop.jobs.ports import Images, Library, Models


class Intake:
    """What every request passes before it is queued."""

    def __init__(self, library: Library, images: Images, models: Models) -> None:
        self._library, self._images, self._models = library, images, models

    def check(self, draft: Draft) -> None:
        """Raise InvalidRequest if the draft's values are refused (the image's content is not read)."""
        self._with_model(draft, image_size=None)

    def request(self, draft: Draft) -> RenderRequest:
        """The draft's request, its picture stored. Reads and writes. Raises InvalidRequest, DiskProblem."""
        size = None
        if draft.stored_image is not None:
            size = self._images.size(draft.stored_image)
        elif draft.image is not None:
            self.check(draft)  # wrong numbers are told before a picture is read
            stored, size = self._images.add(draft.image)
            draft = replace(draft, stored_image=stored)
        request = self._with_model(draft, image_size=size)
        if request.loras:
            request = replace(request, loras=self._models.check_loras(request.loras))
        self.check_library(request)
        return request

    def check_library(self, request: RenderRequest) -> None:
        """Raise DiskProblem, with the field "library", when there is no room for what the request makes."""
        try:
            self._library.check_space(request)
        except DiskProblem as error:
            raise DiskProblem(error.template, field="library", action=error.action, **error.values) from error

    def _with_model(self, draft: Draft, image_size: tuple[int, int] | None) -> RenderRequest:
        return resolve(draft, self._models.get(draft.model), image_size)
