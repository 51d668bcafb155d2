"""The ComfyUI nodes that are understood here, by name; `following` gives them meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.graph.nodes_drawing import LOADERS, SAMPLING
from wan_desktop.graph.nodes_saving import PICTURES, PLAIN, SAVERS

if TYPE_CHECKING:
    from wan_desktop.graph.node_types import NodeType

NODES: dict[str, NodeType] = {node.name: node for node in (*LOADERS, *SAMPLING, *PICTURES, *SAVERS, *PLAIN)}
"""Every node that is understood, by its class name."""
