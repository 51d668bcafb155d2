"""What a ComfyUI node is here, as data, and how `/object_info` shows it.

An input is written as `/object_info` shows it: a type name or a list of choices, then its options, if it has any.
`Listed` stands for choices that depend on what is on this computer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REROUTE = "Reroute"
"""The node whose single input may have any name and any type."""
BIG = 16384
"""The largest side and length that ComfyUI's nodes take; what the model takes is checked afterwards."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Choices looked up when asked for: "unets", "texts", "vaes", "checkpoints", "loras" or "images"."""

    name: str


@dataclass(frozen=True, slots=True)
class NodeType:
    """One kind of node: its inputs by name, the types of its outputs, and how a node editor shows it.

    `title` None: the editor shows the name. `hidden` are inputs that ComfyUI fills in itself.
    """

    name: str
    title: str | None
    category: str
    required: dict[str, list[Any]]
    outputs: tuple[str, ...] = ()
    optional: dict[str, list[Any]] = field(default_factory=dict)
    hidden: dict[str, Any] = field(default_factory=dict)
    is_output: bool = False
    experimental: bool = False
    says: str = ""

    @property
    def inputs(self) -> dict[str, list[Any]]:
        """Every input by name, required ones first."""
        return self.required | self.optional


def whole(default: int, low: int, high: int, **more: Any) -> list[Any]:
    """An INT input."""
    return ["INT", {"default": default, "min": low, "max": high, **more}]


def real(default: float, low: float, high: float, step: float = 0.01, **more: Any) -> list[Any]:
    """A FLOAT input."""
    return ["FLOAT", {"default": default, "min": low, "max": high, "step": step, **more}]


def text(default: str = "", **more: Any) -> list[Any]:
    """A STRING input."""
    return ["STRING", {"default": default, **more}]


def choices(spec: list[Any], lists: Mapping[str, Sequence[str]]) -> list[Any] | None:
    """What an input may be chosen from; None when it is no choice."""
    kind = spec[0]
    if isinstance(kind, Listed):
        return list(lists.get(kind.name, ()))
    if isinstance(kind, list):
        return kind
    return list(spec[1]["options"]) if kind == "COMBO" else None


def shown(spec: list[Any], lists: Mapping[str, Sequence[str]]) -> list[Any]:
    """An input as `/object_info` and errors show it."""
    kind = spec[0]
    return [list(lists.get(kind.name, ())), *spec[1:]] if isinstance(kind, Listed) else spec


def object_info(node: NodeType, lists: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The node as `/object_info` describes it."""
    inputs: dict[str, dict[str, Any]] = {
        kind: {name: shown(spec, lists) for name, spec in group.items()}
        for kind, group in (("required", node.required), ("optional", node.optional))
        if group or kind == "required"
    }
    if node.hidden:
        inputs["hidden"] = node.hidden
    return {
        "input": inputs,
        "input_order": {kind: list(group) for kind, group in inputs.items()},
        "output": list(node.outputs),
        "output_is_list": [False] * len(node.outputs),
        "output_name": list(node.outputs),
        "output_tooltips": [None] * len(node.outputs),
        "name": node.name,
        "display_name": node.title,
        "description": node.says,
        "python_module": "wan_desktop",
        "category": node.category,
        "output_node": node.is_output,
        "deprecated": False,
        "experimental": node.experimental,
        "api_node": False,
    }
