"""Where a request is rendered: its model is "on:NAME" or "on:NAME/FILE" when a server does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wan_desktop.domain.model import ModelSpec

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


def helps(device: str, model: ModelSpec) -> bool:
    """Whether a computer with that device ("cuda:0", "cpu") and chosen model takes jobs for whoever is free, too."""
    return device.startswith("cuda") and not model.demo and not model.variant
