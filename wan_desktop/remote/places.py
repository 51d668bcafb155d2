"""How a request says that another computer renders it: its model is "on:NAME", or "on:NAME/FILE"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import Lora
    from wan_desktop.jobs.ports import Models

_ON = "on:"
ANY = "any"
"""Not a server's name: whichever of them is free."""


def model_on(name: str, file: str = "") -> str:
    """The model of the server `name`: its Wan2.2-TI2V-5B, or the file that is called so there."""
    return f"{_ON}{name}/{file}" if file else f"{_ON}{name}"


def server_of(model: str) -> str:
    """The name of the server that renders this model, or "" for this computer."""
    return model.removeprefix(_ON).partition("/")[0] if model.startswith(_ON) else ""


def file_of(model: str) -> str:
    """The model's file on that server, or "" for the one it has."""
    return model.partition("/")[2] if model.startswith(_ON) else ""


def path_name(path: str) -> str:
    """The last piece of a path of any system."""
    return path.replace("\\", "/").rpartition("/")[2]


class WithRemotes:
    """The Models port: those of this computer, and those of the servers `names`.

    `make_spec(id, fingerprint, variant=...)` makes the description of a Wan2.2-TI2V-5B.
    """

    def __init__(self, here: Models, names: Sequence[str], make_spec: Callable[..., ModelSpec]) -> None:
        self._here, self._names, self._make_spec = here, names, make_spec

    def all(self) -> Sequence[ModelSpec]:
        """The models of this computer: whatever asks for a list wants to load one."""
        return self._here.all()

    def elsewhere(self) -> list[ModelSpec]:
        """One model for each server, and one for whichever is free when there are several."""
        names = list(self._names)
        return [self.get(model_on(name)) for name in (*names, *([ANY] if len(names) > 1 else []))]

    def get(self, model: str | None) -> ModelSpec:
        """As the port says; a server's model is described as the 5 B. Raises InvalidRequest, field "on"."""
        if model is None or not server_of(model):
            return self._here.get(model)
        server, file = server_of(model), file_of(model)
        if server not in self._names and not (server == ANY and self._names):
            raise InvalidRequest(
                QT_TRANSLATE_NOOP(
                    "errors",
                    "There is no server “{name}” here: add it, and open Wan Desktop again if it is open.",
                ),
                field="on",
                action=QT_TRANSLATE_NOOP("errors", "Add it: wan-desktop remotes add NAME URL"),
                name=server,
            )
        spec = self._make_spec(model, "", variant=_variant(file))
        return replace(spec, label=f"{spec.label} ({server})", path="")

    def check_loras(self, loras: Sequence[Lora]) -> tuple[Lora, ...]:
        """As the port says."""
        return self._here.check_loras(loras)


def _variant(file: str) -> str:
    """The few-step model that the file's name speaks of, or ""."""
    plain = file.lower()
    return next((variant for variant in ("fastwan", "turbo") if variant in plain), "")
