"""The models of servers beside those of this computer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest
from wan_desktop.domain.places import ANY, file_of, server_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import Lora
    from wan_desktop.jobs.ports import Models


class WithRemotes:
    """The Models port: those of this computer, and those of the servers that `names` gives, asked each time.

    `make_spec(id, fingerprint, variant=...)` makes the description of a Wan2.2-TI2V-5B.
    """

    def __init__(
        self, here: Models, names: Callable[[], Sequence[str]], make_spec: Callable[..., ModelSpec]
    ) -> None:
        self._here, self._names, self._make_spec = here, names, make_spec

    def all(self) -> Sequence[ModelSpec]:
        """The models of this computer: whatever asks for a list wants to load one."""
        return self._here.all()

    def get(self, model: str | None) -> ModelSpec:
        """As the port says; a server's model is described as the 5 B. Raises InvalidRequest, field "on"."""
        if model is None or not server_of(model):
            return self._here.get(model)
        server, file, names = server_of(model), file_of(model), self._names()
        if server not in names and not (server == ANY and names):
            raise InvalidRequest(
                QT_TRANSLATE_NOOP("errors", "There is no server “{name}” here any more, or not yet: add it."),
                field="on",
                action=QT_TRANSLATE_NOOP("errors", "Add the server, or render somewhere else"),
                name=server,
            )
        spec = self._make_spec(model, "", variant=_variant(file))
        return replace(spec, label=f"{spec.label} ({server})", path="")

    def check_loras(self, loras: Sequence[Lora]) -> tuple[Lora, ...]:
        """As the port says."""
        return self._here.check_loras(loras)


class AlsoForAny:
    """The Models port for rendering here: a job for whoever is free takes the chosen model of this computer."""

    def __init__(self, here: Models) -> None:
        self._here = here

    def all(self) -> Sequence[ModelSpec]:
        """As the port says."""
        return self._here.all()

    def get(self, model: str | None) -> ModelSpec:
        """As the port says."""
        return self._here.get(None if server_of(model or "") == ANY else model)

    def check_loras(self, loras: Sequence[Lora]) -> tuple[Lora, ...]:
        """As the port says."""
        return self._here.check_loras(loras)


def _variant(file: str) -> str:
    """The few-step model that the file's name speaks of, or ""."""
    plain = file.lower()
    return next((variant for variant in ("fastwan", "turbo") if variant in plain), "")
