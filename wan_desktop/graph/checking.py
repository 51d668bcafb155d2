"""Is a prompt well formed? The checks that ComfyUI makes before it queues one, in its order, with its errors.

Source: the recorded replies in `tests/server/recordings/`. Nothing here recurses, so no graph can exhaust the stack.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wan_desktop.graph import problems
from wan_desktop.graph.node_types import REROUTE, Listed, NodeType, choices, shown
from wan_desktop.graph.nodes import NODES
from wan_desktop.graph.problems import Problem, Via, refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_NODES, MAX_OUTPUTS = 300, 32
ANY = "*"
_NOWHERE = (LookupError, TypeError)

Graph = dict[str, dict[str, Any]]
"""Node ids to nodes: {"class_type": name, "inputs": {...}}, API format."""


@dataclass(slots=True)
class Checked:
    """A prompt whose values have their types. `faults` lists what is wrong, by node; `outputs` its output nodes."""

    graph: Graph
    outputs: list[str]
    faults: dict[str, list[Problem]] = field(default_factory=dict)

    def ancestors(self, node: str) -> list[str]:
        """The node and all it needs, each after what it needs itself. Raises KeyError, or ValueError (a cycle)."""
        return _ordered(self.graph, node)


def check(prompt: Any, lists: Mapping[str, Sequence[str]]) -> Checked:
    """The prompt with its values converted, and every fault of the nodes that its outputs need.

    `lists` are the choices of this moment (see `nodes.Listed`). Raises PromptRefused when it is no prompt at all.
    """
    graph = _copied(prompt)
    checked = Checked(graph, [ident for ident, node in graph.items() if NODES[node["class_type"]].is_output])
    if not checked.outputs:
        raise refused("prompt_no_outputs", "Prompt has no outputs")
    if len(checked.outputs) > MAX_OUTPUTS:
        raise refused(
            "invalid_prompt", f"The prompt has over {MAX_OUTPUTS} outputs.", "Send a smaller graph."
        )
    for output in checked.outputs:
        _check_output(checked, output, lists)
    return checked


def _copied(prompt: Any) -> Graph:
    if not isinstance(prompt, dict):
        raise refused("invalid_prompt", "The prompt is no object of nodes.", "Send nodes by their ids.")
    if len(prompt) > MAX_NODES:
        raise refused("invalid_prompt", f"The prompt has over {MAX_NODES} nodes.", "Send a smaller graph.")
    graph: Graph = {}
    for ident, node in prompt.items():
        where = f"Node ID '#{ident}'"
        if not isinstance(node, dict) or "class_type" not in node:
            raise refused(
                "invalid_prompt", "Cannot execute because a node is missing the class_type property.", where
            )
        kind, inputs = node["class_type"], node.get("inputs", {})
        if not isinstance(kind, str) or kind not in NODES:
            raise refused("invalid_prompt", f"Cannot execute because node {kind} does not exist.", where)
        if not isinstance(inputs, dict):
            raise refused("invalid_prompt", "Cannot execute because a node's inputs are no object.", where)
        graph[ident] = {**node, "inputs": dict(inputs)}
    return graph


def _check_output(checked: Checked, output: str, lists: Mapping[str, Sequence[str]]) -> None:
    seen: set[str] = set()
    todo: list[tuple[str, Via | None]] = [(output, None)]
    while todo:
        ident, via = todo.pop()
        if ident in seen:
            continue
        seen.add(ident)
        if ident not in checked.faults:
            checked.faults[ident] = _check_node(checked.graph, ident, lists, via)
        for name, spec, link in _links(checked.graph[ident]):
            if _leads_somewhere(checked.graph, link):
                todo.append((link[0], (name, shown(spec, lists), link)))
    try:
        checked.ancestors(output)
    except ValueError as error:
        checked.faults[output] += [problems.broken(error, None)]
    except (KeyError, TypeError):
        pass  # a link to nowhere, noted above where it stands


def _check_node(
    graph: Graph, ident: str, lists: Mapping[str, Sequence[str]], via: Via | None
) -> list[Problem]:
    kind = NODES[graph[ident]["class_type"]]
    inputs: dict[str, Any] = graph[ident]["inputs"]
    try:
        if kind.name == REROUTE:
            return _check_reroute(graph, inputs)
        found: list[Problem] = []
        for name, spec in kind.inputs.items():
            if name not in inputs:
                found += [problems.missing(name)] if name in kind.required else []
            elif isinstance(inputs[name], list):
                found += _check_link(graph, name, spec, inputs[name])
            else:
                found += _check_value(inputs, name, spec, lists)
        return found
    except _NOWHERE as error:
        return [problems.broken(error, via)]  # ComfyUI sees nothing else of the node then


def _check_reroute(graph: Graph, inputs: dict[str, Any]) -> list[Problem]:
    name = next(iter(inputs), "")
    value = inputs.get(name)
    return _check_link(graph, name, [ANY, {}], value if isinstance(value, list) else [])


def _check_link(graph: Graph, name: str, spec: list[Any], link: list[Any]) -> list[Problem]:
    """What is wrong with a link. Raises LookupError or TypeError when it leads nowhere."""
    if len(link) != 2:
        return [problems.bad_link(name, shown(spec, {}), link)]
    received = _received(graph, link)
    wanted = spec[0] if isinstance(spec[0], str) else "COMBO"
    if received in (wanted, ANY) or wanted == ANY or (wanted == "COMBO" and received == "STRING"):
        return []
    return [problems.mismatch(name, shown(spec, {}), received, wanted, link)]


def _received(graph: Graph, link: list[Any]) -> str:
    """The type of what a link brings; through reroutes, as far as they lead somewhere, of what is behind them."""
    received, seen = ANY, set[str]()
    while received == ANY and link[0] not in seen:
        seen.add(link[0])
        node = graph[link[0]]
        received = _output_type(NODES[node["class_type"]], link[1])
        behind = next(iter(node["inputs"].values()), None)
        if isinstance(behind, list) and len(behind) == 2 and _leads_somewhere(graph, behind):
            link = behind
    return received


def _output_type(kind: NodeType, slot: Any) -> str:
    if isinstance(slot, bool) or not isinstance(slot, int) or slot < 0:
        raise TypeError("a slot is a whole number")
    if slot >= len(kind.outputs):
        raise IndexError(f"{kind.name} has no output {slot}")
    return kind.outputs[slot]


def _check_value(
    inputs: dict[str, Any], name: str, spec: list[Any], lists: Mapping[str, Sequence[str]]
) -> list[Problem]:
    value, config = inputs[name], shown(spec, lists)
    options = choices(spec, lists)
    if options is not None:
        known = isinstance(spec[0], Listed) or value in options  # `reading` matches listed names
        return (
            [] if known and isinstance(value, str) else [problems.not_in_list(name, config, value, options)]
        )
    if spec[0] not in _CONVERTERS:
        return [problems.mismatch(name, config, type(value).__name__, spec[0], None)]
    try:
        inputs[name] = value = _CONVERTERS[spec[0]](value)
    except (ValueError, TypeError, OverflowError) as error:
        return [problems.not_a(spec[0], name, config, value, str(error))]
    told = problems.out_of_range(name, config, value)
    return [] if told is None else [told]


def _real(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no usable number")
    return number


def _string(value: Any) -> str:
    if value is None:
        return ""  # clients that leave a text out send null
    if not isinstance(value, str | int | float):
        raise TypeError("it is no text")
    return str(value).encode("utf-8", "replace").decode()  # a lone surrogate is no text that can be stored


_CONVERTERS: dict[str, Any] = {"INT": int, "FLOAT": _real, "STRING": _string, "BOOLEAN": bool}


def _links(node: dict[str, Any]) -> list[Via]:
    """The links of the inputs that the node's kind has; what else stands there is left alone."""
    inputs, kind = node["inputs"], NODES[node["class_type"]]
    specs = {next(iter(inputs), ""): [ANY, {}]} if kind.name == REROUTE else kind.inputs
    found = [(name, spec, inputs.get(name)) for name, spec in specs.items()]
    return [(name, spec, link) for name, spec, link in found if isinstance(link, list) and len(link) == 2]


def _leads_somewhere(graph: Graph, link: list[Any]) -> bool:
    return isinstance(link[0], str) and link[0] in graph


def order_of(graph: Graph, outputs: Iterable[str]) -> list[str]:
    """The nodes that the outputs need, each after what it needs itself. Raises KeyError, or ValueError (a cycle)."""
    order: dict[str, None] = {}
    for output in outputs:
        order.update(dict.fromkeys(_ordered(graph, output)))
    return list(order)


def _ordered(graph: Graph, output: str) -> list[str]:
    done: dict[str, None] = {}
    open_: set[str] = set()
    todo: list[tuple[str, bool]] = [(output, False)]
    while todo:
        ident, left = todo.pop()
        if left:
            open_.discard(ident)
            done[ident] = None
        elif ident in open_:
            raise ValueError("Dependency cycle detected")
        elif ident not in done:
            open_.add(ident)
            todo.append((ident, True))
            links = [link for _, _, link in _links(graph[ident])]
            todo += [(link[0], False) for link in reversed(links) if link[0] not in done]
    return list(done)
