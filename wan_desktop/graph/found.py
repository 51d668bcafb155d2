"""What is found on the way from an output node back to the loaders, and what may be named there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from wan_desktop.graph import problems
from wan_desktop.graph.nodes import NODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_desktop.graph import names
    from wan_desktop.graph.checking import Graph
    from wan_desktop.graph.problems import Problem

Place = tuple[str, str]
"""A node's id and the name of one of its inputs."""


class Here(Protocol):
    """What is on this computer, as far as a prompt can name it."""

    @property
    def names(self) -> names.ModelNames:
        """The models."""

    def images(self) -> Sequence[str]:
        """The pictures that LoadImage offers."""

    def has_image(self, name: str) -> bool:
        """True when LoadImage can load `name`. Must be safe for any text."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One ImageScale: to `width` x `height` pixels (0: as the other side asks), cut to shape when `crop`."""

    width: int
    height: int
    crop: bool
    method: str


@dataclass(frozen=True, slots=True)
class StartImage:
    """Where a start image comes from: the name of an uploaded picture, or a plain `color` (0xRRGGBB) of `size`."""

    name: str = ""
    size: tuple[int, int] = (0, 0)
    color: int = 0
    scales: tuple[Scale, ...] = ()


class Unfit(Exception):
    """Well formed, but not for this model: the `node` where it stands, and the `problem` as its client reads it."""

    def __init__(self, place: Place, sentence: str, told: Problem | None = None) -> None:
        super().__init__(sentence)
        self.node = place[0]
        self.problem = told or problems.custom(place[1], sentence)


@dataclass(slots=True)
class Found:
    """What was read on the way from one output back to its loaders."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    start: StartImage | None = None
    sampler: str = ""

    def put(self, name: str, value: Any, place: Place, called: str = "") -> None:
        """Note the draft's value `name`, which stands at `place`; InvalidRequest calls the field `called`."""
        self.values[name] = value
        self.places[called or name] = place


def lists(here: Here) -> dict[str, Sequence[str]]:
    """The choices of this moment, as `nodes.Listed` names them."""
    known = here.names
    return {
        "unets": known.unets(),
        "checkpoints": known.unets(),
        "texts": known.texts(),
        "vaes": known.vaes(),
        "loras": list(known.loras),
        "images": here.images(),
    }


def lora_place(path: str) -> str:
    """The key in `Found.places` of the LoRA whose file this is."""
    return f"lora {path}"


def unknown_name(kind: str, name: str, value: str, here: Here) -> Problem:
    """A name that means nothing on this computer."""
    options = list(lists(here)[NODES[kind].inputs[name][0].name])
    return problems.not_in_list(name, [options], value, options)


def saved_input(graph: Graph, output: str) -> str:
    """The input of an output node that says what it saves."""
    return "video" if graph[output]["class_type"] == "SaveVideo" else "images"
