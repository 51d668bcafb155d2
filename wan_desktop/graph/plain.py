"""Plain values of a node's inputs: written there, or standing in a primitive that is linked, through reroutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_desktop.graph.node_types import REROUTE

if TYPE_CHECKING:
    from wan_desktop.graph.checking import Graph


def source_of(graph: Graph, ident: str, name: str) -> str:
    """The node behind a linked input, through reroutes."""
    source = str(graph[ident]["inputs"][name][0])
    while graph[source]["class_type"] == REROUTE:
        source = str(next(iter(graph[source]["inputs"].values()))[0])
    return source


def primitive(graph: Graph, ident: str, name: str) -> Any:
    """What the primitive behind a linked input holds; None when something else is behind it."""
    node = graph[source_of(graph, ident, name)]
    found = node["inputs"].get("value")
    return None if isinstance(found, list) or not node["class_type"].startswith("Primitive") else found


def plain_values(graph: Graph, ident: str) -> dict[str, Any]:
    """The node's values by the names of its inputs, without what comes from other nodes than primitives."""
    found: dict[str, Any] = {}
    for name, value in graph[ident]["inputs"].items():
        plain = primitive(graph, ident, name) if isinstance(value, list) else value
        if plain is not None:
            found[name] = plain
    return found
